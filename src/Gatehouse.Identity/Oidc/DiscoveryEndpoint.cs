using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Identity.Oidc;

/// <summary>The discovery document (OpenID Connect Discovery §4, RFC 8414) and the key set. They name only what works.</summary>
internal sealed class DiscoveryEndpoint(ClientDirectory clients, SigningKeys keys, PublicUrls urls)
{
    private static readonly string[] BaseClaims = ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "sid", "jti"];

    /// <summary>Where the document of an application is.</summary>
    public static string PathOf(string slug) => $"/application/o/{slug}/.well-known/openid-configuration";

    public async Task<IResult> DocumentAsync(HttpContext context, string slug, CancellationToken cancellationToken)
    {
        if (await clients.FindBySlugAsync(slug, cancellationToken) is not { Application: { } application } client)
        {
            return TypedResults.NotFound();
        }

        Cors.Allow(context, client);
        var signer = await keys.ForAsync(client, cancellationToken);
        return new JsonAnswer(StatusCodes.Status200OK, DocumentOf(client, application.Slug, signer?.Algorithm ?? SecurityAlgorithms.RsaSha256)) { IsPublic = true };
    }

    /// <summary>The client's page redirects here, since that URL is its issuer.</summary>
    public async Task<IResult> IssuerAsync(string slug, CancellationToken cancellationToken) =>
        await clients.FindBySlugAsync(slug, cancellationToken) is { Application: { } application }
            ? TypedResults.Redirect(urls.Identity + PathOf(application.Slug))
            : TypedResults.NotFound();

    /// <summary>The key set; empty, but there, when tokens are signed with the client secret.</summary>
    public async Task<IResult> KeySetAsync(HttpContext context, string slug, CancellationToken cancellationToken)
    {
        if (await clients.FindBySlugAsync(slug, cancellationToken) is not { } client)
        {
            return TypedResults.NotFound();
        }

        var signer = await keys.ForAsync(client, cancellationToken);
        context.Response.Headers.AccessControlAllowOrigin = "*";
        return new JsonAnswer(StatusCodes.Status200OK, new JsonObject { ["keys"] = signer?.PublicKey is { } key ? new JsonArray(key.DeepClone()) : [] }) { IsPublic = true };
    }

    private JsonObject DocumentOf(Client client, string slug, string algorithm)
    {
        var root = urls.Identity + "/application/o/";
        return new JsonObject
        {
            ["issuer"] = client.Issuer(urls),
            ["authorization_endpoint"] = root + "authorize/",
            ["token_endpoint"] = root + "token/",
            ["userinfo_endpoint"] = root + "userinfo/",
            ["end_session_endpoint"] = $"{root}{slug}/end-session/",
            ["introspection_endpoint"] = root + "introspect/",
            ["revocation_endpoint"] = root + "revoke/",
            ["jwks_uri"] = $"{root}{slug}/jwks/",
            ["response_types_supported"] = Claims.ArrayOf(["code"]),
            ["response_modes_supported"] = Claims.ArrayOf(["query", "fragment", "form_post"]),
            ["grant_types_supported"] = Claims.ArrayOf([AuthorizationCodeGrant.GrantType, RefreshTokenGrant.GrantType]),
            ["id_token_signing_alg_values_supported"] = Claims.ArrayOf([algorithm]),
            ["subject_types_supported"] = Claims.ArrayOf(["public"]),
            ["token_endpoint_auth_methods_supported"] = Claims.ArrayOf(["client_secret_post", "client_secret_basic"]),
            ["acr_values_supported"] = Claims.ArrayOf([TokenIssuer.Acr]),
            ["scopes_supported"] = Claims.ArrayOf(client.Scopes.Select(s => s.Name).Append(ScopeNames.OpenId).Distinct()),
            ["claims_supported"] = Claims.ArrayOf(ClaimsOf(client)),
            ["request_parameter_supported"] = false,
            ["request_uri_parameter_supported"] = false,
            ["claims_parameter_supported"] = false,
            ["code_challenge_methods_supported"] = Claims.ArrayOf([Pkce.Method]),
            ["authorization_response_iss_parameter_supported"] = true,
            ["backchannel_logout_supported"] = true,
            ["backchannel_logout_session_supported"] = true,
            ["frontchannel_logout_supported"] = true,
            ["frontchannel_logout_session_supported"] = true,
        };
    }

    private static IEnumerable<string> ClaimsOf(Client client) =>
        BaseClaims.Concat(client.Scopes.SelectMany(s => Claims.NamesOf(s.Managed) ?? [])).Distinct();
}
