using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Model.Policies;

/// <summary>Many networks, asked about quickly: sorted, overlaps merged, looked up by halving. IPv4 and IPv6 never meet.</summary>
public sealed class AddressRanges
{
    private readonly (UInt128 First, UInt128 Last)[] v4;
    private readonly (UInt128 First, UInt128 Last)[] v6;

    /// <summary>Holds <paramref name="networks"/>.</summary>
    public AddressRanges(IEnumerable<IPNetwork> networks)
    {
        var families = networks.ToLookup(n => n.BaseAddress.AddressFamily, Bounds);
        v4 = Merge(families[AddressFamily.InterNetwork]);
        v6 = Merge(families[AddressFamily.InterNetworkV6]);
    }

    /// <summary>The lowest address; null when there is none.</summary>
    public IPAddress? Lowest => v4.Length > 0 ? Address(v4[0].First, 4) : v6.Length > 0 ? Address(v6[0].First, 16) : null;

    /// <summary>Whether one of them holds <paramref name="address"/>. Allocates nothing.</summary>
    public bool Contain(IPAddress address)
    {
        var ranges = address.AddressFamily == AddressFamily.InterNetwork ? v4 : v6;
        var number = Number(address);
        var (low, high) = (0, ranges.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (number < ranges[middle].First)
            {
                high = middle - 1;
            }
            else if (number > ranges[middle].Last)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private static (UInt128 First, UInt128 Last) Bounds(IPNetwork network)
    {
        var bits = network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var first = Number(network.BaseAddress);
        var free = bits - network.PrefixLength;
        return (first, free == 128 ? UInt128.MaxValue : first + ((UInt128.One << free) - 1));
    }

    private static IPAddress Address(UInt128 number, int size)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new IPAddress(bytes[(16 - size)..]);
    }

    private static UInt128 Number(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written); // 4 or 16, and there is room for both
        return written == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static (UInt128 First, UInt128 Last)[] Merge(IEnumerable<(UInt128 First, UInt128 Last)> ranges)
    {
        List<(UInt128 First, UInt128 Last)> merged = [];
        foreach (var range in ranges.OrderBy(r => r.First))
        {
            if (merged.Count > 0 && range.First <= merged[^1].Last)
            {
                merged[^1] = (merged[^1].First, UInt128.Max(merged[^1].Last, range.Last));
            }
            else
            {
                merged.Add(range);
            }
        }

        return [.. merged];
    }
}
