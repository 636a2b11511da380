using System.Text.Json.Nodes;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Access.Tokens;

/// <summary>Signs Access's tokens: RS256 with the current key, Cloudflare's claims.</summary>
internal sealed class TokenIssuer(PublicUrls urls, TimeProvider clock)
{
    /// <summary>Audience of org tokens: fixed, 64 hex digits, no app can have it.</summary>
    public const string OrgAudience = "0000000000000000000000000000000000000000000000000000000000000000";

    /// <summary>Claim that names the policies an app token was issued under and the host it was issued for: <c>AppEntry.PolicyHash</c>, then <see cref="HostMark"/>.</summary>
    public const string PolicyHashClaim = "policy_hash";

    /// <summary>Claim that tells the client id of a service token from the common name of a certificate, whoever chose that.</summary>
    public const string ServiceTokenClaim = "service_token_status";

    /// <summary>Claim that tells which secret of the service token was shown.</summary>
    public const string SecretVersionClaim = "client_secret_version";

    /// <summary>Claim that tells the app's epoch apart from the host, for the team domain, which no app token was made for. One that is bound to a cookie has none.</summary>
    public const string EpochClaim = "epoch";

    private readonly JsonWebTokenHandler handler = new() { SetDefaultTimesOnTokenCreation = false };

    /// <summary>An app token for a person, good at <paramref name="host"/> alone.</summary>
    public string IssueApp(AccessTable table, AppEntry app, string host, AccessSession session, TimeSpan duration, string? binding = null)
    {
        var claims = Base("app", app.App.Aud, duration);
        AddPerson(claims, session);
        claims[PolicyHashClaim] = app.PolicyHash + HostMark.Of(host, app, binding);
        if (binding is null)
        {
            claims[EpochClaim] = app.App.TokenEpoch;
        }

        if (CustomClaims.Of(table, session) is { Count: > 0 } custom)
        {
            claims["custom"] = custom;
        }

        return Sign(table, claims);
    }

    /// <summary>
    /// An app token for a request that a service-auth policy admitted, good at <paramref name="host"/> alone. <paramref name="secretVersion"/> is that of
    /// the service token's secret; null when no service token was shown.
    /// </summary>
    public string IssueService(AccessTable table, AppEntry app, string host, string? commonName, int? secretVersion, TimeSpan duration)
    {
        var claims = Base("app", app.App.Aud, duration);
        claims["sub"] = "";
        claims[PolicyHashClaim] = app.PolicyHash + HostMark.Of(host, app);
        claims[EpochClaim] = app.App.TokenEpoch;
        if (commonName is { Length: > 0 })
        {
            claims["common_name"] = commonName;
            claims[ServiceTokenClaim] = secretVersion is not null;
            if (secretVersion is { } version)
            {
                claims[SecretVersionClaim] = version;
            }
        }

        return Sign(table, claims);
    }

    /// <summary>The org token of a session: lives until the session ends.</summary>
    public string IssueOrg(AccessTable table, AccessSession session)
    {
        var claims = Base("org", OrgAudience, session.ExpiresAt - clock.GetUtcNow());
        AddPerson(claims, session);
        return Sign(table, claims);
    }

    /// <summary>
    /// A signed statement about an app, such as the login redirect's <c>meta</c>. Anybody may get one, so its issuer is another than that of
    /// tokens: an origin that checks issuer and audience takes it for no session, also one that lets claims be absent.
    /// </summary>
    public string IssueStatement(AccessTable table, JsonObject claims, TimeSpan duration) => SignDated(table, claims, StatementIssuer(urls), duration);

    /// <summary>A signed question to a service that knows Access as the issuer of its tokens.</summary>
    public string IssueQuestion(AccessTable table, JsonObject claims, TimeSpan duration) => SignDated(table, claims, urls.Access, duration);

    /// <summary>A token of another issuer of Access's own, such as a SaaS application's, with this type in its head.</summary>
    public string IssueOther(AccessTable table, JsonObject claims, string type) =>
        handler.CreateToken(claims.ToJsonString(), Credentials(table), new Dictionary<string, object> { ["typ"] = type });

    /// <summary>The issuer of statements that are no tokens.</summary>
    public static string StatementIssuer(PublicUrls urls) => urls.Access + "/cdn-cgi/access/statement";

    private string SignDated(AccessTable table, JsonObject claims, string statementIssuer, TimeSpan duration)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        claims["iss"] = statementIssuer;
        claims["iat"] = now;
        claims["nbf"] = now;
        claims["exp"] = now + (long)duration.TotalSeconds;
        return Sign(table, claims);
    }

    private JsonObject Base(string type, string audience, TimeSpan duration)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        return new JsonObject
        {
            ["type"] = type,
            ["aud"] = new JsonArray(audience),
            ["iss"] = urls.Access,
            ["iat"] = now,
            ["nbf"] = now,
            ["exp"] = now + (long)duration.TotalSeconds,
        };
    }

    private static void AddPerson(JsonObject claims, AccessSession session)
    {
        claims["sub"] = session.UserId.ToString();
        claims["email"] = session.Email;
        claims["identity_nonce"] = session.Nonce;
    }

    private string Sign(AccessTable table, JsonObject claims) => handler.CreateToken(claims.ToJsonString(), Credentials(table));

    private static SigningCredentials Credentials(AccessTable table) =>
        new(new RsaSecurityKey(table.Keys[0].Rsa) { KeyId = table.Keys[0].Kid }, SecurityAlgorithms.RsaSha256);
}
