using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Authorize;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Device;
using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Identity.Oidc;

/// <summary>The discovery document (OpenID Connect Discovery §4, RFC 8414) and the key set. They name only what works for this client.</summary>
internal sealed class DiscoveryEndpoint(ClientDirectory clients, SigningKeys keys, ScopeClaims scopeClaims, PublicUrls urls)
{
    private static readonly string[] BaseClaims = ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "sid", "jti"];

    // What the token endpoint knows; "password" is left out, since it is authentik's name for the same and nobody should begin to use it (RFC 9700 §2.4).
    private static readonly string[] GrantTypes =
    [
        AuthorizationCodeGrant.GrantType, RefreshTokenGrant.GrantType, ResponseType.ImplicitGrant, ClientCredentialsGrant.GrantType, DeviceCodeGrant.GrantType, TokenExchangeGrant.GrantType,
    ];

    /// <summary>Where the document of an application is.</summary>
    public static string PathOf(string slug) => $"/application/o/{slug}/.well-known/openid-configuration";

    public async Task<IResult> DocumentAsync(HttpContext context, string slug, CancellationToken cancellationToken)
    {
        if (clients.FindBySlug(slug) is not { Application: { } application } client)
        {
            return TypedResults.NotFound();
        }

        Cors.Allow(context, client);
        var signer = await keys.ForAsync(client, cancellationToken);
        return new JsonAnswer(StatusCodes.Status200OK, DocumentOf(client, application.Slug, signer?.Algorithm ?? SecurityAlgorithms.RsaSha256)) { IsPublic = true };
    }

    /// <summary>The client's page redirects here, since that URL is its issuer.</summary>
    public IResult Issuer(string slug) =>
        clients.FindBySlug(slug) is { Application: { } application } ? TypedResults.Redirect(urls.Identity + PathOf(application.Slug)) : TypedResults.NotFound();

    /// <summary>The key set; empty, but there, when tokens are signed with the client secret. Keys of before stay while their tokens live.</summary>
    public async Task<IResult> KeySetAsync(HttpContext context, string slug, CancellationToken cancellationToken)
    {
        if (clients.FindBySlug(slug) is not { } client)
        {
            return TypedResults.NotFound();
        }

        var set = new JsonArray();
        foreach (var signer in await keys.AllAsync(client, cancellationToken))
        {
            if (signer.PublicKey is { } key)
            {
                set.Add(key.DeepClone());
            }
        }

        if (await keys.EncryptionKeyAsync(client, cancellationToken) is { } encryption)
        {
            set.Add(encryption);
        }

        context.Response.Headers.AccessControlAllowOrigin = "*";
        return new JsonAnswer(StatusCodes.Status200OK, new JsonObject { ["keys"] = set }) { IsPublic = true };
    }

    private JsonObject DocumentOf(Client client, string slug, string algorithm)
    {
        var root = urls.Identity + "/application/o/";
        var provider = client.Provider;
        var document = new JsonObject
        {
            ["issuer"] = client.Issuer(urls),
            ["authorization_endpoint"] = root + "authorize/",
            ["token_endpoint"] = root + "token/",
            ["userinfo_endpoint"] = root + "userinfo/",
            ["end_session_endpoint"] = $"{root}{slug}/end-session/",
            ["introspection_endpoint"] = root + "introspect/",
            ["revocation_endpoint"] = root + "revoke/",
            ["pushed_authorization_request_endpoint"] = root + "par/",
            ["jwks_uri"] = $"{root}{slug}/jwks/",
            ["response_types_supported"] = Claims.ArrayOf(ResponseType.Of(provider.GrantTypes)),
            ["response_modes_supported"] = Claims.ArrayOf(["query", "fragment", "form_post"]),
            ["grant_types_supported"] = Claims.ArrayOf(GrantTypes.Where(client.Allows)),
            ["id_token_signing_alg_values_supported"] = Claims.ArrayOf([algorithm]),
            ["userinfo_signing_alg_values_supported"] = Claims.ArrayOf([algorithm]),
            ["subject_types_supported"] = Claims.ArrayOf(["public"]),
            ["token_endpoint_auth_methods_supported"] = Claims.ArrayOf(MethodsOf(client)),
            ["token_endpoint_auth_signing_alg_values_supported"] = Claims.ArrayOf(PublicJwk.Algorithms),
            ["acr_values_supported"] = Claims.ArrayOf([TokenIssuer.Acr]),
            ["scopes_supported"] = Claims.ArrayOf(client.Scopes.Select(s => s.Name).Append(ScopeNames.OpenId).Distinct()),
            ["claims_supported"] = Claims.ArrayOf(BaseClaims.Concat(scopeClaims.NamesOf(client)).Distinct()),
            ["prompt_values_supported"] = Claims.ArrayOf(["none", "login", "consent"]),
            ["request_parameter_supported"] = false,
            ["request_uri_parameter_supported"] = false,
            ["claims_parameter_supported"] = false,
            ["require_pushed_authorization_requests"] = provider.RequiresPushedRequests,
            ["code_challenge_methods_supported"] = Claims.ArrayOf([Pkce.Method]),
            ["dpop_signing_alg_values_supported"] = Claims.ArrayOf(PublicJwk.Algorithms),
            ["authorization_response_iss_parameter_supported"] = true,
            ["backchannel_logout_supported"] = true,
            ["backchannel_logout_session_supported"] = true,
            ["frontchannel_logout_supported"] = true,
            ["frontchannel_logout_session_supported"] = true,
        };
        if (provider.EncryptionKeyId is not null)
        {
            document["id_token_encryption_alg_values_supported"] = Claims.ArrayOf([TokenCipher.KeyAlgorithm]);
            document["id_token_encryption_enc_values_supported"] = Claims.ArrayOf([TokenCipher.ContentAlgorithm]);
        }

        if (client.Allows(DeviceCodeGrant.GrantType))
        {
            document["device_authorization_endpoint"] = root + "device/";
        }

        if (client.Registration is not null)
        {
            document["registration_endpoint"] = $"{root}{slug}/register/";
        }

        return document;
    }

    private static IEnumerable<string> MethodsOf(Client client) => client.Provider switch
    {
        { ClientType: ClientType.Public } => ["none"],
        { AuthMethod: ClientAuthMethod.PrivateKeyJwt } => ["private_key_jwt"],
        { Jwks.Length: > 0 } => ["client_secret_post", "client_secret_basic", "private_key_jwt"],
        _ => client.Registration is null ? ["client_secret_post", "client_secret_basic"] : ["client_secret_post", "client_secret_basic", "private_key_jwt", "none"],
    };
}
