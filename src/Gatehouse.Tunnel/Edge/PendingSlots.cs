using System.Net;
using Gatehouse.Model.Hosts;

namespace Gatehouse.Tunnel.Edge;

/// <summary>
/// Room for connections that are not known yet. A network has a share of it; when all is taken, whoever holds most gives up what it has held
/// longest, so that many who say nothing keep nobody out who does.
/// </summary>
internal sealed class PendingSlots(int most, int mostOfNetwork)
{
    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, LinkedList<Slot>> held = []; // guarded by gate; never an empty list
    private long taken; // guarded by gate
    private int count; // guarded by gate

    /// <summary>How many are held.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return count;
            }
        }
    }

    /// <summary>Takes one until it is disposed; null when the network has as many as it may. <paramref name="giveUp"/> is called when another needs it more.</summary>
    public Slot? TryTake(IPAddress address, Action giveUp)
    {
        var network = ClientNetwork.Of(address);
        Slot? displaced = null;
        Slot slot;
        lock (gate)
        {
            var own = held.GetValueOrDefault(network);
            if (own?.Count >= mostOfNetwork)
            {
                return null;
            }

            if (count >= most)
            {
                displaced = Fullest();
                Drop(displaced);
                own = held.GetValueOrDefault(network); // it may have been its last
            }

            slot = new Slot(this, network, taken++, giveUp);
            own ??= held[network] = new LinkedList<Slot>();
            own.AddLast(slot);
            count++;
        }

        displaced?.GiveUp();
        return slot;
    }

    // Of the network with the most, and of equals, the one that was taken first.
    private Slot Fullest() => held.Values.Select(l => (l.Count, First: l.First!.Value)).OrderByDescending(l => l.Count).ThenBy(l => l.First.Order).First().First; // lists are never empty

    private void Drop(Slot slot)
    {
        if (!held.TryGetValue(slot.Network, out var list) || !list.Remove(slot))
        {
            return;
        }

        count--;
        if (list.Count == 0)
        {
            held.Remove(slot.Network);
        }
    }

    /// <summary>A place that is held.</summary>
    internal sealed class Slot(PendingSlots owner, IPAddress network, long order, Action giveUp) : IDisposable
    {
        /// <summary>Whose.</summary>
        public IPAddress Network { get; } = network;

        /// <summary>Counts up.</summary>
        public long Order { get; } = order;

        /// <summary>Ends what holds it.</summary>
        public void GiveUp() => giveUp();

        /// <inheritdoc/>
        public void Dispose()
        {
            lock (owner.gate)
            {
                owner.Drop(this);
            }
        }
    }
}
