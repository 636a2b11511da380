using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.LoginMethods;
using Gatehouse.Model.LoginMethods;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>The <c>config</c> of an identity provider.</summary>
internal static class ProviderBody
{
    // Of presets these are known; naming them is for clouds and servers of one's own.
    private static readonly string[] Urls = ["auth_url", "token_url", "certs_url", "issuer"];

    /// <summary>Reads it for a known type.</summary>
    public static LoginMethodDraft Read(string name, string type, BodyFields config)
    {
        if (type == LoginMethodTypes.OneTimePin)
        {
            return Nothing(name);
        }

        if (type == LoginMethodTypes.Saml)
        {
            return SamlProviderBody.Read(name, config);
        }

        config.NotYet("conditional_access_enabled");
        var settings = ReadSettings(type, config);
        var known = ProviderPresets.Urls(type, settings);
        if (type == LoginMethodTypes.Oidc)
        {
            config.NotYet("directory_id", "support_groups", "prompt", "okta_account", "authorization_server_id");
            Need(config, "auth_url", "token_url", "certs_url");
        }

        Need(config, "client_id");
        return new LoginMethodDraft
        {
            Name = name,
            Type = type,
            PresetJson = new JsonObject(settings.Select(s => KeyValuePair.Create<string, JsonNode?>(s.Key, s.Value))).ToJsonString(),
            ClientId = config.Text("client_id", 1000, mayBeBlank: false).Or(""),
            ClientSecret = config.Text("client_secret", 10_000).Or(""),
            AuthUrl = config.Text("auth_url", 2048, mayBeBlank: false).Or(known.Auth),
            TokenUrl = config.Text("token_url", 2048, mayBeBlank: false).Or(known.Token),
            CertsUrl = config.Text("certs_url", 2048, mayBeBlank: false).Or(known.Certs),
            Issuer = config.Text("issuer", 2048).Or(known.Issuer), // ours; Cloudflare has none
            Scopes = config.Texts("scopes").Or([]) is { Count: > 0 } some ? some : ProviderPresets.Scopes(type),
            Claims = config.Texts("claims").Or([]),
            EmailClaimName = config.Text("email_claim_name", 350).Or("") is { Length: > 0 } claim ? claim : "email",
            PkceEnabled = config.Flag("pkce_enabled").Or(type != LoginMethodTypes.Oidc),
            AcceptsUnverifiedEmail = config.Flag("accept_unverified_email").Or(false), // ours; Cloudflare has none
        };
    }

    /// <summary>A draft that asks no provider.</summary>
    public static LoginMethodDraft Nothing(string name) => new()
    {
        Name = name.Length > 0 ? name : "One-time PIN",
        Type = LoginMethodTypes.OneTimePin,
        ClientId = "",
        ClientSecret = "",
        AuthUrl = "",
        TokenUrl = "",
        CertsUrl = "",
        Issuer = "",
        Scopes = [],
        Claims = [],
        EmailClaimName = "email",
        PkceEnabled = false,
    };

    /// <summary>Writes it, without its secret.</summary>
    public static JsonObject Write(LoginMethod method)
    {
        if (method.Type == LoginMethodTypes.Saml)
        {
            return SamlProviderBody.Write(method);
        }

        var settings = Preset.All(method);
        var isOidc = method.Type == LoginMethodTypes.Oidc;
        var config = new JsonObject { ["client_id"] = method.ClientId };
        foreach (var (name, value) in ((string, string)[])[("auth_url", method.AuthUrl), ("token_url", method.TokenUrl), ("certs_url", method.CertsUrl), ("issuer", method.Issuer)])
        {
            if (isOidc || settings.ContainsKey(name))
            {
                config[name] = value;
            }
        }

        config["scopes"] = JsonList.Of(method.Scopes);
        config["claims"] = JsonList.Of(method.Claims);
        config["email_claim_name"] = method.EmailClaimName;
        config["pkce_enabled"] = method.PkceEnabled;
        config["accept_unverified_email"] = method.AcceptsUnverifiedEmail;
        foreach (var (name, value) in settings.Where(s => !Urls.Contains(s.Key)))
        {
            config[name] = name == "support_groups" ? value == "true" : value;
        }

        return config;
    }

    private static SortedDictionary<string, string> ReadSettings(string type, BodyFields config)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var (names, required) = ProviderPresets.Settings(type);
        Need(config, [.. names.Take(required)]);
        foreach (var name in type == LoginMethodTypes.Oidc ? names : names.Concat(Urls))
        {
            if (config.Text(name, 2048).Is(out var value) && value.Length > 0)
            {
                settings[name] = value;
                if (ProviderPresets.Fault(name, value) is { } fault)
                {
                    config.Refuse(name, fault);
                }
            }
        }

        if (type == LoginMethodTypes.Entra && config.Flag("support_groups").Is(out var groups))
        {
            settings["support_groups"] = groups ? "true" : "false";
        }

        return settings;
    }

    private static void Need(BodyFields config, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (!config.TryGet(name, out _))
            {
                config.Refuse(name, $"{name} is a required field");
            }
        }
    }
}
