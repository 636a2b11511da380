using Gatehouse.Management.Policies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;

namespace Gatehouse.Management.Apps;

/// <summary>An app as it shall be, whole; only its policies may be left out, and then stay.</summary>
internal sealed class AppDraft
{
    /// <summary>Far beyond what anyone needs; keeps matching quick.</summary>
    private const int MostDomains = 100;

    public AppType Type { get; init; }

    public required string Name { get; init; }

    public SaasSettings? Saas { get; init; }

    public string? BookmarkUrl { get; init; }

    public LauncherLook? Launcher { get; init; }

    public string? LogoUrl { get; init; }

    /// <summary>As written; the first is the primary one.</summary>
    public required List<string> Domains { get; init; }

    public TimeSpan SessionDuration { get; init; } = TimeSpan.FromHours(24);

    public List<Guid> AllowedLoginMethods { get; init; } = [];

    public bool AutoRedirectToIdentity { get; init; }

    public bool AppLauncherVisible { get; init; } = true;

    public bool HttpOnlyCookie { get; init; } = true;

    public CookieSameSite? SameSiteCookie { get; init; }

    public bool PathCookie { get; init; }

    public bool OptionsPreflightBypass { get; init; }

    public CorsRules? Cors { get; init; }

    public bool BindingCookie { get; init; }

    public bool ServiceAuth401 { get; init; }

    public string? ServiceTokenHeader { get; init; }

    public bool SkipInterstitial { get; init; }

    public bool EagerRedirect { get; init; } = true;

    public AgentRules? Agents { get; init; }

    public MfaRules? Mfa { get; init; }

    public string? CustomNonIdentityDenyUrl { get; init; }

    public string? CustomDenyMessage { get; init; }

    public string? CustomDenyUrl { get; init; }

    public List<string> Tags { get; init; } = [];

    public List<Guid> CustomPages { get; init; } = [];

    public Maybe<List<PolicyLink>> Policies { get; init; }

    /// <summary>Reads the domains; what is wrong goes to <paramref name="faults"/>.</summary>
    public List<string> ReadDomains(PublicUrls urls, List<Fault> faults)
    {
        if (Type != AppType.SelfHosted)
        {
            return [];
        }

        var read = new List<string>(Domains.Count);
        foreach (var domain in Domains)
        {
            if (!DomainPattern.TryParse(domain, out var pattern, out var fault))
            {
                faults.Add(new Fault("domain", fault));
            }
            else if (urls.IsOwn(pattern.Host))
            {
                faults.Add(new Fault("domain", $"'{pattern.Host}' is a host of Gatehouse itself"));
            }
            else if (read.Contains(pattern.Text, StringComparer.OrdinalIgnoreCase))
            {
                faults.Add(new Fault("domain", $"'{pattern.Text}' is listed twice"));
            }
            else
            {
                read.Add(pattern.Text);
            }
        }

        if (Domains.Count is 0 or > MostDomains)
        {
            faults.Add(new Fault("domain", $"an application has 1 to {MostDomains} domains"));
        }

        return read;
    }

    /// <summary>The login methods that its claims and attributes name.</summary>
    public IEnumerable<Guid> NamedLoginMethods() => (Saas?.Oidc?.CustomClaims.Select(c => c.Source) ?? Saas?.Saml?.Attributes.Select(a => a.Source) ?? []).SelectMany(s => s.NameByLoginMethod.Keys);

    /// <summary>What of <paramref name="app"/> it would change that never changes.</summary>
    public IEnumerable<Fault> CheckAgainst(App app)
    {
        if (app.Type != Type)
        {
            yield return new Fault("type", "type can not be changed; make another application");
        }
        else if ((app.Saas?.Oidc is null) != (Saas?.Oidc is null))
        {
            yield return new Fault("saas_app.auth_type", "auth_type can not be changed; make another application");
        }
    }

    /// <summary>Rules that need nothing but the draft.</summary>
    public IEnumerable<Fault> Check()
    {
        if (SessionDuration > PolicyDraft.LongestSession)
        {
            yield return new Fault("session_duration", "session duration must be between 0s and 744h");
        }

        if (AutoRedirectToIdentity && AllowedLoginMethods.Count != 1)
        {
            yield return new Fault("auto_redirect_to_identity", "auto_redirect_to_identity needs exactly one id in allowed_idps");
        }

        foreach (var (field, url) in ((string, string?)[])[("custom_deny_url", CustomDenyUrl), ("custom_non_identity_deny_url", CustomNonIdentityDenyUrl)])
        {
            if (url is not null && !(Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
            {
                yield return new Fault(field, $"{field} must be an absolute http or https URL");
            }
        }

        if (OptionsPreflightBypass && Cors is not null)
        {
            yield return new Fault("options_preflight_bypass", "options_preflight_bypass and cors_headers exclude each other");
        }

        if (Agents is not null && BindingCookie)
        {
            yield return new Fault("enable_binding_cookie", "programs hold no cookies, so enable_binding_cookie and oauth_configuration exclude each other");
        }

        if (Agents is not null && Domains.Exists(d => d.Contains('/', StringComparison.Ordinal)))
        {
            yield return new Fault("domain", "domain can not have a path if oauth is configured");
        }
    }

    /// <summary>Makes <paramref name="app"/> like this, all but its policies.</summary>
    public void ApplyTo(App app, List<string> domains)
    {
        app.Saas = Saas;
        app.BookmarkUrl = BookmarkUrl;
        app.Launcher = Launcher;
        app.LogoUrl = LogoUrl;
        app.Name = Name.Length > 0 ? Name : domains[0];
        app.Domains = domains;
        app.SessionDuration = SessionDuration;
        app.AllowedLoginMethods = AllowedLoginMethods;
        app.AutoRedirectToIdentity = AutoRedirectToIdentity;
        app.AppLauncherVisible = AppLauncherVisible;
        app.HttpOnlyCookie = HttpOnlyCookie;
        app.SameSiteCookie = SameSiteCookie;
        app.PathCookie = PathCookie;
        app.OptionsPreflightBypass = OptionsPreflightBypass;
        app.CustomDenyMessage = CustomDenyMessage;
        app.CustomDenyUrl = CustomDenyUrl;
        app.CustomNonIdentityDenyUrl = CustomNonIdentityDenyUrl;
        app.Cors = Cors;
        app.BindingCookie = BindingCookie;
        app.ServiceAuth401 = ServiceAuth401;
        app.ServiceTokenHeader = ServiceTokenHeader;
        app.SkipInterstitial = SkipInterstitial;
        app.EagerRedirect = EagerRedirect;
        app.Agents = Agents;
        app.Mfa = Mfa;
        app.Tags = Tags;
        app.CustomPages = CustomPages;
    }
}

/// <summary>A policy that an app shall have; null precedence means its place in the list.</summary>
internal abstract record PolicyLink(int? Precedence)
{
    /// <summary>One that exists: a reusable one, or one of the app's own. When it was spelled out as well, it must be spelled as stored.</summary>
    public sealed record Existing(Guid Id, PolicyDraft? Spelled, int? Precedence) : PolicyLink(Precedence);

    /// <summary>One that is made with the app and belongs to it.</summary>
    public sealed record Inline(PolicyDraft Draft, int? Precedence) : PolicyLink(Precedence);
}
