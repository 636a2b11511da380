using System.Net;

namespace Gatehouse.Identity.Oidc.Device;

/// <summary>How many device authorizations one address may begin in an hour. Kept in memory: a restart forgives, and no row is written for a stranger.</summary>
internal sealed class DeviceThrottle(TimeProvider clock)
{
    /// <summary>authentik's <c>throttle.providers.oauth2.device</c>.</summary>
    private const int InAnHour = 20;
    private const int MostKept = 10_000;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Lock turn = new();
    private readonly Dictionary<IPAddress, Queue<DateTimeOffset>> kept = []; // guarded by turn

    /// <summary>Counts a request; null lets it through, else how long to wait.</summary>
    public TimeSpan? Begin(IPAddress address)
    {
        var now = clock.GetUtcNow();
        lock (turn)
        {
            if (!kept.TryGetValue(address, out var times))
            {
                MakeRoom_NeedsLock(now);
                kept[address] = times = new Queue<DateTimeOffset>(InAnHour);
            }

            while (times.TryPeek(out var first) && now - first >= Hour)
            {
                times.Dequeue();
            }

            if (times.Count >= InAnHour)
            {
                return times.Peek() + Hour - now;
            }

            times.Enqueue(now);
            return null;
        }
    }

    private void MakeRoom_NeedsLock(DateTimeOffset now)
    {
        if (kept.Count < MostKept)
        {
            return;
        }

        foreach (var (address, _) in kept.Where(k => k.Value.All(t => now - t >= Hour)).ToList())
        {
            kept.Remove(address);
        }

        // All of them fresh: somebody has many addresses. The one that asked least goes.
        if (kept.Count >= MostKept)
        {
            kept.Remove(kept.MinBy(k => k.Value.Count).Key);
        }
    }
}
