using System.Text.Json.Nodes;
using Gatehouse.Access.Agents;
using Gatehouse.Access.Certs;
using Gatehouse.Access.SignIn;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Saas;

/// <summary>What a SaaS application reads: the discovery document, the keys, and userinfo.</summary>
internal sealed class SaasMetadata(ISnapshot<AccessTable> tables, CertsEndpoint certs, SaasVerifier verifier, OrgSessions orgSessions, PublicUrls urls)
{
    /// <summary>GET <c>.well-known/openid-configuration</c> (OpenID Connect Discovery §3).</summary>
    public IResult Discover(HttpContext context, string clientId)
    {
        if (SsoPaths.OidcApp(tables.Current, clientId) is not { } app)
        {
            return NoClient();
        }

        SaasCors.Allow(context, app);
        context.Response.Headers.CacheControl = "public, max-age=60";
        return Results.Text(Document(app.App.Saas!.Oidc!, SsoPaths.IssuerOf(urls, clientId)).ToJsonString(), "application/json"); // as found
    }

    /// <summary>GET <c>jwks</c>: the keys of Access.</summary>
    public IResult Keys(HttpContext context, string clientId)
    {
        if (SsoPaths.OidcApp(tables.Current, clientId) is not { } app)
        {
            return NoClient();
        }

        SaasCors.Allow(context, app);
        return certs.Keys(context, tables.Current);
    }

    /// <summary>GET and POST <c>userinfo</c> (OpenID Connect Core §5.3).</summary>
    public async Task<IResult> UserAsync(HttpContext context, string clientId)
    {
        SecurityHeaders.NoStore(context.Response);
        var table = tables.Current;
        if (SsoPaths.OidcApp(table, clientId) is not { } app)
        {
            return NoClient();
        }

        SaasCors.Allow(context, app);
        if (Bearer(context.Request) is not { } token)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"Access\"";
            return Results.StatusCode(StatusCodes.Status401Unauthorized);
        }

        if (await verifier.VerifyAsync(token, table, app) is not { } access || await orgSessions.FindKnownAsync(access.SessionNonce, context.RequestAborted) is not { } session || !app.Takes(session.LoginMethodId))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"Access\", error=\"invalid_token\"";
            return AgentAnswers.Error(StatusCodes.Status401Unauthorized, "invalid_token", "the token is not one of this client's, or it has ended");
        }

        return Results.Text(SaasIdentity.ClaimsOf(app, session, access.Scopes).ToJsonString(), "application/json");
    }

    /// <summary>A bearer token in the Authorization header; null when there is none.</summary>
    public static string? Bearer(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        return request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && header.Length > Scheme.Length ? header[Scheme.Length..].Trim() : null;
    }

    private static IResult NoClient() => AgentAnswers.Error(StatusCodes.Status404NotFound, "invalid_client", "there is no such client");

    private static JsonObject Document(SaasOidc client, string issuer) => new()
    {
        ["issuer"] = issuer,
        ["authorization_endpoint"] = issuer + "/authorization",
        ["token_endpoint"] = issuer + "/token",
        ["userinfo_endpoint"] = issuer + "/userinfo",
        ["jwks_uri"] = issuer + "/jwks",
        ["response_types_supported"] = Texts(ResponseTypes(client)),
        ["response_modes_supported"] = Texts(["query", "fragment"]),
        ["grant_types_supported"] = Texts(GrantTypes(client)),
        ["subject_types_supported"] = Texts(["public"]),
        ["id_token_signing_alg_values_supported"] = Texts(["RS256"]),
        ["scopes_supported"] = Texts(client.Scopes.Prepend("openid").Distinct()),
        ["claims_supported"] = Texts(["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "amr", "email", "name", "groups", .. client.CustomClaims.Select(c => c.Name)]),
        ["token_endpoint_auth_methods_supported"] = Texts(["client_secret_basic", "client_secret_post", .. client.PkceWithoutSecret ? ["none"] : Array.Empty<string>()]),
        ["code_challenge_methods_supported"] = Texts(["S256"]),
        ["prompt_values_supported"] = Texts(["none", "login", "consent", "select_account"]),
        ["claims_parameter_supported"] = false,
        ["request_parameter_supported"] = false,
        ["request_uri_parameter_supported"] = false,
        ["authorization_response_iss_parameter_supported"] = true,
    };

    private static IEnumerable<string> ResponseTypes(SaasOidc client)
    {
        string[] tokens = (client.GivesIdToken, client.GivesAccessToken) switch
        {
            (true, true) => ["id_token", "token", "id_token token"],
            (true, false) => ["id_token"],
            (false, true) => ["token"],
            _ => [],
        };
        return
        [
            .. client.May(SaasGrant.AuthorizationCode) || client.May(SaasGrant.AuthorizationCodeWithPkce) || client.May(SaasGrant.Hybrid) ? ["code"] : Array.Empty<string>(),
            .. client.May(SaasGrant.Implicit) ? tokens : [],
            .. client.May(SaasGrant.Hybrid) ? tokens.Select(t => "code " + t) : [],
        ];
    }

    private static IEnumerable<string> GrantTypes(SaasOidc client) =>
    [
        "authorization_code",
        .. client.May(SaasGrant.RefreshTokens) ? ["refresh_token"] : Array.Empty<string>(),
        .. client.May(SaasGrant.Implicit) ? ["implicit"] : Array.Empty<string>(),
    ];

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => JsonValue.Create(t))]);
}
