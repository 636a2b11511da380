using Gatehouse.Model.Policies;

namespace Gatehouse.Model.Settings;

/// <summary>Settings of the whole Access tenant. There is exactly one.</summary>
public sealed class Organization
{
    /// <summary>Account id: 32 lower-case hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>Shown on the login page.</summary>
    public required string Name { get; set; }

    /// <summary>How long a sign-in lasts for all apps. 15 minutes to 31 days.</summary>
    public TimeSpan SessionDuration { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Refuse hosts that are published but covered by no app. Closed by default.</summary>
    public bool DenyUnmatchedRequests { get; set; } = true;

    /// <summary>Judge requests with a service token by that alone: 401 for a bad one, 403 for one that admits nothing, and no cookie.</summary>
    public bool StrictServiceTokens { get; set; } = true;

    /// <summary>After how many days Access signs with a new key. 21 to 365.</summary>
    public int KeyRotationDays { get; set; } = 42;

    /// <summary>Skip the choice of login method for every app that has exactly one.</summary>
    public bool AutoRedirectToIdentity { get; set; }

    /// <summary>How long decisions are kept. 1 to 400 days.</summary>
    public TimeSpan DecisionRetention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Custom page for people whom policies refuse; null means ours.</summary>
    public Guid? IdentityDeniedPage { get; set; }

    /// <summary>Custom page for requests that are refused without a person; null means ours.</summary>
    public Guid? ForbiddenPage { get; set; }

    /// <summary>Text at the head of the login page; empty means none.</summary>
    public string LoginHeader { get; set; } = "";

    /// <summary>Text at the foot of the login page; empty means none.</summary>
    public string LoginFooter { get; set; } = "";

    /// <summary>Colour of the pages on which people sign in or are refused, <c>#rgb</c> or <c>#rrggbb</c>; null means as shipped.</summary>
    public string? LoginBackground { get; set; }

    /// <summary>Colour of the text there; null means as shipped.</summary>
    public string? LoginTextColor { get; set; }

    /// <summary>Picture instead of the mark there, an https or data URL; null means the mark.</summary>
    public string? LoginLogo { get; set; }

    /// <summary>Access's own second factor; null means that it is off.</summary>
    public OrganizationMfa? Mfa { get; set; }

    /// <summary>Whether every app asks for it that does not say otherwise.</summary>
    public bool MfaRequiredForAllApps { get; set; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
