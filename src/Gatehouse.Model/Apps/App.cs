using Gatehouse.Model.Policies;

namespace Gatehouse.Model.Apps;

/// <summary>Something people reach through Access: behind the gateway, or somewhere else after signing in here. Cloudflare's Access application.</summary>
public sealed class App
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>The AUD tag: 64 lower-case hex digits, fixed for the life of the app.</summary>
    public required string Aud { get; init; }

    /// <summary>What kind it is.</summary>
    public AppType Type { get; init; }

    /// <summary>Shown to people; at most 350 characters.</summary>
    public required string Name { get; set; }

    /// <summary>Host and path patterns it covers, as written (<c>app.example.com/admin</c>); the first is the primary one. Empty unless it is self-hosted.</summary>
    public required List<string> Domains { get; set; }

    /// <summary>How people sign in to it where it stands; null unless it is SaaS.</summary>
    public SaasSettings? Saas { get; set; }

    /// <summary>What its sign-in addresses are called, and its client id: 64 lower-case hex digits, fixed for the life of the app. Null unless it is SaaS.</summary>
    public string? SsoId { get; init; }

    /// <summary>SHA-256 of its client secret; null unless it is SaaS by OpenID Connect.</summary>
    public byte[]? ClientSecretHash { get; set; }

    /// <summary>SHA-256 of the client secret before this one; null when that counts no more.</summary>
    public byte[]? PreviousClientSecretHash { get; set; }

    /// <summary>Until when the client secret before this one counts.</summary>
    public DateTimeOffset? PreviousClientSecretExpiresAt { get; set; }

    /// <summary>Where a bookmark leads; null for others.</summary>
    public string? BookmarkUrl { get; set; }

    /// <summary>How the App Launcher looks; null for others.</summary>
    public LauncherLook? Launcher { get; set; }

    /// <summary>Picture on its tile; null means none.</summary>
    public string? LogoUrl { get; set; }

    /// <summary>How long an app token lives. 0 to 31 days; zero asks for a sign-in on each navigation.</summary>
    public TimeSpan SessionDuration { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Login methods people may use; empty means all.</summary>
    public List<Guid> AllowedLoginMethods { get; set; } = [];

    /// <summary>Skip the choice of login method when exactly one is allowed.</summary>
    public bool AutoRedirectToIdentity { get; set; }

    /// <summary>Whether the launcher shows it.</summary>
    public bool AppLauncherVisible { get; set; } = true;

    /// <summary>Whether scripts are kept from reading the app token.</summary>
    public bool HttpOnlyCookie { get; set; } = true;

    /// <summary>SameSite of the app token's cookie; null means None.</summary>
    public CookieSameSite? SameSiteCookie { get; set; }

    /// <summary>Limit the cookie to the app's path, so two apps on one host hold separate sessions.</summary>
    public bool PathCookie { get; set; }

    /// <summary>Let CORS preflights through to the origin without a session.</summary>
    public bool OptionsPreflightBypass { get; set; }

    /// <summary>Preflights that the gateway answers itself; null means none.</summary>
    public CorsRules? Cors { get; set; }

    /// <summary>Bind the app token to a second cookie, without which it does not count.</summary>
    public bool BindingCookie { get; set; }

    /// <summary>Answer 401 rather than lead to the login page when a service token was sent that admits nothing.</summary>
    public bool ServiceAuth401 { get; set; }

    /// <summary>A header in which a service token may come whole, as JSON; null means none.</summary>
    public string? ServiceTokenHeader { get; set; }

    /// <summary>Whether a program on one's own machine gets its token without a question in between.</summary>
    public bool SkipInterstitial { get; set; }

    /// <summary>Whether a sign-in is carried to the app's other hosts at once.</summary>
    public bool EagerRedirect { get; set; }

    /// <summary>How programs that act for a person get tokens; null means not.</summary>
    public AgentRules? Agents { get; set; }

    /// <summary>The second factor that is asked of people here; null means as the organization says.</summary>
    public MfaRules? Mfa { get; set; }

    /// <summary>Moves on when all tokens of the app are ended: those of before are none any more.</summary>
    public int TokenEpoch { get; set; }

    /// <summary>Shown to people who are denied; null means the default text.</summary>
    public string? CustomDenyMessage { get; set; }

    /// <summary>Where people who are denied are sent; null means our own page.</summary>
    public string? CustomDenyUrl { get; set; }

    /// <summary>Where requests are sent that are denied without anyone having signed in; null means our own page.</summary>
    public string? CustomNonIdentityDenyUrl { get; set; }

    /// <summary>Names of <see cref="AppTag"/>s, in alphabetical order.</summary>
    public List<string> Tags { get; set; } = [];

    /// <summary>Custom pages, at most one of each kind.</summary>
    public List<Guid> CustomPages { get; set; } = [];

    /// <summary>The policies attached to it, in no particular order.</summary>
    public List<AppPolicy> Policies { get; set; } = [];

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}

/// <summary>The SameSite attribute of a cookie.</summary>
public enum CookieSameSite
{
    /// <summary>Sent on every request.</summary>
    None,

    /// <summary>Sent on same-site requests and top-level navigations.</summary>
    Lax,

    /// <summary>Sent on same-site requests only.</summary>
    Strict,
}

/// <summary>Attaches a policy to an app at a place in the order.</summary>
public sealed class AppPolicy
{
    /// <summary>The app.</summary>
    public Guid AppId { get; init; }

    /// <summary>The policy.</summary>
    public required Guid PolicyId { get; init; }

    /// <summary>The policy itself, when loaded.</summary>
    public Policy? Policy { get; set; }

    /// <summary>Lower runs first; unique within the app; at least 1.</summary>
    public required int Precedence { get; set; }
}
