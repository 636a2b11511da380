using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Hosts;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Events;

/// <summary>
/// Writes down what anybody can cause without end: once in a while for each user and target, or network and target where nobody is signed in. How
/// often it came besides, the next event of the kind tells (<c>repeated</c>), or the log when there is none.
/// </summary>
public sealed partial class RepeatedEvents : IDisposable
{
    private const int MostKept = 5_000;
    private static readonly TimeSpan Once = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    private readonly IEventLog log;
    private readonly TimeProvider clock;
    private readonly ILogger<RepeatedEvents> logger;
    private readonly ITimer sweeping;
    private readonly Lock turn = new();
    private readonly Dictionary<Cause, Tally> visitors = []; // guarded by turn
    private readonly Dictionary<Cause, Tally> people = []; // guarded by turn; a share of its own, which no visitor fills

    /// <summary>Begins to count.</summary>
    public RepeatedEvents(IEventLog log, TimeProvider clock, ILogger<RepeatedEvents> logger)
    {
        (this.log, this.clock, this.logger) = (log, clock, logger);
        sweeping = clock.CreateTimer(_ => Forget(2 * Once), null, SweepEvery, SweepEvery);
    }

    /// <summary>Queues <paramref name="happened"/>, unless its like was a moment ago.</summary>
    /// <param name="target">What it is about; never what a visitor typed.</param>
    /// <param name="first">How many of a user are queued each, before one stands for the others.</param>
    public void Enqueue(NewEvent happened, string target, int first = 1)
    {
        var (share, cause, each) = happened.Actor is { Id: var user }
            ? (people, new Cause(happened.Action, "", user, target), first)
            : (visitors, new Cause(happened.Action, NetworkOf(happened.ClientIp), null, target), 1);
        if (Count(share, cause, each) is not { } repeated)
        {
            return;
        }

        if (repeated > 0)
        {
            happened.Context["repeated"] = JsonValue.Create(repeated);
        }

        log.Enqueue(happened);
    }

    /// <summary>The log tells of what no event will.</summary>
    public void Dispose()
    {
        sweeping.Dispose();
        Forget(TimeSpan.Zero);
    }

    // How often it came that no event tells of; null when this is one time more.
    private int? Count(Dictionary<Cause, Tally> share, Cause cause, int each)
    {
        var now = clock.GetUtcNow();
        lock (turn)
        {
            // So many networks at once are one attack: the rest of it is one cause. So many targets of a user are that user.
            cause = share.Count < MostKept || share.ContainsKey(cause) ? cause : cause with { Network = "", Target = "" };
            if (share.TryGetValue(cause, out var tally) && now - tally.Since < Once)
            {
                var isTold = tally.Told < each;
                share[cause] = isTold ? tally with { Told = tally.Told + 1 } : tally with { Count = tally.Count + 1 };
                return isTold ? 0 : null;
            }

            share[cause] = new Tally(now, 1, 0);
            return tally.Count;
        }
    }

    // What is a little older than it need be stays for the next event to tell of.
    private void Forget(TimeSpan age)
    {
        var now = clock.GetUtcNow();
        List<KeyValuePair<Cause, Tally>> old = [];
        lock (turn)
        {
            foreach (var share in (Dictionary<Cause, Tally>[])[visitors, people])
            {
                var aged = share.Where(k => now - k.Value.Since >= age).ToList();
                aged.ForEach(a => share.Remove(a.Key));
                old.AddRange(aged.Where(a => a.Value.Count > 0));
            }
        }

        old.ForEach(o => LogRepeated(o.Key.Action, o.Key.Target, o.Key.Network, o.Key.UserId, o.Value.Count));
    }

    private static string NetworkOf(string? address) => IPAddress.TryParse(address, out var parsed) ? ClientNetwork.Of(parsed).ToString() : "";

    [LoggerMessage(EventId = 6601, Level = LogLevel.Information, Message = "Event {Action} about {Target} from {Network} by user {UserId} came {Count} times more, which no event tells of")]
    private partial void LogRepeated(string action, string target, string network, int? userId, int count);

    private readonly record struct Cause(string Action, string Network, int? UserId, string Target);

    private readonly record struct Tally(DateTimeOffset Since, int Told, int Count);
}
