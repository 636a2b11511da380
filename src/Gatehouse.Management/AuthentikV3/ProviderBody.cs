using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Providers;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Providers;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>An OAuth2 provider as authentik's API shapes it (contract §4.5).</summary>
internal static class ProviderBody
{
    /// <summary>Reads what a caller says about a provider.</summary>
    public static ProviderFields Read(BodyFields body)
    {
        RefuseUnsupported(body);
        return new ProviderFields
        {
            Name = body.Text("name", 255, mayBeBlank: false),
            ClientType = body.Choice("client_type", Words.ClientTypes),
            ClientId = body.Text("client_id", 255, mayBeBlank: false),
            ClientSecret = body.Text("client_secret", 255),
            GrantTypes = body.Texts("grant_types"),
            RedirectUris = ReadUris(body),
            AccessCodeValidity = body.Text("access_code_validity", 200),
            AccessTokenValidity = body.Text("access_token_validity", 200),
            RefreshTokenValidity = body.Text("refresh_token_validity", 200),
            RefreshTokenThreshold = body.Text("refresh_token_threshold", 200),
            IncludeClaimsInIdToken = body.Flag("include_claims_in_id_token"),
            SigningKey = body.NullableId("signing_key"),
            EncryptionKey = body.NullableId("encryption_key"),
            FederatedProviders = body.Numbers("jwt_federation_providers"),
            AuthMethod = body.Choice("token_endpoint_auth_method", Words.AuthMethods),
            Jwks = ReadJwks(body),
            RequiresPushedRequests = body.Flag("require_pushed_authorization_requests"),
            RequiresDpop = body.Flag("dpop_bound_access_tokens"),
            SubMode = body.Choice("sub_mode", Words.SubModes),
            IssuerMode = body.Choice("issuer_mode", Words.IssuerModes),
            LogoutUri = body.Text("logout_uri", 2048),
            LogoutMethod = body.Choice("logout_method", Words.LogoutMethods),
            AuthenticationFlow = body.NullableId("authentication_flow"),
            AuthorizationFlow = body.Id("authorization_flow"),
            InvalidationFlow = body.Id("invalidation_flow"),
            ScopeMappings = body.Ids("property_mappings"),
        };
    }

    public static JsonObject Of(ProviderFacts facts)
    {
        var provider = facts.Provider;
        var body = Base(provider, facts.Application);
        body["client_type"] = Words.ClientTypes.Of(provider.ClientType);
        body["grant_types"] = JsonList.Of(provider.GrantTypes);
        body["client_id"] = provider.ClientId;
        body["client_secret"] = facts.ClientSecret; // superusers alone come here
        body["access_code_validity"] = provider.AccessCodeValidity;
        body["access_token_validity"] = provider.AccessTokenValidity;
        body["refresh_token_validity"] = provider.RefreshTokenValidity;
        body["refresh_token_threshold"] = provider.RefreshTokenThreshold;
        body["include_claims_in_id_token"] = provider.IncludeClaimsInIdToken;
        body["signing_key"] = provider.SigningKeyId?.ToString();
        body["encryption_key"] = provider.EncryptionKeyId?.ToString();
        body["redirect_uris"] = JsonList.Of(provider.RedirectUris, u => new JsonObject
        {
            ["matching_mode"] = Words.MatchingModes.Of(u.Mode),
            ["url"] = u.Url,
            ["redirect_uri_type"] = Words.RedirectUriTypes.Of(u.Type),
        });
        body["logout_uri"] = provider.LogoutUri;
        body["logout_method"] = Words.LogoutMethods.Of(provider.LogoutMethod);
        body["sub_mode"] = Words.SubModes.Of(provider.SubMode);
        body["issuer_mode"] = Words.IssuerModes.Of(provider.IssuerMode);
        body["jwt_federation_sources"] = new JsonArray();
        body["jwt_federation_providers"] = new JsonArray([.. provider.FederatedProviderIds.Select(i => (JsonNode)i)]);
        AddOurs(body, facts);
        return body;
    }

    // Members that authentik does not have; its clients skip them.
    private static void AddOurs(JsonObject body, ProviderFacts facts)
    {
        var provider = facts.Provider;
        body["token_endpoint_auth_method"] = Words.AuthMethods.Of(provider.AuthMethod);
        body["jwks"] = provider.Jwks.Length == 0 ? null : JsonNode.Parse(provider.Jwks);
        body["require_pushed_authorization_requests"] = provider.RequiresPushedRequests;
        body["dpop_bound_access_tokens"] = provider.RequiresDpop;
        body["warnings"] = JsonList.Of(
            ProviderWarnings.Of(provider, facts.Application is not null), w => new JsonObject { ["code"] = w.Code, ["text"] = w.Text });
    }

    private static Maybe<string> ReadJwks(BodyFields body) =>
        body.TryGet("jwks", out var jwks) && jwks.ValueKind == JsonValueKind.Null ? "" : body.ObjectText("jwks");

    /// <summary>What every kind of provider has; without secrets, as lists and applications show it.</summary>
    public static JsonObject Base(OAuth2Provider provider, ProviderApplication? application) => new()
    {
        ["pk"] = provider.Id,
        ["name"] = provider.Name,
        ["authentication_flow"] = provider.AuthenticationFlowId?.ToString(),
        ["authorization_flow"] = provider.AuthorizationFlowId.ToString(),
        ["invalidation_flow"] = provider.InvalidationFlowId.ToString(),
        ["property_mappings"] = JsonList.Of(provider.ScopeMappingIds),
        ["component"] = "ak-provider-oauth2-form",
        ["assigned_application_slug"] = application?.Slug,
        ["assigned_application_name"] = application?.Name,
        ["assigned_backchannel_application_slug"] = null,
        ["assigned_backchannel_application_name"] = null,
        ["verbose_name"] = "OAuth2/OpenID Provider",
        ["verbose_name_plural"] = "OAuth2/OpenID Providers",
        ["meta_model_name"] = "authentik_providers_oauth2.oauth2provider",
    };

    // Refused rather than forgotten: a client must not believe that it has what it asked for.
    private static void RefuseUnsupported(BodyFields body)
    {
        const string NotYet = "Not supported yet.";
        if (body.Elements("jwt_federation_sources").Is(out var sources) && sources.Count > 0)
        {
            body.Refuse("jwt_federation_sources", NotYet);
        }
    }

    private static Maybe<List<RedirectUri>> ReadUris(BodyFields body)
    {
        if (!body.Elements("redirect_uris").Is(out var elements))
        {
            return default;
        }

        var uris = new List<RedirectUri>(elements.Count);
        foreach (var (index, element) in elements.Index())
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                body.Refuse($"redirect_uris.{index}.non_field_errors", "Expected an object {matching_mode, url, redirect_uri_type}.");
                continue;
            }

            var entry = new BodyFields(element, nullIsAbsent: false, $"redirect_uris.{index}.").Require("matching_mode", "url");
            uris.Add(new RedirectUri(
                entry.Choice("matching_mode", Words.MatchingModes).Or(MatchingMode.Strict),
                entry.Text("url", 2048, mayBeBlank: false).Or(""),
                entry.Choice("redirect_uri_type", Words.RedirectUriTypes).Or(RedirectUriType.Authorization)));
            body.Faults.AddRange(entry.Faults);
        }

        return uris;
    }
}
