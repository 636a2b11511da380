using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Model.Hosts;

/// <summary>Whom limits count: an IPv4 address, or the /64 that an IPv6 client has to choose addresses from.</summary>
public static class ClientNetwork
{
    private const int NetworkBytes = 8;

    /// <summary>The network of an address.</summary>
    public static IPAddress Of(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (plain.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return plain;
        }

        var bytes = plain.GetAddressBytes();
        bytes.AsSpan(NetworkBytes).Clear();
        return new IPAddress(bytes);
    }
}
