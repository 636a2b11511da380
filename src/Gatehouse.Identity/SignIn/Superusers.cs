using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn;

/// <summary>Who may do everything: members of a superuser group, or of a group inside one.</summary>
internal sealed class Superusers(GatehouseDb db)
{
    /// <summary>Whether <paramref name="userId"/> may.</summary>
    public async Task<bool> HoldAsync(int userId, CancellationToken cancellationToken)
    {
        var own = await db.GroupMembers.Where(m => m.UserId == userId).Select(m => m.GroupId).ToListAsync(cancellationToken);
        return await GrantAsync(own, cancellationToken);
    }

    /// <summary>Whether members of any of <paramref name="groups"/> may.</summary>
    public async Task<bool> GrantAsync(List<Guid> groups, CancellationToken cancellationToken)
    {
        // Upwards, each group once: rings can't be made, but would end here too.
        var seen = groups.ToHashSet();
        for (var fresh = groups; fresh.Count > 0;)
        {
            if (await db.Groups.AnyAsync(g => g.IsSuperuser && fresh.Contains(g.Id), cancellationToken))
            {
                return true;
            }

            var above = await db.GroupParents.Where(p => fresh.Contains(p.ChildId)).Select(p => p.ParentId).ToListAsync(cancellationToken);
            fresh = [.. above.Where(seen.Add)];
        }

        return false;
    }
}
