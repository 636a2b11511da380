using System.Collections.Concurrent;
using System.Net;

namespace Gatehouse.Tunnel.Edge;

/// <summary>How often an address may connect: a bucket of tokens for each, refilled with time. A connector that was refused may dial in a tight loop.</summary>
internal sealed class AcceptLimit(int perSecond, TimeProvider clock)
{
    private const int Burst = 5;
    private const int MostAddresses = 10_000;

    private readonly ConcurrentDictionary<IPAddress, Bucket> buckets = new();

    /// <summary>Takes a token of <paramref name="address"/>; false when there is none.</summary>
    public bool TryTake(IPAddress address)
    {
        if (buckets.Count > MostAddresses)
        {
            buckets.Clear(); // as good as any other: who dials in a loop is limited again at once
        }

        var bucket = buckets.GetOrAdd(address, static (_, limit) => new Bucket { Left = limit.PerSecond * Burst, At = limit.Now }, (PerSecond: perSecond, Now: clock.GetTimestamp()));
        lock (bucket)
        {
            var now = clock.GetTimestamp();
            bucket.Left = Math.Min(perSecond * Burst, bucket.Left + (clock.GetElapsedTime(bucket.At, now).TotalSeconds * perSecond));
            bucket.At = now;
            if (bucket.Left < 1)
            {
                return false;
            }

            bucket.Left--;
            return true;
        }
    }

    private sealed class Bucket
    {
        public double Left { get; set; } // guarded by this

        public long At { get; set; } // guarded by this
    }
}
