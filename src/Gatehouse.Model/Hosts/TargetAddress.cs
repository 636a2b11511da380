using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Model.Hosts;

/// <summary>Which addresses a URL that somebody typed may lead us to. Private networks may: people keep their chat servers there.</summary>
public static class TargetAddress
{
    private static readonly IPNetwork[] Closed =
    [
        IPNetwork.Parse("0.0.0.0/8"), // this host
        IPNetwork.Parse("127.0.0.0/8"),
        IPNetwork.Parse("169.254.0.0/16"), // link-local, and the metadata services of clouds
        IPNetwork.Parse("100.100.100.200/32"), // metadata of Alibaba Cloud
        IPNetwork.Parse("192.0.0.0/24"), // protocol assignments, metadata of Oracle Cloud
        IPNetwork.Parse("224.0.0.0/3"), // multicast, reserved, broadcast
        IPNetwork.Parse("::/128"),
        IPNetwork.Parse("::1/128"),
        IPNetwork.Parse("fe80::/10"),
        IPNetwork.Parse("ff00::/8"),
        IPNetwork.Parse("fd00:ec2::/32"), // metadata of AWS
        IPNetwork.Parse("2001::/32"), // Teredo: an IPv4 address in disguise
    ];

    /// <summary>Whether <paramref name="address"/> is neither this machine nor a service that only this machine should reach. IPv4 addresses inside IPv6 ones are looked at.</summary>
    public static bool IsOpen(IPAddress address) => !Closed.Any(n => n.Contains(address)) && (Inside(address) is not { } inner || IsOpen(inner));

    // Mapped (RFC 4291 §2.5.5), NAT64 (RFC 6052), 6to4 (RFC 3056).
    private static IPAddress? Inside(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return null;
        }

        var bytes = address.GetAddressBytes();
        return address.IsIPv4MappedToIPv6 || bytes.AsSpan(0, 12).IndexOfAnyExcept((byte)0) < 0 ? new IPAddress(bytes.AsSpan(12))
            : bytes is [0x00, 0x64, 0xff, 0x9b, ..] ? new IPAddress(bytes.AsSpan(12))
            : bytes is [0x20, 0x02, ..] ? new IPAddress(bytes.AsSpan(2, 4))
            : null;
    }
}
