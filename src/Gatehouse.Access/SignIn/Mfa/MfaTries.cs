using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.SignIn.Mfa;

/// <summary>
/// Makes answers few that can't be right, or are by keys: nobody guesses those, but each wrong one is written down. Codes are counted by the app that they are
/// of, in the store. In the session, so that nobody holds up another who has the same key; on this node.
/// </summary>
internal sealed class MfaTries(TimeProvider clock)
{
    private const int MostCounted = 4096;
    private const int Free = 4;

    private readonly Lock gate = new();
    private readonly RecentValues<Count> counts = new(MostCounted);

    /// <summary>Counts an answer before it is looked at. Null lets it be looked at; else how long to wait.</summary>
    public TimeSpan? Begin(AccessSession session)
    {
        var now = clock.GetUtcNow();
        lock (gate)
        {
            var count = counts.Find(session.Nonce) ?? new Count(0, now);
            if (count.NextAt > now)
            {
                return count.NextAt - now;
            }

            var tries = count.Tries + 1;
            counts.Add(session.Nonce, new Count(tries, tries > Free ? now + GuessWait.After(tries - Free, 1) : now));
            return null;
        }
    }

    /// <summary>An answer was right: forgets the wrong ones.</summary>
    public void Forget(AccessSession session)
    {
        lock (gate)
        {
            counts.Add(session.Nonce, new Count(0, clock.GetUtcNow()));
        }
    }

    private sealed record Count(int Tries, DateTimeOffset NextAt);
}
