using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Security.Cryptography;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Tests.Fakes;

/// <summary>Sessions in memory, with the promises of the real ones.</summary>
internal sealed class FakeAccessSessions(TimeProvider clock) : IAccessSessions
{
    private readonly ConcurrentDictionary<string, AccessSession> sessions = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> burnt = new();
    private readonly ConcurrentDictionary<string, Guid> users = new();

    /// <summary>What the gateway and the team domain ask for ended sessions.</summary>
    public FakeSnapshot<RevocationTable> Revocations { get; } = new(RevocationTable.Empty, clock);

    /// <summary>All sessions.</summary>
    public ICollection<AccessSession> All => sessions.Values;

    /// <summary>What ending sessions throws; null means it works.</summary>
    public Exception? Fault { get; set; }

    /// <summary>How many rows one-time codes took.</summary>
    public int Burnt => burnt.Count;

    /// <inheritdoc/>
    public Task<AccessSession> StartAsync(NewAccessSession facts, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var session = new AccessSession
        {
            Nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(11)),
            UserId = users.GetOrAdd(facts.Email, _ => Guid.CreateVersion7()),
            Email = facts.Email,
            Name = facts.Name,
            Subject = facts.Subject,
            ProviderSession = facts.ProviderSession,
            LoginMethodId = facts.LoginMethodId,
            ClaimsJson = facts.ClaimsJson,
            GroupsJson = facts.GroupsJson,
            Amr = [.. facts.Amr],
            Passed = [.. facts.Passed],
            BegunBy = facts.BegunBy,
            Address = facts.Address,
            AuthenticatedAt = facts.AuthenticatedAt,
            CreatedAt = now,
            ExpiresAt = now + facts.Duration,
            ForgetAt = now + facts.Duration + facts.LongestToken,
        };
        sessions[session.Nonce] = session;
        return Task.FromResult(session);
    }

    /// <inheritdoc/>
    public async Task<AccessSession?> StartUnderAsync(string parent, NewAccessSession facts, CancellationToken cancellationToken)
    {
        if (await FindAsync(parent, cancellationToken) is not { ParentNonce: null } living || living.ExpiresAt <= clock.GetUtcNow())
        {
            return null;
        }

        var session = await StartAsync(facts, cancellationToken);
        session.ParentNonce = parent;
        return session;
    }

    /// <inheritdoc/>
    public Task<AccessSession?> FindAsync(string nonce, CancellationToken cancellationToken) =>
        Task.FromResult(sessions.TryGetValue(nonce, out var session) && session.RevokedAt is null ? session : null);

    /// <inheritdoc/>
    public Task<AccessSession?> FindBegunByAsync(string roundTrip, CancellationToken cancellationToken) =>
        Task.FromResult(sessions.Values.SingleOrDefault(s => s.BegunBy == roundTrip && s.RevokedAt is null));

    /// <inheritdoc/>
    public Task PassAsync(string nonce, string prefix, IReadOnlyList<string> passed, CancellationToken cancellationToken)
    {
        if (sessions.TryGetValue(nonce, out var session))
        {
            session.Pass(prefix, passed);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task RevokeAsync(string nonce, CancellationToken cancellationToken)
    {
        var person = sessions.TryGetValue(nonce, out var ended) && ended.ParentNonce is null ? ended.UserId : (Guid?)null;
        bool IsOver(string parent) => !sessions.TryGetValue(parent, out var found) || found.ExpiresAt <= clock.GetUtcNow();
        return EndAsync(s => s.Nonce == nonce || s.ParentNonce == nonce || (s.ParentNonce is { } parent && s.UserId == person && IsOver(parent)));
    }

    /// <inheritdoc/>
    public async Task ReplaceAsync(string nonce, string successor, CancellationToken cancellationToken)
    {
        var newer = sessions[successor];
        foreach (var granted in sessions.Values.Where(s => s.ParentNonce == nonce && s.UserId == newer.UserId && s.LoginMethodId == newer.LoginMethodId))
        {
            granted.ParentNonce = successor;
            granted.Follow(newer);
        }

        await EndAsync(s => s.Nonce == nonce || s.ParentNonce == nonce);
    }

    private Task EndAsync(Func<AccessSession, bool> which)
    {
        foreach (var session in sessions.Values.Where(s => s.RevokedAt is null && which(s)))
        {
            session.RevokedAt = clock.GetUtcNow();
        }

        Revocations.Swap(new RevocationTable(sessions.Values.Where(s => s.RevokedAt is not null).Select(s => s.Nonce).ToFrozenSet()));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<int?> RevokeOnceAsync(ProviderLogout logout, string id, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        if (Fault is { } fault)
        {
            throw fault;
        }

        if (!burnt.TryAdd(id, expiresAt))
        {
            return null;
        }

        var ended = sessions.Values.Where(s => s.RevokedAt is null && s.LoginMethodId == logout.LoginMethodId
            && (logout.Subject is null || s.Subject == logout.Subject)
            && (logout.ProviderSession is null || s.ProviderSession == logout.ProviderSession || (s.ProviderSession.Length == 0 && logout.Subject is not null))).ToList();
        foreach (var session in ended)
        {
            await RevokeAsync(session.Nonce, cancellationToken);
        }

        return ended.Count;
    }

    /// <inheritdoc/>
    public Task<bool> TryBurnAsync(string id, DateTimeOffset expiresAt, CancellationToken cancellationToken) => Task.FromResult(burnt.TryAdd(id, expiresAt));
}
