using System.Net;

namespace Gatehouse.Identity.SignIn;

/// <summary>
/// Lets a few work at a time. Networks that wait take turns, however many of each do. Each has a share of the places, and when all are taken, whoever
/// came last of the network with the most gives way to one of a network with fewer: a few networks keep nobody else out.
/// </summary>
internal sealed class Turns(int atOnce, int mostWaiting, int mostOfNetwork)
{
    private readonly Lock gate = new();
    private readonly List<Waiter> waiting = []; // guarded by gate; as they came
    private readonly List<IPAddress> working = []; // guarded by gate
    private int round; // guarded by gate

    /// <summary>Waits for a turn, which <see cref="End"/> gives back. False when there is no place, or another had to have it.</summary>
    public async Task<bool> BeginAsync(IPAddress network, CancellationToken cancellationToken)
    {
        Waiter? own;
        lock (gate)
        {
            own = Enter_NeedsLock(network);
            Start_NeedsLock();
        }

        if (own is null)
        {
            return false;
        }

        await using var leaving = cancellationToken.Register(() => Leave(own, cancellationToken));
        return await own.Turn.Task;
    }

    /// <summary>The turn of somebody in <paramref name="network"/> is over.</summary>
    public void End(IPAddress network)
    {
        lock (gate)
        {
            working.Remove(network);
            Start_NeedsLock();
        }
    }

    private Waiter? Enter_NeedsLock(IPAddress network)
    {
        var own = waiting.FindAll(w => w.Network.Equals(network));
        if (own.Count + working.Count(network.Equals) >= mostOfNetwork)
        {
            return null;
        }

        if (waiting.Count >= mostWaiting)
        {
            var fullest = waiting.GroupBy(w => w.Network).Select(g => g.ToList()).MaxBy(g => g.Count) ?? [];
            if (fullest.Count <= own.Count + 1) // of equals, whoever was here first stays
            {
                return null;
            }

            waiting.Remove(fullest[^1]);
            fullest[^1].Turn.SetResult(false);
        }

        var waiter = new Waiter(network, own.Count == 0 ? round : own[^1].Round + 1);
        waiting.Add(waiter);
        return waiter;
    }

    private void Start_NeedsLock()
    {
        while (working.Count < atOnce && waiting.MinBy(w => w.Round) is { } next)
        {
            round = next.Round;
            waiting.Remove(next);
            working.Add(next.Network);
            next.Turn.SetResult(true);
        }
    }

    private void Leave(Waiter own, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (waiting.Remove(own)) // else its turn has come
            {
                own.Turn.SetCanceled(cancellationToken);
            }
        }
    }

    // Round: who comes next of the same network waits until all others had a turn.
    private sealed class Waiter(IPAddress network, int round)
    {
        public IPAddress Network { get; } = network;

        public int Round { get; } = round;

        public TaskCompletionSource<bool> Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
