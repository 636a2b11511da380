using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Apps;
using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>An application as Cloudflare's API shapes it (contract §3.4); here what self-hosted ones have.</summary>
internal static class AppBody
{
    private static readonly string[] OtherTypes =
        ["ssh", "vnc", "warp", "biso", "dash_sso", "infrastructure", "rdp", "mcp", "mcp_portal", "proxy_endpoint"];

    private static readonly FrozenDictionary<string, AppType> Types = new Dictionary<string, AppType>
    {
        ["self_hosted"] = AppType.SelfHosted,
        ["saas"] = AppType.Saas,
        ["bookmark"] = AppType.Bookmark,
        ["app_launcher"] = AppType.AppLauncher,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, CookieSameSite> SameSites = new Dictionary<string, CookieSameSite>
    {
        ["none"] = CookieSameSite.None,
        ["lax"] = CookieSameSite.Lax,
        ["strict"] = CookieSameSite.Strict,
    }.ToFrozenDictionary();

    /// <summary>Reads a whole app.</summary>
    public static AppDraft Read(BodyFields body) => ReadType(body) switch
    {
        AppType.Saas => OtherAppBody.ReadSaas(body),
        AppType.Bookmark => OtherAppBody.ReadBookmark(body),
        AppType.AppLauncher => OtherAppBody.ReadLauncher(body),
        _ => ReadSelfHosted(body),
    };

    private static AppDraft ReadSelfHosted(BodyFields body)
    {
        body.NotYet(
            "allow_iframe", "allow_authenticate_via_warp", "scim_config",
            "use_clientless_isolation_app_launcher_url", "saas_app", "target_criteria");
        return new AppDraft
        {
            Name = body.Text("name", 350).Or(""),
            Domains = AppDomains.Read(body),
            SessionDuration = body.Duration("session_duration").Or(TimeSpan.FromHours(24)),
            AllowedLoginMethods = [.. body.Ids("allowed_idps").Or([]).Distinct()],
            AutoRedirectToIdentity = body.Flag("auto_redirect_to_identity").Or(false),
            AppLauncherVisible = body.Flag("app_launcher_visible").Or(true),
            HttpOnlyCookie = body.Flag("http_only_cookie_attribute").Or(true),
            SameSiteCookie = ReadSameSite(body),
            PathCookie = body.Flag("path_cookie_attribute").Or(false),
            OptionsPreflightBypass = body.Flag("options_preflight_bypass").Or(false),
            CustomDenyMessage = body.Text("custom_deny_message", 10_000).Or("") is { Length: > 0 } message ? message : null,
            CustomDenyUrl = body.Text("custom_deny_url", 2048).Or("") is { Length: > 0 } url ? url : null,
            CustomNonIdentityDenyUrl = body.Text("custom_non_identity_deny_url", 2048).Or("") is { Length: > 0 } away ? away : null,
            Cors = AppRulesBody.ReadCors(body),
            BindingCookie = body.Flag("enable_binding_cookie").Or(false),
            ServiceAuth401 = body.Flag("service_auth_401_redirect").Or(false),
            ServiceTokenHeader = AppRulesBody.ReadHeaderName(body),
            SkipInterstitial = body.Flag("skip_interstitial").Or(false),
            EagerRedirect = body.Flag("eager_redirect_cookie_setting").Or(true),
            Agents = AppRulesBody.ReadAgents(body),
            Mfa = MfaBody.Read(body),
            LogoUrl = LauncherBody.Picture(body, "logo_url"),
            Tags = [.. body.Texts("tags").Or([]).Distinct().Order(StringComparer.Ordinal)],
            CustomPages = [.. body.Ids("custom_pages").Or([]).Distinct()],
            Policies = ReadPolicies(body),
        };
    }

    public static JsonObject Of(App app)
    {
        var body = new JsonObject
        {
            ["id"] = app.Id.ToString(),
            ["uid"] = app.Id.ToString(),
            ["aud"] = app.Aud,
            ["type"] = "self_hosted",
            ["name"] = app.Name,
            ["domain"] = app.Domains[0],
            ["domain_type"] = "public",
            ["self_hosted_domains"] = JsonList.Of(app.Domains),
            ["destinations"] = JsonList.Of(app.Domains, d => new JsonObject { ["type"] = "public", ["uri"] = d }),
            ["session_duration"] = GoDuration.Format(app.SessionDuration),
            ["allowed_idps"] = JsonList.Of(app.AllowedLoginMethods),
            ["auto_redirect_to_identity"] = app.AutoRedirectToIdentity,
            ["app_launcher_visible"] = app.AppLauncherVisible,
            ["enable_binding_cookie"] = app.BindingCookie,
            ["http_only_cookie_attribute"] = app.HttpOnlyCookie,
            ["same_site_cookie_attribute"] = app.SameSiteCookie is { } sameSite ? SameSites.First(s => s.Value == sameSite).Key : "",
            ["path_cookie_attribute"] = app.PathCookie,
            ["skip_interstitial"] = app.SkipInterstitial,
            ["service_auth_401_redirect"] = app.ServiceAuth401,
            ["options_preflight_bypass"] = app.OptionsPreflightBypass,
            ["cors_headers"] = AppRulesBody.Of(app.Cors),
            ["allow_iframe"] = false,
            ["tags"] = JsonList.Of(app.Tags),
            ["custom_pages"] = JsonList.Of(app.CustomPages),
            ["eager_redirect_cookie_setting"] = app.EagerRedirect,
            ["use_clientless_isolation_app_launcher_url"] = false,
            ["policies"] = JsonList.Of(app.Policies.OrderBy(l => l.Precedence), PolicyBody.OfLink),
            ["created_at"] = JsonList.Time(app.CreatedAt),
            ["updated_at"] = JsonList.Time(app.UpdatedAt),
        };
        if (app.LogoUrl is not null)
        {
            body["logo_url"] = app.LogoUrl;
        }

        if (app.CustomDenyMessage is not null)
        {
            body["custom_deny_message"] = app.CustomDenyMessage;
        }

        if (app.CustomDenyUrl is not null)
        {
            body["custom_deny_url"] = app.CustomDenyUrl;
        }

        if (app.CustomNonIdentityDenyUrl is not null)
        {
            body["custom_non_identity_deny_url"] = app.CustomNonIdentityDenyUrl;
        }

        if (app.ServiceTokenHeader is not null)
        {
            body["read_service_tokens_from_header"] = app.ServiceTokenHeader;
        }

        if (app.Mfa is { } mfa)
        {
            body["mfa_config"] = MfaBody.Of(mfa);
        }

        if (app.Agents is not null)
        {
            body["oauth_configuration"] = AppRulesBody.Of(app.Agents);
        }

        return body;
    }

    /// <summary>How the API calls a kind of app.</summary>
    public static string NameOf(AppType type) => Types.First(t => t.Value == type).Key;

    private static AppType ReadType(BodyFields body)
    {
        var name = body.Text("type", 40).Or("");
        if (!Types.TryGetValue(name, out var type))
        {
            body.Refuse("type", OtherTypes.Contains(name) ? $"application type '{name}' is not supported yet; use {string.Join(", ", Types.Keys.Order(StringComparer.Ordinal))}" : "app type is missing or invalid");
        }

        return type;
    }

    private static CookieSameSite? ReadSameSite(BodyFields body) =>
        body.TryGet("same_site_cookie_attribute", out var value) && !(value.ValueKind == JsonValueKind.String && value.GetString()?.Length == 0)
        && body.Choice("same_site_cookie_attribute", SameSites).Is(out var sameSite) ? sameSite : null;

    /// <summary>The policies; absent means that they stay.</summary>
    public static Maybe<List<PolicyLink>> ReadPolicies(BodyFields body)
    {
        if (!body.Elements("policies").Is(out var elements))
        {
            return default;
        }

        var links = new List<PolicyLink>(elements.Count);
        foreach (var (index, element) in elements.Index())
        {
            if (ReadPolicy(element, $"policies.{index}", body) is { } link)
            {
                links.Add(link);
            }
        }

        return links;
    }

    private static PolicyLink? ReadPolicy(JsonElement element, string path, BodyFields body)
    {
        if (element.ValueKind == JsonValueKind.String && Guid.TryParse(element.GetString(), out var plain))
        {
            return new PolicyLink.Existing(plain, null, null);
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            body.Refuse(path, "a policy is an id, an object {id, precedence}, or a whole policy");
            return null;
        }

        var fields = new BodyFields(element, nullIsAbsent: true, path + ".");
        var precedence = fields.Number("precedence").Is(out var number) ? number : (int?)null;
        var isSpelled = fields.TryGet("decision", out _) && fields.TryGet("include", out _);
        PolicyLink? link = fields.Id("id").Is(out var id) ? new PolicyLink.Existing(id, isSpelled ? PolicyBody.Read(fields) : null, precedence)
            : fields.Faults.Count == 0 ? new PolicyLink.Inline(PolicyBody.Read(fields), precedence)
            : null;
        body.Faults.AddRange(fields.Faults);
        return link;
    }
}
