using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Model.Hosts;

/// <summary>Whom limits count: an IPv4 address, or the /64 that an IPv6 client has to choose addresses from.</summary>
public static class ClientNetwork
{
    private const int NetworkBytes = 8;
    private const int WideBytes = 3;

    /// <summary>The network of an address.</summary>
    public static IPAddress Of(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (plain.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return plain;
        }

        return Cut(plain, NetworkBytes);
    }

    /// <summary>The same, but a /24 of IPv4: for limits that whoever has a few addresses side by side should not get round.</summary>
    public static IPAddress Wide(IPAddress address)
    {
        var client = Of(address);
        return client.AddressFamily == AddressFamily.InterNetworkV6 ? client : Cut(client, WideBytes);
    }

    private static IPAddress Cut(IPAddress address, int kept)
    {
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(kept).Clear();
        return new IPAddress(bytes);
    }
}
