using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Model.Bindings;

/// <summary>What one visitor can send from: an IPv4 address, or the /64 that a line of IPv6 gets.</summary>
public static class NetworkName
{
    /// <summary>The name of the network of an address; null when it can't be read.</summary>
    public static string? Of(string? address) =>
        IPAddress.TryParse(address, out var read) && !read.Equals(IPAddress.None) ? Of(read) : null;

    /// <summary>The name of the network of an address.</summary>
    public static string Of(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (plain.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return plain.ToString();
        }

        var bytes = plain.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes).ToString();
    }
}
