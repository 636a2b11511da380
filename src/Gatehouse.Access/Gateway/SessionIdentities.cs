using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Gatehouse.Access.SignIn;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Microsoft.Extensions.Options;

namespace Gatehouse.Access.Gateway;

/// <summary>
/// What login methods said of people whose tokens are to be judged anew: from memory for a minute, since a new sign-in can change it. While the
/// store is away what was known goes on; sessions that ended are told apart elsewhere.
/// </summary>
internal sealed class SessionIdentities(IAccessSessions sessions, TimeProvider clock, IOptions<GatewayOptions> options)
{
    private static readonly TimeSpan LongestLookUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Current = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private readonly RecentValues<Known> known = new(options.Value.CachedSessions);
    private readonly ConcurrentDictionary<string, Lazy<Task<VisitorIdentity?>>> running = new(StringComparer.Ordinal);

    /// <summary>
    /// The identity of a session, as it was at <paramref name="issuedAt"/> or later: people pass more things with the same session, and get a
    /// new token for it. Null when there is no such session. Throws whatever the store throws, or a timeout.
    /// </summary>
    public ValueTask<VisitorIdentity?> FindAsync(string nonce, DateTimeOffset issuedAt, CancellationToken cancellationToken) =>
        known.Find(nonce) is not { } found || issuedAt > found.ForTokensUpTo ? new(LookUpAsync(nonce, issuedAt, cancellationToken))
        : clock.GetUtcNow() < found.Until ? new(found.Identity)
        : new(LookAgainAsync(nonce, found, cancellationToken));

    [SuppressMessage("Design", "CA1031", Justification = "Whatever the store throws, the identity that was known goes on.")]
    private async Task<VisitorIdentity?> LookAgainAsync(string nonce, Known before, CancellationToken cancellationToken)
    {
        try
        {
            return await LookUpAsync(nonce, before.ForTokensUpTo, cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            known.Add(nonce, before with { Until = clock.GetUtcNow() + Rest }); // the table's own age says when that has to end
            return before.Identity;
        }
    }

    // A page asks for a hundred things at once; they share one query.
    private async Task<VisitorIdentity?> LookUpAsync(string nonce, DateTimeOffset issuedAt, CancellationToken cancellationToken)
    {
        var look = running.GetOrAdd(nonce, n => new Lazy<Task<VisitorIdentity?>>(() => AskAsync(n, issuedAt)));
        try
        {
            return await look.Value.WaitAsync(cancellationToken);
        }
        finally
        {
            running.TryRemove(KeyValuePair.Create(nonce, look));
        }
    }

    private async Task<VisitorIdentity?> AskAsync(string nonce, DateTimeOffset issuedAt)
    {
        using var limit = new CancellationTokenSource(LongestLookUp, clock);
        var session = await sessions.FindAsync(nonce, limit.Token).WaitAsync(limit.Token);
        if (session is null)
        {
            return null;
        }

        var identity = SessionIdentity.Of(session);
        known.Add(nonce, new Known(identity, issuedAt, clock.GetUtcNow() + Current));
        return identity;
    }

    private sealed record Known(VisitorIdentity Identity, DateTimeOffset ForTokensUpTo, DateTimeOffset Until);
}
