using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Saas;

/// <summary>Makes the ID and access tokens of SaaS applications. They are of another issuer and type than Access's own, so none passes for the other.</summary>
internal sealed class SaasTokens(TokenIssuer issuer, PublicUrls urls, TimeProvider clock)
{
    /// <summary>Type of access tokens (RFC 9068 §2.1).</summary>
    public const string AccessType = "at+jwt";

    /// <summary>Claim of an access token that names the application's epoch.</summary>
    public const string EpochClaim = "token_epoch";

    /// <summary>Claim of an access token that names the session.</summary>
    public const string SessionClaim = "identity_nonce";

    private static readonly TimeSpan IdTokenLife = TimeSpan.FromMinutes(5);

    /// <summary>An access token for userinfo, and for apps that take it (<c>linked_app_token</c>).</summary>
    public string Access(AccessTable table, AppEntry app, AccessSession session, IEnumerable<string> scopes, TimeSpan life)
    {
        var clientId = app.App.SsoId!; // a SaaS application has one
        var claims = Base(clientId, life);
        claims["aud"] = SsoPaths.IssuerOf(urls, clientId);
        claims["sub"] = session.UserId.ToString();
        claims["client_id"] = clientId;
        claims["scope"] = string.Join(' ', scopes);
        claims["jti"] = SaasStates.NewId();
        claims[SessionClaim] = session.Nonce;
        claims[EpochClaim] = app.App.TokenEpoch;
        return issuer.IssueOther(table, claims, AccessType);
    }

    /// <summary>An ID token (OpenID Connect Core §2), bound to what is given out beside it. It says what <paramref name="scopes"/> ask for: a renewal may ask for fewer than were granted.</summary>
    public string Id(AccessTable table, AppEntry app, AccessSession session, SaasGrantState grant, IReadOnlyCollection<string> scopes, string? code, string? accessToken)
    {
        var clientId = app.App.SsoId!; // as above
        var claims = Base(clientId, IdTokenLife);
        claims["aud"] = clientId;
        claims["auth_time"] = grant.SignedInAt.ToUnixTimeSeconds();
        foreach (var (name, value) in ((string, string?)[])[("nonce", grant.Nonce), ("c_hash", HashOf(code)), ("at_hash", HashOf(accessToken))])
        {
            if (value is not null)
            {
                claims[name] = value;
            }
        }

        if (session.Amr.Count > 0)
        {
            claims["amr"] = new JsonArray([.. session.Amr.Select(a => JsonValue.Create(a))]);
        }

        foreach (var (name, value) in SaasIdentity.ClaimsOf(app, session, scopes))
        {
            claims[name] = value?.DeepClone();
        }

        return issuer.IssueOther(table, claims, "JWT");
    }

    private JsonObject Base(string clientId, TimeSpan life)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        return new JsonObject { ["iss"] = SsoPaths.IssuerOf(urls, clientId), ["iat"] = now, ["exp"] = now + (long)life.TotalSeconds };
    }

    // OpenID Connect Core §3.3.2.11: the left half of the hash that the signature uses.
    private static string? HashOf(string? value) => value is null ? null : Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(value)).AsSpan(0, 16));
}
