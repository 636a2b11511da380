using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Hosts;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Events;

/// <summary>
/// Writes down what anybody can cause without end: once in a while for each network, user and target. How often it came besides, the next event
/// of the kind tells (<c>repeated</c>), or the log when there is none.
/// </summary>
public sealed partial class RepeatedEvents(IEventLog log, TimeProvider clock, ILogger<RepeatedEvents> logger)
{
    private const int MostKept = 5_000;
    private static readonly TimeSpan Once = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    private readonly Lock turn = new();
    private readonly Dictionary<Cause, Tally> kept = []; // guarded by turn
    private DateTimeOffset swept; // guarded by turn

    /// <summary>Queues <paramref name="happened"/>, unless its like was a moment ago.</summary>
    /// <param name="target">What it is about; never what a visitor typed.</param>
    public void Enqueue(NewEvent happened, string target)
    {
        if (Count(new Cause(happened.Action, NetworkOf(happened.ClientIp), happened.Actor?.Id, target)) is not { } repeated)
        {
            return;
        }

        if (repeated > 0)
        {
            happened.Context["repeated"] = JsonValue.Create(repeated);
        }

        log.Enqueue(happened);
    }

    // How often it came since the last event; null when that was a moment ago.
    private int? Count(Cause cause)
    {
        var now = clock.GetUtcNow();
        List<(Cause Cause, int Count)> forgotten = [];
        try
        {
            lock (turn)
            {
                forgotten = Sweep_NeedsLock(now);

                // So many networks at once are one attack: the rest of it is one cause.
                cause = kept.Count < MostKept || kept.ContainsKey(cause) ? cause : new Cause(cause.Action, "", null, "");
                if (kept.TryGetValue(cause, out var tally) && now - tally.Since < Once)
                {
                    kept[cause] = tally with { Count = tally.Count + 1 };
                    return null;
                }

                kept[cause] = new Tally(now, 0);
                return tally.Count;
            }
        }
        finally
        {
            forgotten.ForEach(f => LogRepeated(f.Cause.Action, f.Cause.Target, f.Cause.Network, f.Cause.UserId, f.Count));
        }
    }

    // What is a little older than it need be stays for the next event to tell of.
    private List<(Cause Cause, int Count)> Sweep_NeedsLock(DateTimeOffset now)
    {
        if (now - swept < SweepEvery)
        {
            return [];
        }

        swept = now;
        var old = kept.Where(k => now - k.Value.Since >= 2 * Once).ToList();
        old.ForEach(o => kept.Remove(o.Key));
        return [.. old.Where(o => o.Value.Count > 0).Select(o => (o.Key, o.Value.Count))];
    }

    private static string NetworkOf(string? address) => IPAddress.TryParse(address, out var parsed) ? ClientNetwork.Of(parsed).ToString() : "";

    [LoggerMessage(EventId = 6601, Level = LogLevel.Information, Message = "Event {Action} about {Target} from {Network} by user {UserId} came {Count} times more, which no event tells of")]
    private partial void LogRepeated(string action, string target, string network, int? userId, int count);

    private readonly record struct Cause(string Action, string Network, int? UserId, string Target);

    private readonly record struct Tally(DateTimeOffset Since, int Count);
}
