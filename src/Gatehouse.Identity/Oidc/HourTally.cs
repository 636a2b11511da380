namespace Gatehouse.Identity.Oidc;

/// <summary>How often each of many may do something in an hour. Kept in memory: a restart forgives, and no row is written for a stranger.</summary>
internal sealed class HourTally<T>(TimeProvider clock, int most)
    where T : notnull
{
    private const int MostKept = 10_000;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Lock turn = new();
    private readonly Dictionary<T, (DateTimeOffset Since, int Count)> kept = []; // guarded by turn

    /// <summary>Counts a request; null lets it through, else how long to wait.</summary>
    public TimeSpan? Begin(T who)
    {
        var now = clock.GetUtcNow();
        lock (turn)
        {
            var (since, count) = kept.TryGetValue(who, out var known) && now - known.Since < Hour ? known : (now, 0);
            if (count >= most)
            {
                return since + Hour - now;
            }

            MakeRoom_NeedsLock(now);
            kept[who] = (since, count + 1);
            return null;
        }
    }

    private void MakeRoom_NeedsLock(DateTimeOffset now)
    {
        if (kept.Count < MostKept)
        {
            return;
        }

        foreach (var (who, _) in kept.Where(k => now - k.Value.Since >= Hour).ToList())
        {
            kept.Remove(who);
        }

        // All of them fresh: somebody has many names. The one that asked least goes.
        if (kept.Count >= MostKept)
        {
            kept.Remove(kept.MinBy(k => k.Value.Count).Key);
        }
    }
}
