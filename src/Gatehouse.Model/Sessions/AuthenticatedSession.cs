namespace Gatehouse.Model.Sessions;

/// <summary>A browser signed in at Identity.</summary>
public sealed class AuthenticatedSession
{
    /// <summary>SHA-256 of the cookie's token, lower-case hex; the token itself is kept nowhere.</summary>
    public required string Id { get; init; }

    /// <summary>Public id.</summary>
    public required Guid Uuid { get; init; }

    /// <summary>Who.</summary>
    public required int UserId { get; init; }

    /// <summary>When they last proved who they are.</summary>
    public required DateTimeOffset AuthenticatedAt { get; set; }

    /// <summary>How (RFC 8176): <c>pwd</c>, <c>mfa</c>, ...</summary>
    public List<string> Amr { get; set; } = [];

    /// <summary>Last address.</summary>
    public required string LastAddress { get; set; }

    /// <summary>Last User-Agent, at most 512 characters.</summary>
    public required string LastUserAgent { get; set; }

    /// <summary>When it was last used, to the minute.</summary>
    public required DateTimeOffset LastUsedAt { get; set; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Whether use moves <see cref="ExpiresAt"/> on; a session of a set length ends when it was going to.</summary>
    public bool IsSliding { get; init; } = true;

    /// <summary>Whether its cookie outlives the browser: then a <see cref="RememberedToken"/> has to come with it.</summary>
    public bool IsRemembered { get; init; }

    /// <summary>Whom the person acts as, an administrator's privilege; null means themselves.</summary>
    public int? ImpersonatedUserId { get; set; }

    /// <summary>The network it may be used from, such as <c>192.0.2.0/24</c>; null means any.</summary>
    public string? BoundTo { get; init; }
}
