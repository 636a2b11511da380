using System.Text.Json.Nodes;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;

namespace Gatehouse.Model.Claims;

/// <summary>The claims of the shipped mappings. Built in: they are asked at every token, and are the same for everybody.</summary>
public static class ShippedClaims
{
    /// <summary>The names of the claims that a mapping can make; null for one whose expression is not built in.</summary>
    public static IReadOnlyList<string>? NamesOf(string? managed) => managed switch
    {
        ScopeNames.ManagedEmail => ["email", "email_verified"],
        ScopeNames.ManagedProfile => ["name", "given_name", "preferred_username", "nickname", "groups"],
        ScopeNames.ManagedEntitlements => ["entitlements", "roles"],
        ScopeNames.ManagedOpenId or ScopeNames.ManagedOfflineAccess or ScopeNames.ManagedApi => [],
        _ => null,
    };

    /// <summary>Adds them; false when the mapping is not built in.</summary>
    /// <param name="application">Whose entitlements are told; null means none.</param>
    public static bool Add(JsonObject claims, string? managed, PersonFacts person, ProviderApplication? application)
    {
        if (NamesOf(managed) is null || person.User is not { } user)
        {
            return false;
        }

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
                claims["groups"] = new JsonArray([.. person.DirectGroups.Select(g => (JsonNode)g.Name)]);
                break;
            case ScopeNames.ManagedEntitlements:
                var names = person.Entitlements.Where(e => e.ApplicationId == application?.Id).Select(e => e.Name).ToList();
                claims["entitlements"] = new JsonArray([.. names.Select(n => (JsonNode)n)]);
                claims["roles"] = new JsonArray([.. names.Select(n => (JsonNode)n)]);
                break;
        }

        return true;
    }
}
