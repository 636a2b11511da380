namespace Gatehouse.Model.Sessions;

/// <summary>What a login method said, about to become a session.</summary>
public sealed class NewAccessSession
{
    /// <summary>Canonical address.</summary>
    public required string Email { get; init; }

    /// <summary>Display name; may be empty.</summary>
    public required string Name { get; init; }

    /// <summary>The provider's subject.</summary>
    public required string Subject { get; init; }

    /// <summary>The provider's name of its own session (<c>sid</c>); empty when it gave none.</summary>
    public string ProviderSession { get; init; } = "";

    /// <summary>The login method used.</summary>
    public required Guid LoginMethodId { get; init; }

    /// <summary>Claims as delivered, as JSON object.</summary>
    public required string ClaimsJson { get; init; }

    /// <summary>Groups as delivered, as JSON array.</summary>
    public required string GroupsJson { get; init; }

    /// <summary>Authentication methods.</summary>
    public required IReadOnlyList<string> Amr { get; init; }

    /// <summary>When the person proved who they are; null means that nobody said.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>What they passed besides policies.</summary>
    public IReadOnlyList<string> Passed { get; init; } = [];

    /// <summary>The round trip to the login method that begins it; null when none does.</summary>
    public string? BegunBy { get; init; }

    /// <summary>Client address.</summary>
    public required string Address { get; init; }

    /// <summary>How long the sign-in lasts.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The longest life any app token of it may have.</summary>
    public required TimeSpan LongestToken { get; init; }
}

/// <summary>What a login method's provider says has ended: a session of its own, or all of a person's. At least one of the two is there.</summary>
/// <param name="LoginMethodId">The login method.</param>
/// <param name="Subject">Whose; null means whoever had that session.</param>
/// <param name="ProviderSession">The provider's name of the session; null means all of the subject's.</param>
public sealed record ProviderLogout(Guid LoginMethodId, string? Subject, string? ProviderSession);

/// <summary>Keeps Access's sessions. Each method returns when its change is durable.</summary>
public interface IAccessSessions
{
    /// <summary>Starts a session; finds or makes the user.</summary>
    Task<AccessSession> StartAsync(NewAccessSession facts, CancellationToken cancellationToken);

    /// <summary>Starts a session for a program that a person granted it in the session <paramref name="parent"/>; null when that has ended. It ends with its parent.</summary>
    Task<AccessSession?> StartUnderAsync(string parent, NewAccessSession facts, CancellationToken cancellationToken);

    /// <summary>The session of this nonce, or null when there is none or it was ended. May be past <see cref="AccessSession.ExpiresAt"/>.</summary>
    Task<AccessSession?> FindAsync(string nonce, CancellationToken cancellationToken);

    /// <summary>The session that this round trip to a login method began, or null when it began none or that was ended. May be past <see cref="AccessSession.ExpiresAt"/>.</summary>
    Task<AccessSession?> FindBegunByAsync(string roundTrip, CancellationToken cancellationToken);

    /// <summary>
    /// Ends a session everywhere; this node refuses its tokens before it returns. With a person's session end those of programs that were granted in
    /// it, and in sessions of theirs that have run out: nobody could end those any more.
    /// </summary>
    Task RevokeAsync(string nonce, CancellationToken cancellationToken);

    /// <summary>
    /// Ends a session as <see cref="RevokeAsync"/> does, but the same person has signed in anew: what programs were granted goes on under
    /// <paramref name="successor"/>, with what the login method said this time. What was granted after a sign-in by another login method ends.
    /// </summary>
    Task ReplaceAsync(string nonce, string successor, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the sessions that a login method says have ended there, everywhere; this node refuses their tokens before it returns. The answer is
    /// how many. A session whose provider gave it no name is meant by its subject alone. The code that said so is used up with it, both or
    /// neither: null when it was used before, and then nothing ends.
    /// </summary>
    Task<int?> RevokeOnceAsync(ProviderLogout logout, string id, DateTimeOffset expiresAt, CancellationToken cancellationToken);

    /// <summary>Puts <paramref name="passed"/> in place of what the session has passed of the kind <paramref name="prefix"/>. Nothing happens when there is no such session.</summary>
    Task PassAsync(string nonce, string prefix, IReadOnlyList<string> passed, CancellationToken cancellationToken);

    /// <summary>Uses up a one-use code: true for the first caller on any node, false ever after.</summary>
    Task<bool> TryBurnAsync(string id, DateTimeOffset expiresAt, CancellationToken cancellationToken);
}
