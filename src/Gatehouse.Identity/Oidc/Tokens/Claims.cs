using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Providers;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>What tokens and userinfo say about a person.</summary>
internal static class Claims
{
    /// <summary>Adds the claims of the granted <paramref name="scopes"/>.</summary>
    public static void AddScopeClaims(JsonObject claims, Client client, IReadOnlyList<string> scopes, Person person)
    {
        foreach (var scope in client.Scopes)
        {
            if (scopes.Contains(scope.Name))
            {
                Add(claims, scope.Managed, person);
            }
        }
    }

    /// <summary>The names of the claims that a mapping can make; null for one whose expression is not built in.</summary>
    public static IReadOnlyList<string>? NamesOf(string? managed) => managed switch
    {
        ScopeNames.ManagedEmail => ["email", "email_verified"],
        ScopeNames.ManagedProfile => ["name", "given_name", "preferred_username", "nickname", "groups"],
        ScopeNames.ManagedEntitlements => ["entitlements", "roles"],
        ScopeNames.ManagedOpenId or ScopeNames.ManagedOfflineAccess or ScopeNames.ManagedApi => [],
        _ => null,
    };

    private static void Add(JsonObject claims, string? managed, Person person)
    {
        var user = person.User;
        switch (managed)
        {
            case ScopeNames.ManagedEmail when user.Email.Length > 0:
                claims["email"] = user.Email;
                claims["email_verified"] = false;
                break;
            case ScopeNames.ManagedProfile:
                claims["name"] = user.Name;
                claims["given_name"] = user.Name;
                claims["preferred_username"] = user.Username;
                claims["nickname"] = user.Username;
                claims["groups"] = ArrayOf(person.GroupNames);
                break;
            case ScopeNames.ManagedEntitlements:
                // Applications have no entitlements yet.
                claims["entitlements"] = new JsonArray();
                claims["roles"] = new JsonArray();
                break;
        }
    }

    /// <summary>A JSON array of texts.</summary>
    public static JsonArray ArrayOf(IEnumerable<string> texts) => [.. texts.Select(t => (JsonNode)t)];
}
