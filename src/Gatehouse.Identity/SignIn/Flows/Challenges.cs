using System.Text.Json.Nodes;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>What the executor asks or says, in authentik's JSON. Generated clients throw when a required key is missing, so each is always written.</summary>
internal abstract record Challenge(string Component)
{
    /// <summary>Heading and way out; the executor fills it in.</summary>
    public FlowInfo? FlowInfo { get; init; }

    /// <summary>Faults by field; null when there are none.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<ErrorDetail>>? ResponseErrors { get; init; }
}

/// <summary>What surrounds each challenge.</summary>
internal sealed record FlowInfo(string Title, string CancelUrl, string Background = "", string Layout = "stacked");

/// <summary>One fault: for people, and for programs.</summary>
internal sealed record ErrorDetail(string String, string Code);

/// <summary>Asks who somebody is.</summary>
internal sealed record IdentificationChallenge(
    IReadOnlyList<string> UserFields,
    bool PasswordFields,
    bool AllowShowPassword,
    string FlowDesignation,
    string PrimaryAction,
    bool ShowSourceLabels,
    string? PendingUserIdentifier,
    string? ApplicationPre) : Challenge("ak-stage-identification")
{
    /// <summary>Other ways to sign in; none yet.</summary>
    public IReadOnlyList<string> Sources { get; } = [];

    /// <summary>Whether the page offers to fill in the name next time.</summary>
    public bool EnableRememberMe { get; init; }

    /// <summary>Where newcomers enrol; null means nowhere.</summary>
    public string? EnrollUrl { get; init; }

    /// <summary>Where a forgotten password is set anew; null means nowhere.</summary>
    public string? RecoveryUrl { get; init; }

    /// <summary>The flow that signs in without a password; null means there is none.</summary>
    public string? PasswordlessUrl { get; init; }

    /// <summary>What the browser may be asked for, so that a passkey can be picked instead of a name; null means none.</summary>
    public JsonObject? PasskeyChallenge { get; init; }
}

/// <summary>Asks for the password.</summary>
internal sealed record PasswordChallenge(string PendingUser, string PendingUserAvatar, bool AllowShowPassword) : Challenge("ak-stage-password")
{
    /// <summary>Where a forgotten password is set anew; null means nowhere.</summary>
    public string? RecoveryUrl { get; init; }
}

/// <summary>Asks whether an application may see the person's data.</summary>
internal sealed record ConsentChallenge(
    string PendingUser,
    string PendingUserAvatar,
    string HeaderText,
    IReadOnlyList<ConsentPermission> Permissions,
    IReadOnlyList<ConsentPermission> AdditionalPermissions,
    string Token) : Challenge("ak-stage-consent")
{
    /// <summary>The application's privacy policy (OpenID Connect Registration §2); null when it named none.</summary>
    public string? PolicyUri { get; init; }

    /// <summary>Its terms; null when it named none.</summary>
    public string? TosUri { get; init; }

    /// <summary>URL of its picture; null when it has none that browsers should load.</summary>
    public string? ApplicationIcon { get; init; }
}

/// <summary>A scope, and what it means to people.</summary>
internal sealed record ConsentPermission(string Id, string Name);

/// <summary>Has the browser load addresses of applications in frames, so that they end their sessions.</summary>
internal sealed record IframeLogoutChallenge(IReadOnlyList<LogoutUrl> LogoutUrls) : Challenge("ak-provider-iframe-logout");

/// <summary>One such address.</summary>
internal sealed record LogoutUrl(string Url, string ProviderName)
{
    /// <summary>How it is loaded: by its address alone.</summary>
    public string Binding { get; } = "redirect";
}

/// <summary>Ends a logout: what was left, and where people may want to go.</summary>
/// <param name="ApplicationName">The application that was logged out of; null when it was everything.</param>
/// <param name="ApplicationLaunchUrl">Where it is; null when it leads nowhere a browser should go.</param>
/// <param name="InvalidationFlowUrl">Where to log out of everything; null when that has happened.</param>
/// <param name="OverviewUrl">The person's applications; null when nobody is signed in.</param>
internal sealed record SessionEndChallenge(
    string PendingUser,
    string PendingUserAvatar,
    string BrandName,
    string? ApplicationName,
    string? ApplicationLaunchUrl,
    string? InvalidationFlowUrl,
    string? OverviewUrl) : Challenge("ak-stage-session-end");

/// <summary>Ends a flow without success.</summary>
internal sealed record AccessDeniedChallenge(string PendingUser, string PendingUserAvatar, string ErrorMessage) : Challenge("ak-stage-access-denied");

/// <summary>Ends a flow: the browser goes on.</summary>
internal sealed record RedirectChallenge(string To) : Challenge("xak-flow-redirect")
{
    /// <summary>Nothing of this flow comes after.</summary>
    public bool FinalRedirect { get; } = true;
}
