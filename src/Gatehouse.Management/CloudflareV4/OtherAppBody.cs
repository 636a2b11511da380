using System.Text.Json.Nodes;
using Gatehouse.Management.Apps;
using Gatehouse.Management.Http;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>Applications that are not behind the gateway, as Cloudflare's API shapes them: SaaS, bookmarks, the App Launcher (contract §3.4).</summary>
internal static class OtherAppBody
{
    // What only the gateway could do. Unless they ask for nothing they are refused, not dropped.
    private static readonly string[] OfGateway =
    [
        "destinations", "self_hosted_domains", "cors_headers", "options_preflight_bypass", "enable_binding_cookie", "path_cookie_attribute", "same_site_cookie_attribute",
        "service_auth_401_redirect", "read_service_tokens_from_header", "oauth_configuration", "custom_non_identity_deny_url", "allow_iframe", "allow_authenticate_via_warp",
        "scim_config", "use_clientless_isolation_app_launcher_url", "target_criteria",
    ];

    private static readonly string[] OfSignIn = ["allowed_idps", "auto_redirect_to_identity", "custom_deny_message", "custom_deny_url", "custom_pages", "saas_app"];

    public static AppDraft ReadSaas(BodyFields body)
    {
        body.NotYet(OfGateway);
        return new AppDraft
        {
            Type = AppType.Saas,
            Name = body.Require("name").Text("name", 350, mayBeBlank: false).Or(""),
            Domains = [],
            Saas = SaasBody.Read(body),
            Mfa = MfaBody.Read(body),
            SessionDuration = body.Duration("session_duration").Or(TimeSpan.FromHours(24)),
            AllowedLoginMethods = [.. body.Ids("allowed_idps").Or([]).Distinct()],
            AutoRedirectToIdentity = body.Flag("auto_redirect_to_identity").Or(false),
            AppLauncherVisible = body.Flag("app_launcher_visible").Or(true),
            CustomDenyMessage = body.Text("custom_deny_message", 10_000).Or("") is { Length: > 0 } message ? message : null,
            CustomDenyUrl = body.Text("custom_deny_url", 2048).Or("") is { Length: > 0 } url ? url : null,
            LogoUrl = LauncherBody.Picture(body, "logo_url"),
            Tags = [.. body.Texts("tags").Or([]).Distinct().Order(StringComparer.Ordinal)],
            CustomPages = [.. body.Ids("custom_pages").Or([]).Distinct()],
            Policies = AppBody.ReadPolicies(body),
        };
    }

    public static AppDraft ReadBookmark(BodyFields body)
    {
        body.NotYet([.. OfGateway, .. OfSignIn, "mfa_config"]);
        var url = body.Require("domain").Text("domain", 2048, mayBeBlank: false).Or("");
        url = url.Contains("://", StringComparison.Ordinal) ? url : "https://" + url; // the console of Cloudflare takes either
        if (body.Faults.Count == 0 && !(Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            body.Refuse("domain", "domain of a bookmark must be an http or https URL");
        }

        return new AppDraft
        {
            Type = AppType.Bookmark,
            Name = body.Require("name").Text("name", 350, mayBeBlank: false).Or(""),
            Domains = [],
            BookmarkUrl = url,
            AppLauncherVisible = body.Flag("app_launcher_visible").Or(true),
            LogoUrl = LauncherBody.Picture(body, "logo_url"),
            Tags = [.. body.Texts("tags").Or([]).Distinct().Order(StringComparer.Ordinal)],
            Policies = AppBody.ReadPolicies(body),
        };
    }

    public static AppDraft ReadLauncher(BodyFields body)
    {
        body.NotYet([.. OfGateway, "saas_app", "tags", "logo_url"]);
        if (MfaBody.Read(body) is not null)
        {
            body.Refuse("mfa_config", "the App Launcher asks for no second factor: people enrol theirs there");
        }

        return new AppDraft
        {
            Type = AppType.AppLauncher,
            Name = body.Text("name", 350).Or("") is { Length: > 0 } name ? name : "App Launcher",
            Domains = [],
            Launcher = LauncherBody.Read(body),
            SessionDuration = body.Duration("session_duration").Or(TimeSpan.FromHours(24)),
            AllowedLoginMethods = [.. body.Ids("allowed_idps").Or([]).Distinct()],
            AutoRedirectToIdentity = body.Flag("auto_redirect_to_identity").Or(false),
            AppLauncherVisible = false,
            CustomDenyMessage = body.Text("custom_deny_message", 10_000).Or("") is { Length: > 0 } message ? message : null,
            CustomDenyUrl = body.Text("custom_deny_url", 2048).Or("") is { Length: > 0 } url ? url : null,
            CustomPages = [.. body.Ids("custom_pages").Or([]).Distinct()],
            Policies = AppBody.ReadPolicies(body),
        };
    }

    /// <summary>Any app. <paramref name="certificate"/> is that of Access's signing key, <paramref name="secret"/> that of a client which was made just now.</summary>
    public static JsonObject Of(App app, PublicUrls urls, string certificate, string? secret = null)
    {
        if (app.Type == AppType.SelfHosted)
        {
            return AppBody.Of(app);
        }

        var body = Common(app, urls);
        if (app.LogoUrl is not null)
        {
            body["logo_url"] = app.LogoUrl;
        }

        if (app.Saas is not null)
        {
            body["saas_app"] = SaasBody.Of(app, urls, certificate, secret);
        }

        if (app.Launcher is not null)
        {
            LauncherBody.Write(body, app.Launcher);
        }

        if (app.Type == AppType.Bookmark)
        {
            return body;
        }

        body["session_duration"] = GoDuration.Format(app.SessionDuration);
        body["allowed_idps"] = JsonList.Of(app.AllowedLoginMethods);
        body["auto_redirect_to_identity"] = app.AutoRedirectToIdentity;
        body["custom_pages"] = JsonList.Of(app.CustomPages);
        if (app.Mfa is { } mfa)
        {
            body["mfa_config"] = MfaBody.Of(mfa);
        }

        foreach (var (name, value) in ((string, string?)[])[("custom_deny_message", app.CustomDenyMessage), ("custom_deny_url", app.CustomDenyUrl)])
        {
            if (value is not null)
            {
                body[name] = value;
            }
        }

        return body;
    }

    private static JsonObject Common(App app, PublicUrls urls) => new()
    {
        ["id"] = app.Id.ToString(),
        ["uid"] = app.Id.ToString(),
        ["aud"] = app.Aud,
        ["type"] = AppBody.NameOf(app.Type),
        ["name"] = app.Name,
        ["domain"] = DomainOf(app, urls),
        ["app_launcher_visible"] = app.AppLauncherVisible,
        ["tags"] = JsonList.Of(app.Tags),
        ["policies"] = JsonList.Of(app.Policies.OrderBy(l => l.Precedence), PolicyBody.OfLink),
        ["created_at"] = JsonList.Time(app.CreatedAt),
        ["updated_at"] = JsonList.Time(app.UpdatedAt),
    };

    private static string DomainOf(App app, PublicUrls urls) => app switch
    {
        { BookmarkUrl: { } url } => url,
        { Saas: { } saas, SsoId: { } id } => $"{urls.AccessHost}/cdn-cgi/access/sso/{(saas.Oidc is null ? "saml" : "oidc")}/{id}",
        _ => urls.AccessHost,
    };
}
