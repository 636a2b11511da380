using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.LoginMethods;
using Gatehouse.Management.Settings;
using Gatehouse.Model.Sessions;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>What a sign-in brought, as Cloudflare shapes an identity (contract §1.9).</summary>
internal sealed class IdentityBody(SaveOrganization organizations, LoginMethodDirectory methods, TimeProvider clock)
{
    /// <summary>The identity.</summary>
    public async Task<JsonObject> OfAsync(AccessSession session, CancellationToken cancellationToken) => new()
    {
        ["id"] = session.Subject,
        ["name"] = session.Name,
        ["email"] = session.Email,
        ["groups"] = JsonNode.Parse(session.GroupsJson),
        ["amr"] = JsonList.Of(session.Amr),
        ["idp"] = new JsonObject
        {
            ["id"] = session.LoginMethodId.ToString(),
            ["type"] = (await methods.FindAsync(session.LoginMethodId, cancellationToken))?.Type ?? "oidc",
        },
        ["user_uuid"] = session.UserId.ToString(),
        ["account_id"] = (await organizations.FindAsync(cancellationToken))?.Id,
        ["iat"] = session.CreatedAt.ToUnixTimeSeconds(),
        ["ip"] = session.Address,
        ["auth_status"] = "NONE",
        ["common_name"] = "",
        ["service_token_id"] = "",
        ["service_token_status"] = false,
        ["is_warp"] = false,
        ["is_gateway"] = false,
        ["device_id"] = "",
        ["device_sessions"] = new JsonObject(),
        ["devicePosture"] = new JsonObject(),
        ["version"] = 2,
    };

    /// <summary>The identity, and whether the session still opens apps.</summary>
    public async Task<JsonObject> OfSessionAsync(AccessSession session, CancellationToken cancellationToken)
    {
        var body = await OfAsync(session, cancellationToken);
        body["isActive"] = session.RevokedAt is null && session.ExpiresAt > clock.GetUtcNow();
        return body;
    }
}
