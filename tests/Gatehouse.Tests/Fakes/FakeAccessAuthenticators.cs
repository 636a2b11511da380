using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Policies;

namespace Gatehouse.Tests.Fakes;

/// <summary>Second factors in memory, with the promises of the real ones.</summary>
internal sealed class FakeAccessAuthenticators(FakeAccessSessions sessions, TimeProvider clock) : IAccessAuthenticators
{
    private readonly Lock gate = new();

    /// <summary>All of everybody.</summary>
    public List<AccessAuthenticator> All { get; } = [];

    /// <summary>What browsers are remembered for.</summary>
    public List<RememberedProof> Proofs { get; } = [];

    /// <summary>How many codes were looked at.</summary>
    public int Tries { get; private set; }

    public Task<IReadOnlyList<AccessAuthenticator>> ListAsync(Guid userId, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<AccessAuthenticator>>([.. All.Where(a => a.UserId == userId).OrderByDescending(a => a.LastUsedAt)]);
        }
    }

    public Task<bool> TryAddAsync(AccessAuthenticator made, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (All.Exists(a => (a is AccessTotp && made is AccessTotp && a.UserId == made.UserId) || (a is AccessCredential one && made is AccessCredential other && one.CredentialId == other.CredentialId)))
            {
                return Task.FromResult(false);
            }

            All.Add(made);
            return Task.FromResult(true);
        }
    }

    public Task<AccessAuthenticator?> RemoveAsync(Guid userId, Guid id, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (All.Find(a => a.UserId == userId && a.Id == id) is not { } found)
            {
                return Task.FromResult<AccessAuthenticator?>(null);
            }

            All.Remove(found);
            Proofs.RemoveAll(p => p.AuthenticatorId == id);
            foreach (var session in sessions.All.Where(s => s.UserId == userId))
            {
                session.Passed = [.. session.Passed.Where(p => !p.StartsWith(Passed.OfMfa(found.Method), StringComparison.Ordinal))];
            }

            return Task.FromResult<AccessAuthenticator?>(found);
        }
    }

    public Task<TimeSpan?> BeginTryAsync(AccessTotp app, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var now = clock.GetUtcNow();
            if (app.NextTryAt > now)
            {
                return Task.FromResult<TimeSpan?>(app.NextTryAt - now);
            }

            Tries++;
            app.NextTryAt = now + GuessWait.After(++app.Failures, 1);
            return Task.FromResult<TimeSpan?>(null);
        }
    }

    public Task<bool> TryBurnAsync(AccessTotp app, long step, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var isFirst = app.LastStep < step;
            (app.LastStep, app.Failures, app.NextTryAt, app.LastUsedAt) = isFirst ? (step, 0, DateTimeOffset.UnixEpoch, clock.GetUtcNow()) : (app.LastStep, app.Failures, app.NextTryAt, app.LastUsedAt);
            return Task.FromResult(isFirst);
        }
    }

    public Task<bool> TryMoveAsync(AccessCredential credential, uint count, bool isBackedUp, CancellationToken cancellationToken)
    {
        (credential.SignCount, credential.IsBackedUp, credential.LastUsedAt) = (count, isBackedUp, clock.GetUtcNow());
        return Task.FromResult(true);
    }

    public Task<bool> RememberAsync(RememberedProof proof, CancellationToken cancellationToken)
    {
        if (!All.Exists(a => a.Id == proof.AuthenticatorId))
        {
            return Task.FromResult(false);
        }

        Proofs.RemoveAll(p => p.DeviceHash == proof.DeviceHash && p.UserId == proof.UserId && p.Method == proof.Method);
        Proofs.Add(proof);
        return Task.FromResult(true);
    }

    public Task<IReadOnlyList<RememberedProof>> RecallAsync(Guid userId, string deviceHash, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<RememberedProof>>([.. Proofs.Where(p => p.UserId == userId && p.DeviceHash == deviceHash && All.Exists(a => a.Id == p.AuthenticatorId))]);
}
