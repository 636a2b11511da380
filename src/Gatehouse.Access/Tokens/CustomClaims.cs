using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Tokens;

/// <summary>The claims a login method is configured to pass on: <c>custom</c> in app tokens and <c>oidc_fields</c> in the identity.</summary>
internal static class CustomClaims
{
    // A browser drops a cookie over 4096 bytes; the token around these takes under 1500.
    private const int MostBytes = 1500;

    /// <summary>As many as fit into a cookie, in the order in which the login method lists them; the rest is in get-identity.</summary>
    public static JsonObject Of(AccessTable table, AccessSession session)
    {
        var all = AllOf(table, session);
        var room = MostBytes;
        foreach (var (name, value) in all.ToList())
        {
            var size = Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value?.ToJsonString() ?? "") + 6;
            if (size > room)
            {
                all.Remove(name);
            }
            else
            {
                room -= size;
            }
        }

        return all;
    }

    /// <summary>All attributes that a login method by SAML gave; null when the session is from another.</summary>
    public static JsonObject? AttributesOf(AccessTable table, AccessSession session)
    {
        if (table.LoginMethods.FirstOrDefault(m => m.Method.Id == session.LoginMethodId)?.Saml is null)
        {
            return null;
        }

        using var claims = JsonDocument.Parse(session.ClaimsJson);
        return new JsonObject(claims.RootElement.EnumerateObject().Select(c => KeyValuePair.Create(c.Name, JsonNode.Parse(c.Value.GetRawText()))));
    }

    /// <summary>All of them as they were delivered; one group stands in an array, too.</summary>
    public static JsonObject AllOf(AccessTable table, AccessSession session)
    {
        var made = new JsonObject();
        if (table.LoginMethods.FirstOrDefault(m => m.Method.Id == session.LoginMethodId) is not { } method)
        {
            return made;
        }

        using var claims = JsonDocument.Parse(session.ClaimsJson);
        foreach (var name in method.Method.Claims.Distinct(StringComparer.Ordinal))
        {
            if (name.Equals("groups", StringComparison.OrdinalIgnoreCase))
            {
                made[name] = JsonNode.Parse(session.GroupsJson);
            }
            else if (claims.RootElement.TryGetProperty(name, out var value))
            {
                made[name] = JsonNode.Parse(value.GetRawText());
            }
        }

        return made;
    }
}
