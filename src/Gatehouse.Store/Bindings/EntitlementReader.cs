using Gatehouse.Model.Users;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Bindings;

/// <summary>Reads which rights within applications somebody holds: those with a binding in force that names them, or a group they are in.</summary>
public static class EntitlementReader
{
    /// <summary><paramref name="person"/> with what they hold in any application. One that nothing is bound to is nobody's.</summary>
    public static async Task<PersonFacts> WithEntitlementsAsync(this GatehouseDb db, PersonFacts person, CancellationToken cancellationToken)
    {
        if (person.User is not { } user)
        {
            return person;
        }

        var userId = user.Id;
        var groups = person.AllGroups.Select(g => (Guid?)g.Id).ToList();
        var held = await db.ApplicationEntitlements.AsNoTracking()
            .Where(e => db.PolicyBindings.Any(b => b.TargetId == e.Id && b.IsEnabled
                && ((b.UserId != null && (b.UserId == userId) != b.IsNegated) || (b.GroupId != null && groups.Contains(b.GroupId) != b.IsNegated))))
            .OrderBy(e => e.Name).ToListAsync(cancellationToken);
        return person with { Entitlements = held };
    }
}
