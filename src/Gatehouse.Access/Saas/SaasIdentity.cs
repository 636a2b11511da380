using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Saas;

/// <summary>What a SaaS application is told of a person.</summary>
internal static class SaasIdentity
{
    /// <summary>Claims of the ID token and of userinfo, as far as <paramref name="scopes"/> go.</summary>
    public static JsonObject ClaimsOf(AppEntry app, AccessSession session, IReadOnlyCollection<string> scopes)
    {
        var claims = new JsonObject { ["sub"] = session.UserId.ToString() };
        if (scopes.Contains("email"))
        {
            claims["email"] = session.Email;
        }

        if (scopes.Contains("profile") && session.Name.Length > 0)
        {
            claims["name"] = session.Name;
        }

        if (scopes.Contains("groups"))
        {
            claims["groups"] = new JsonArray([.. GroupsOf(app, session).Select(g => JsonValue.Create(g))]);
        }

        if (app.App.Saas?.Oidc is { CustomClaims.Count: > 0 } client)
        {
            AddCustom(claims, client, session, scopes);
        }

        return claims;
    }

    /// <summary>A claim or an attribute that the application can't do without and that the login method did not give; null when there is none.</summary>
    public static string? MissingOf(AppEntry app, VisitorIdentity who) =>
        app.App.Saas?.Oidc?.CustomClaims.Find(c => c.IsRequired && !Has(who, c.Source))?.Name
        ?? app.App.Saas?.Saml?.Attributes.Find(a => a.IsRequired && !Has(who, a.Source))?.Name;

    private static bool Has(VisitorIdentity who, SaasSource source) => who.Claims.GetValueOrDefault(source.NameAt(who.LoginMethodId)) is { Count: > 0 };

    /// <summary>The names of the person's groups that the application may know of.</summary>
    public static List<string> GroupsOf(AppEntry app, AccessSession session)
    {
        using var json = JsonDocument.Parse(session.GroupsJson);
        return [.. json.RootElement.EnumerateArray().Select(NameOf).OfType<string>().Where(g => app.Groups?.Takes(g) != false).Distinct(StringComparer.Ordinal)];
    }

    // As the login method gave them, but what says nothing.
    private static void AddCustom(JsonObject claims, SaasOidc client, AccessSession session, IReadOnlyCollection<string> scopes)
    {
        using var given = JsonDocument.Parse(session.ClaimsJson);
        foreach (var claim in client.CustomClaims.Where(c => c.Scope is null || scopes.Contains(c.Scope)))
        {
            if (given.RootElement.TryGetProperty(claim.Source.NameAt(session.LoginMethodId), out var value) && SessionClaims.SaysSomething(value))
            {
                claims[claim.Name] = JsonNode.Parse(value.GetRawText());
            }
        }
    }

    // Providers deliver names, or objects that have one.
    private static string? NameOf(JsonElement group) => group.ValueKind switch
    {
        JsonValueKind.String => group.GetString(),
        JsonValueKind.Object when Text(group, "name") is { } name => name,
        JsonValueKind.Object => Text(group, "id"),
        _ => null,
    };

    private static string? Text(JsonElement group, string name) => group.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
