using Gatehouse.Identity.Oidc.Clients;
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

/// <summary>Reads what claims name of a person besides themselves: groups, and rights within applications.</summary>
internal static class PersonReader
{
    /// <summary><paramref name="user"/> with what the mappings of <paramref name="scopes"/> look at.</summary>
    public static async Task<Person> ReadAsync(GatehouseDb db, User user, Client client, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        var granted = client.Scopes.Where(s => scopes.Contains(s.Name)).ToList();
        var needsEntitlements = granted.Exists(NeedsEntitlements);
        if (!needsEntitlements && !granted.Exists(NeedsGroups))
        {
            return new Person(user, []);
        }

        var facts = await db.PersonAsync(user, "", cancellationToken); // whoever asks for the uid fills it in
        facts = needsEntitlements ? await db.WithEntitlementsAsync(facts, cancellationToken) : facts;
        return new Person(user, [.. facts.DirectGroups.Select(g => g.Name)]) { Facts = facts };
    }

    // The groups themselves, or an expression that may look at them.
    private static bool NeedsGroups(ClientScope scope) => ShippedClaims.NamesOf(scope.Managed)?.Contains("groups") != false;

    private static bool NeedsEntitlements(ClientScope scope) => ShippedClaims.NamesOf(scope.Managed) is { } names
        ? names.Contains("entitlements")
        : scope.Expression.Contains("app_entitlements", StringComparison.Ordinal);
}
