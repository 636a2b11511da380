namespace Gatehouse.Model.Settings;

/// <summary>A link at the foot of Identity's pages; without a target it is text.</summary>
public sealed record FooterLink(string? Href, string Name);

/// <summary>Settings of Identity that administrators change at run time; authentik's names and defaults.</summary>
public sealed record SystemSettings
{
    /// <summary>Name of the setting that holds them.</summary>
    public const string Name = "system_settings";

    /// <summary>Where pictures of people come from. We draw initials whatever it says, so that nobody outside learns who our users are.</summary>
    public string Avatars { get; init; } = "initials";

    /// <summary>People may change their name.</summary>
    public bool MayChangeName { get; init; } = true;

    /// <summary>People may change their address.</summary>
    public bool MayChangeEmail { get; init; }

    /// <summary>People may change their username.</summary>
    public bool MayChangeUsername { get; init; }

    /// <summary>How long events are kept, as written (<c>days=365</c>).</summary>
    public string EventRetention { get; init; } = "days=365";

    /// <summary>The worst reputation there is.</summary>
    public int ReputationLowest { get; init; } = -5;

    /// <summary>The best reputation there is.</summary>
    public int ReputationHighest { get; init; } = 5;

    /// <summary>Links at the foot of pages.</summary>
    public IReadOnlyList<FooterLink> FooterLinks { get; init; } = [];

    /// <summary>The events of a deleted user go with them.</summary>
    public bool ForgetsDeletedUsers { get; init; } = true;

    /// <summary>Administrators may act as somebody else.</summary>
    public bool AllowsImpersonation { get; init; } = true;

    /// <summary>They must say why.</summary>
    public bool ImpersonationNeedsReason { get; init; } = true;

    /// <summary>How long a token lasts, as written.</summary>
    public string TokenDuration { get; init; } = "days=1";

    /// <summary>How many characters a token's key has. 30 to 128.</summary>
    public int TokenLength { get; init; } = 60;
}
