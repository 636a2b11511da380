using Gatehouse.Model.Claims;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>A user as the claims need them.</summary>
/// <param name="GroupNames">Direct groups only, in order; empty when no scope asked for them.</param>
internal sealed record Person(User User, IReadOnlyList<string> GroupNames)
{
    /// <summary>As expressions see them; without groups when no scope asked for them.</summary>
    public PersonFacts Facts { get; init; } = new(User, "", [], []);
}

/// <summary>Reads the groups that claims name.</summary>
internal static class PersonReader
{
    /// <summary><paramref name="user"/> with the groups, when <paramref name="profile"/> was granted.</summary>
    public static async Task<Person> ReadAsync(GatehouseDb db, User user, bool profile, CancellationToken cancellationToken)
    {
        if (!profile)
        {
            return new Person(user, []);
        }

        var facts = await db.PersonAsync(user, "", cancellationToken); // whoever asks for the uid fills it in
        return new Person(user, [.. facts.DirectGroups.Select(g => g.Name)]) { Facts = facts };
    }

    /// <summary>Whether these scopes carry the groups, or an expression that may look at them.</summary>
    public static bool NeedsGroups(Clients.Client client, IReadOnlyList<string> scopes) =>
        client.Scopes.Any(s => scopes.Contains(s.Name) && ShippedClaims.NamesOf(s.Managed)?.Contains("groups") != false);
}
