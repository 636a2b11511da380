namespace Gatehouse.Model.Bindings;

/// <summary>The kinds of policy there are.</summary>
public enum PolicyKind
{
    /// <summary>An expression decides.</summary>
    Expression,

    /// <summary>Passes for who has failed too often.</summary>
    Reputation,

    /// <summary>Passes for events that fit.</summary>
    EventMatcher,

    /// <summary>Passes for good passwords.</summary>
    Password,

    /// <summary>Passes while the password is young.</summary>
    PasswordExpiry,

    /// <summary>Passes for passwords that were not used lately.</summary>
    UniquePassword,

    /// <summary>Passes for places.</summary>
    GeoIp,

    /// <summary>Says what it is told to.</summary>
    Dummy,
}

/// <summary>A rule of Identity that says yes or no about somebody (authentik's policy).</summary>
public sealed class IdentityPolicy
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique name.</summary>
    public required string Name { get; set; }

    /// <summary>Kind.</summary>
    public required PolicyKind Kind { get; init; }

    /// <summary>Settings of its kind, a JSON object with authentik's field names, each there.</summary>
    public required string SettingsJson { get; set; }

    /// <summary>Whether each run is an event.</summary>
    public bool LogsRuns { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}

/// <summary>How often somebody failed to sign in, net of successes.</summary>
public sealed class Reputation
{
    /// <summary>The lowest and the highest score.</summary>
    public const int Limit = 5;

    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>The name that was typed, in its lookup form.</summary>
    public required string Identifier { get; init; }

    /// <summary>Client address; the first address of the /64 for version 6.</summary>
    public required string Ip { get; init; }

    /// <summary>One less for each failure, one more for each success.</summary>
    public required int Score { get; set; }

    /// <summary>When it last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; set; }

    /// <summary>When it may be forgotten.</summary>
    public required DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>A password that a user had before.</summary>
public sealed class PastPassword
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Whose.</summary>
    public required int UserId { get; init; }

    /// <summary>Its kept hash.</summary>
    public required string Hash { get; init; }

    /// <summary>When it was replaced.</summary>
    public required DateTimeOffset ReplacedAt { get; init; }
}
