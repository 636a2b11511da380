namespace Gatehouse.Model.Tokens;

/// <summary>A device that waits for somebody to let it in (RFC 8628).</summary>
public sealed class DeviceCode
{
    /// <summary>SHA-256 of the device code, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary>SHA-256 of the code that people type, lower-case hex; unique.</summary>
    public required string UserCodeHash { get; init; }

    /// <summary>The client.</summary>
    public required int ProviderId { get; init; }

    /// <summary>Scopes it asks for.</summary>
    public required List<string> Scopes { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Seconds between two questions of the device; grows when it asks too often.</summary>
    public required int Interval { get; set; }

    /// <summary>Asking before this is too often.</summary>
    public required DateTimeOffset NextPollAt { get; set; }

    /// <summary>What was granted; null while nobody has agreed.</summary>
    public Guid? GrantId { get; set; }

    /// <summary>When tokens were issued for it; null means not yet.</summary>
    public DateTimeOffset? UsedAt { get; set; }
}

/// <summary>An authorization request that a client sent ahead, past the browser (RFC 9126).</summary>
public sealed class PushedRequest
{
    /// <summary>SHA-256 of the random part of its <c>request_uri</c>, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary>The client.</summary>
    public required int ProviderId { get; init; }

    /// <summary>The request as a query string.</summary>
    public required string Query { get; init; }

    /// <summary>When it ends; moves on once, when a browser first shows it.</summary>
    public required DateTimeOffset ExpiresAt { get; set; }

    /// <summary>When a browser first showed it; null means not yet.</summary>
    public DateTimeOffset? OpenedAt { get; set; }

    /// <summary>When it was answered with success; null means not yet.</summary>
    public DateTimeOffset? UsedAt { get; set; }
}

/// <summary>A signed proof that was shown: it must not be shown again while it could still be fresh.</summary>
public sealed class UsedProof
{
    /// <summary>SHA-256 over kind, key and <c>jti</c>, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary>From then on it is too old to be shown anyway.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}
