using System.Net;

namespace Gatehouse.Model.Hosts;

/// <summary>How often a client may do something: a bucket of tokens for each network, refilled with time.</summary>
/// <param name="perSecond">How fast a bucket fills.</param>
/// <param name="burst">How much it holds.</param>
/// <param name="clock">The time.</param>
public sealed class AddressLimit(double perSecond, int burst, TimeProvider clock)
{
    /// <summary>The most buckets kept. The one that was used longest ago gives way.</summary>
    public const int MostNetworks = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, LinkedListNode<Bucket>> buckets = []; // guarded by gate
    private readonly LinkedList<Bucket> byUse = new(); // guarded by gate; the one used longest ago first

    /// <summary>Takes a token of the network of <paramref name="address"/>; false when there is none.</summary>
    public bool TryTake(IPAddress address)
    {
        var network = ClientNetwork.Of(address);
        var now = clock.GetTimestamp();
        lock (gate)
        {
            var bucket = Find(network, now);
            bucket.Left = Math.Min(burst, bucket.Left + (clock.GetElapsedTime(bucket.At, now).TotalSeconds * perSecond));
            bucket.At = now;
            if (bucket.Left < 1)
            {
                return false;
            }

            bucket.Left--;
            return true;
        }
    }

    private Bucket Find(IPAddress network, long now)
    {
        if (buckets.TryGetValue(network, out var node))
        {
            byUse.Remove(node);
        }
        else
        {
            if (buckets.Count >= MostNetworks && byUse.First is { } oldest)
            {
                buckets.Remove(oldest.Value.Network);
                byUse.Remove(oldest);
            }

            node = new LinkedListNode<Bucket>(new Bucket { Network = network, Left = burst, At = now });
            buckets[network] = node;
        }

        byUse.AddLast(node);
        return node.Value;
    }

    private sealed class Bucket
    {
        public required IPAddress Network { get; init; }

        public double Left { get; set; }

        public long At { get; set; }
    }
}
