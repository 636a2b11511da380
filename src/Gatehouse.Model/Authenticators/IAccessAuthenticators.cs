namespace Gatehouse.Model.Authenticators;

/// <summary>Keeps the authenticators that people enrolled at Access. Each method returns when its change is durable.</summary>
public interface IAccessAuthenticators
{
    /// <summary>The most security keys and readers that anybody can have.</summary>
    const int Most = 20;

    /// <summary>All of a person's, the last used first.</summary>
    Task<IReadOnlyList<AccessAuthenticator>> ListAsync(Guid userId, CancellationToken cancellationToken);

    /// <summary>Adds one. False when its owner has an app already or too many keys, or somebody has the credential, or its owner is gone.</summary>
    Task<bool> TryAddAsync(AccessAuthenticator made, CancellationToken cancellationToken);

    /// <summary>Removes one of a person's, and forgets what was proved by it: in browsers, and in sessions that go on to other apps. Null when they have no such one.</summary>
    Task<AccessAuthenticator?> RemoveAsync(Guid userId, Guid id, CancellationToken cancellationToken);

    /// <summary>Counts a try at a code before it is looked at, so that many at once are not all the first. Null lets it be looked at; else how long to wait.</summary>
    Task<TimeSpan?> BeginTryAsync(AccessTotp app, CancellationToken cancellationToken);

    /// <summary>A code was right: burns its step, and forgets the wrong ones. False when another was first.</summary>
    Task<bool> TryBurnAsync(AccessTotp app, long step, CancellationToken cancellationToken);

    /// <summary>A signature was right: moves the counter from what was read. False when another was first.</summary>
    Task<bool> TryMoveAsync(AccessCredential credential, uint count, bool isBackedUp, CancellationToken cancellationToken);

    /// <summary>Remembers a proof in place of the browser's last one of that kind. False when its authenticator was removed meanwhile.</summary>
    Task<bool> RememberAsync(RememberedProof proof, CancellationToken cancellationToken);

    /// <summary>What a person proved in a browser, by what they still have.</summary>
    Task<IReadOnlyList<RememberedProof>> RecallAsync(Guid userId, string deviceHash, CancellationToken cancellationToken);
}
