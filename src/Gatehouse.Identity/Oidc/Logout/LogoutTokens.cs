using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Sessions;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Identity.Oidc.Logout;

/// <summary>Makes logout tokens (OpenID Connect Back-Channel Logout §2.4), signed as the client's ID tokens are.</summary>
internal sealed class LogoutTokens(SigningKeys keys, PublicUrls urls, TimeProvider clock)
{
    /// <summary>The type in the header: no other token of ours has it, so none can be taken for the other.</summary>
    public const string Type = "logout+jwt";

    private const string Event = "http://schemas.openid.net/event/backchannel-logout";
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(2);

    private readonly JsonWebTokenHandler handler = new() { SetDefaultTimesOnTokenCreation = false };

    /// <summary>A token for one attempt; null when the client's settings do not allow signing. Each has an id of its own, so that a repeated notice is no replay.</summary>
    public async ValueTask<string?> MakeAsync(Client client, LogoutNotice notice, CancellationToken cancellationToken)
    {
        if (await keys.ForAsync(client, cancellationToken) is not { } signer)
        {
            return null;
        }

        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = client.Issuer(urls),
            ["aud"] = client.Provider.ClientId,
            ["iat"] = now,
            ["exp"] = now + (long)Life.TotalSeconds,
            ["jti"] = Digest.FreshSecret(16),
            ["sub"] = notice.Subject,
            ["events"] = new JsonObject { [Event] = new JsonObject() },
        };
        if (notice.Sid.Length > 0)
        {
            claims["sid"] = notice.Sid;
        }

        return handler.CreateToken(claims.ToJsonString(), signer.Credentials, new Dictionary<string, object> { ["typ"] = Type });
    }
}
