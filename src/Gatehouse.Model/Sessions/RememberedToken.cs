namespace Gatehouse.Model.Sessions;

/// <summary>
/// What a browser that is remembered shows beside the cookie of its session. One is current; those that were offered in its place wait until the
/// first of them is used, which then replaces all others.
/// </summary>
public sealed class RememberedToken
{
    /// <summary>SHA-256 of the token, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary>Its session.</summary>
    public required string SessionId { get; init; }

    /// <summary>Since when it is the one; null means that it was offered, and nobody has used it yet.</summary>
    public DateTimeOffset? FirstUsedAt { get; set; }

    /// <summary>When another one took its place; null means that none has.</summary>
    public DateTimeOffset? ReplacedAt { get; set; }
}
