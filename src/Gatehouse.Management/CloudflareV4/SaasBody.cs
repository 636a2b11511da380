using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;

namespace Gatehouse.Management.CloudflareV4;

/// <summary><c>saas_app</c>: how people sign in to an application that stands somewhere else (contract §3.4).</summary>
internal static class SaasBody
{
    private const int MostEntries = 100;
    private const int LongestName = 350;
    private static readonly string[] KnownScopes = ["openid", "groups", "email", "profile"];

    private static readonly FrozenDictionary<string, SaasGrant> Grants = new Dictionary<string, SaasGrant>
    {
        ["authorization_code"] = SaasGrant.AuthorizationCode,
        ["authorization_code_with_pkce"] = SaasGrant.AuthorizationCodeWithPkce,
        ["refresh_tokens"] = SaasGrant.RefreshTokens,
        ["hybrid"] = SaasGrant.Hybrid,
        ["implicit"] = SaasGrant.Implicit,
    }.ToFrozenDictionary();

    /// <summary>Null when there is a fault.</summary>
    public static SaasSettings? Read(BodyFields body)
    {
        if (body.Require("saas_app").Inner("saas_app") is not { } fields)
        {
            return null;
        }

        var type = fields.Text("auth_type", 10).Or("saml");
        SaasSettings? settings = type switch
        {
            "oidc" => new SaasSettings { Oidc = ReadOidc(fields) },
            "saml" => new SaasSettings { Saml = SamlBody.Read(fields) },
            _ => null,
        };
        if (settings is null)
        {
            fields.Refuse("auth_type", "auth_type is oidc or saml");
        }

        body.Faults.AddRange(fields.Faults);
        return settings;
    }

    /// <summary>As clients of the API see it. <paramref name="secret"/> is there only when it was made just now.</summary>
    public static JsonObject Of(App app, PublicUrls urls, string certificate, string? secret)
    {
        var settings = app.Saas!; // SaaS, as the caller saw
        var body = settings.Oidc is { } oidc ? Of(oidc, app.SsoId!) : SamlBody.Of(settings.Saml!, app.SsoId!, urls); // exactly one of them is there
        body["public_key"] = certificate;
        body["created_at"] = JsonList.Time(app.CreatedAt);
        body["updated_at"] = JsonList.Time(app.UpdatedAt);
        if (app.PreviousClientSecretExpiresAt is { } previous)
        {
            body["previous_client_secret_expires_at"] = JsonList.Time(previous);
        }

        if (secret is not null)
        {
            body["client_secret"] = secret;
        }

        return body;
    }

    /// <summary>The names of a claim at login methods, from an object or a list of pairs: the SDKs have either.</summary>
    public static SaasSource? ReadSource(BodyFields fields, bool isList)
    {
        if (fields.Require("source").Inner("source") is not { } source)
        {
            return null;
        }

        var names = new Dictionary<Guid, string>();
        if (isList)
        {
            foreach (var pair in source.Elements("name_by_idp").Or([]))
            {
                var read = new BodyFields(pair.ValueKind == JsonValueKind.Object ? pair : default, nullIsAbsent: true);
                Add(source, names, pair.ValueKind == JsonValueKind.Object && read.Id("idp_id").Is(out var id) ? id : null, pair.ValueKind == JsonValueKind.Object ? read.Text("source_name", LongestName).Or("") : "");
            }
        }
        else if (source.Inner("name_by_idp") is { } map)
        {
            foreach (var pair in map.Root.EnumerateObject())
            {
                Add(source, names, Guid.TryParse(pair.Name, out var id) ? id : null, pair.Value.ValueKind == JsonValueKind.String ? pair.Value.GetString() ?? "" : "");
            }
        }

        var name = source.Text("name", LongestName).Or("");
        if (name.Length == 0 && names.Count == 0)
        {
            source.Refuse("name", "a source is a name, or names by identity provider");
        }

        fields.Faults.AddRange(source.Faults);
        return new SaasSource { Name = name, NameByLoginMethod = names };
    }

    private static void Add(BodyFields source, Dictionary<Guid, string> names, Guid? id, string name)
    {
        if (id is not { } method || name.Length is 0 or > LongestName || !names.TryAdd(method, name))
        {
            source.Refuse("name_by_idp", "name_by_idp gives each identity provider, by its id, one name");
        }
    }

    private static SaasOidc ReadOidc(BodyFields fields)
    {
        var options = fields.Inner("hybrid_and_implicit_options") ?? BodyFields.Nothing();
        var refresh = fields.Inner("refresh_token_options") ?? BodyFields.Nothing();
        var oidc = new SaasOidc
        {
            RedirectUris = [.. fields.Require("redirect_uris").Texts("redirect_uris").Or([]).Distinct(StringComparer.Ordinal)],
            Grants = ReadGrants(fields),
            Scopes = [.. fields.Texts("scopes").Or(["openid", "email", "profile"]).Distinct()],
            LauncherUrl = fields.Text("app_launcher_url", 2048).Or("") is { Length: > 0 } url ? url : null,
            GroupFilter = fields.Text("group_filter_regex", 1000).Or("") is { Length: > 0 } pattern ? pattern : null,
            AccessTokenLifetime = fields.Duration("access_token_lifetime").Or(TimeSpan.FromMinutes(5)),
            PkceWithoutSecret = fields.Flag("allow_pkce_without_client_secret").Or(false),
            CustomClaims = ReadClaims(fields),
            GivesAccessToken = options.Flag("return_access_token_from_authorization_endpoint").Or(false),
            GivesIdToken = options.Flag("return_id_token_from_authorization_endpoint").Or(false),
            RefreshLifetime = refresh.Text("lifetime", 20).Or("") is { Length: > 0 } lifetime ? lifetime : null,
        };
        Check(oidc, fields);
        fields.Faults.AddRange([.. options.Faults, .. refresh.Faults]);
        return oidc;
    }

