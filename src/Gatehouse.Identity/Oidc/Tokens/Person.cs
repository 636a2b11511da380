using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>A user as the claims need them.</summary>
/// <param name="GroupNames">Direct groups only, in order; empty when no scope asked for them.</param>
internal sealed record Person(User User, IReadOnlyList<string> GroupNames);

/// <summary>Reads the groups that claims name.</summary>
internal static class PersonReader
{
    /// <summary><paramref name="user"/> with the groups, when <paramref name="profile"/> was granted.</summary>
    public static async Task<Person> ReadAsync(GatehouseDb db, User user, bool profile, CancellationToken cancellationToken) => new(
        user,
        profile
            ? await (from member in db.GroupMembers
                     join grouped in db.Groups on member.GroupId equals grouped.Id
                     where member.UserId == user.Id
                     orderby grouped.Name
                     select grouped.Name).ToListAsync(cancellationToken)
            : []);

    /// <summary>Whether these scopes carry the groups.</summary>
    public static bool NeedsGroups(Clients.Client client, IReadOnlyList<string> scopes) =>
        client.Scopes.Any(s => s.Managed == ScopeNames.ManagedProfile && scopes.Contains(s.Name));
}
