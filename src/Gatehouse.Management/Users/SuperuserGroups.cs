using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Users;

/// <summary>The groups whose members may do everything: those marked so, and every group below one of them.</summary>
internal sealed class SuperuserGroups(GatehouseDb db)
{
    // Deeper than any sane nesting.
    private const int DeepestGroup = 20;

    /// <summary>Reads them.</summary>
    public async Task<HashSet<Guid>> ReadAsync(CancellationToken cancellationToken)
    {
        var found = (await db.Groups.Where(g => g.IsSuperuser).Select(g => g.Id).ToListAsync(cancellationToken)).ToHashSet();
        var fresh = found.ToList();
        for (var depth = 0; fresh.Count > 0 && depth < DeepestGroup; depth++)
        {
            var children = await db.GroupParents.Where(p => fresh.Contains(p.ParentId)).Select(p => p.ChildId).ToListAsync(cancellationToken);
            fresh = [.. children.Where(found.Add)];
        }

        return found;
    }

    /// <summary>Whether they hold <paramref name="userId"/>.</summary>
    public async Task<bool> HoldAsync(int userId, CancellationToken cancellationToken)
    {
        var groups = await ReadAsync(cancellationToken);
        return await db.GroupMembers.AnyAsync(m => m.UserId == userId && groups.Contains(m.GroupId), cancellationToken);
    }
}