    private static void Check(SaasOidc oidc, BodyFields fields)
    {
        if (oidc.RedirectUris.Count is 0 or > MostEntries || !oidc.RedirectUris.TrueForAll(SaasRedirects.IsSafe))
        {
            fields.Refuse("redirect_uris", $"redirect_uris holds 1 to {MostEntries} https URLs, http ones of this machine, or such as com.example.app:/callback; without fragment");
        }

        if (oidc.Scopes.Except(KnownScopes).Any())
        {
            fields.Refuse("scopes", $"scopes takes {string.Join(", ", KnownScopes)}");
        }

        if (oidc.LauncherUrl is { } url && !(Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            fields.Refuse("app_launcher_url", "app_launcher_url must be an absolute http or https URL");
        }

        if (oidc.GroupFilter is { } pattern && GroupFilter.FaultOf(pattern) is { } fault)
        {
            fields.Refuse("group_filter_regex", fault);
        }

        if (oidc.AccessTokenLifetime < TimeSpan.FromMinutes(1) || oidc.AccessTokenLifetime > TimeSpan.FromHours(24))
        {
            fields.Refuse("access_token_lifetime", "access_token_lifetime must be between 1m and 24h");
        }

        if (oidc.RefreshLifetime is { } lifetime && !RenewalTime.TryParse(lifetime, out _))
        {
            fields.Refuse("refresh_token_options.lifetime", "lifetime is a number of m, h or d, over a minute and up to 365d");
        }
    }

    private static List<SaasGrant> ReadGrants(BodyFields fields)
    {
        var names = fields.Texts("grant_types").Or(["authorization_code"]);
        if (names.Exists(n => !Grants.ContainsKey(n)) || names.Count == 0)
        {
            fields.Refuse("grant_types", $"grant_types takes {string.Join(", ", Grants.Keys.Order(StringComparer.Ordinal))}");
            return [];
        }

        return [.. names.Distinct().Select(n => Grants[n])];
    }

    private static List<SaasClaim> ReadClaims(BodyFields fields)
    {
        var claims = new List<SaasClaim>();
        foreach (var (index, element) in fields.Elements("custom_claims").Or([]).Index())
        {
            var path = $"saas_app.custom_claims.{index}";
            if (element.ValueKind != JsonValueKind.Object)
            {
                fields.Refuse($"custom_claims.{index}", "a custom claim is an object {name, scope, source}");
                continue;
            }

            var claim = new BodyFields(element, nullIsAbsent: true, path + ".");
            var (name, scope) = (claim.Require("name").Text("name", LongestName, mayBeBlank: false).Or(""), claim.Text("scope", 20).Or(""));
            if (SaasClaims.IsReserved(name))
            {
                claim.Refuse("name", $"'{name}' is a claim of OpenID Connect's own");
            }

            if (scope.Length > 0 && !KnownScopes.Contains(scope))
            {
                claim.Refuse("scope", $"scope is one of {string.Join(", ", KnownScopes)}");
            }

            var required = claim.Flag("required").Or(false);
            if (ReadSource(claim, isList: false) is { } source && claim.Faults.Count == 0)
            {
                claims.Add(new SaasClaim { Name = name, IsRequired = required, Scope = scope.Length > 0 ? scope : null, Source = source });
            }

            fields.Faults.AddRange(claim.Faults);
        }

        if (claims.Count > MostEntries || claims.DistinctBy(c => c.Name).Count() != claims.Count)
        {
            fields.Refuse("custom_claims", $"custom_claims holds up to {MostEntries} claims, each name once");
        }

        return claims;
    }

    private static JsonObject Of(SaasOidc oidc, string clientId)
    {
        var body = new JsonObject
        {
            ["auth_type"] = "oidc",
            ["client_id"] = clientId,
            ["redirect_uris"] = JsonList.Of(oidc.RedirectUris),
            ["grant_types"] = JsonList.Of(oidc.Grants, g => Grants.First(n => n.Value == g).Key),
            ["scopes"] = JsonList.Of(oidc.Scopes),
            ["access_token_lifetime"] = GoDuration.Format(oidc.AccessTokenLifetime),
            ["allow_pkce_without_client_secret"] = oidc.PkceWithoutSecret,
            ["custom_claims"] = JsonList.Of(oidc.CustomClaims, Of),
            ["hybrid_and_implicit_options"] = new JsonObject
            {
                ["return_access_token_from_authorization_endpoint"] = oidc.GivesAccessToken,
                ["return_id_token_from_authorization_endpoint"] = oidc.GivesIdToken,
            },
        };
        if (oidc.LauncherUrl is not null)
        {
            body["app_launcher_url"] = oidc.LauncherUrl;
        }

        if (oidc.GroupFilter is not null)
        {
            body["group_filter_regex"] = oidc.GroupFilter;
        }

        if (oidc.RefreshLifetime is not null)
        {
            body["refresh_token_options"] = new JsonObject { ["lifetime"] = oidc.RefreshLifetime };
        }

        return body;
    }

    private static JsonObject Of(SaasClaim claim)
    {
        var source = new JsonObject { ["name"] = claim.Source.Name };
        if (claim.Source.NameByLoginMethod.Count > 0)
        {
            source["name_by_idp"] = new JsonObject([.. claim.Source.NameByLoginMethod.Select(n => KeyValuePair.Create(n.Key.ToString(), (JsonNode?)n.Value))]);
        }

        var body = new JsonObject { ["name"] = claim.Name, ["required"] = claim.IsRequired, ["source"] = source };
        if (claim.Scope is not null)
        {
            body["scope"] = claim.Scope;
        }

        return body;
    }
}
