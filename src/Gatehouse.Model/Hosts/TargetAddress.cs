using System.Net;

namespace Gatehouse.Model.Hosts;

/// <summary>Which addresses a URL that somebody typed may lead us to. Private networks may: people keep their services there. Judged on the resolved address, at the moment of the call.</summary>
public static class TargetAddress
{
    // What only a machine itself is to reach: its link, and the services of clouds that hand out its credentials.
    private static readonly IPNetwork[] Metadata =
    [
        IPNetwork.Parse("169.254.0.0/16"), // RFC 3927
        IPNetwork.Parse("100.100.100.200/32"), // Alibaba Cloud
        IPNetwork.Parse("168.63.129.16/32"), // Azure
        IPNetwork.Parse("192.0.0.192/32"), // Oracle Cloud
        IPNetwork.Parse("fe80::/10"), // RFC 4291 §2.5.6
        IPNetwork.Parse("fd00:ec2::/32"), // AWS
        IPNetwork.Parse("fd20:ce::254/128"), // Google Cloud
        IPNetwork.Parse("fd00:c1::a9fe:a9fe/128"), // Oracle Cloud
        IPNetwork.Parse("fd00:42::42/128"), // Scaleway
    ];

    // Addresses of houses and machines (RFC 1918, RFC 6598, RFC 4193): they are in no country's register.
    private static readonly IPNetwork[] Private =
    [
        IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("100.64.0.0/10"),
        IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("::1/128"), IPNetwork.Parse("fc00::/7"), IPNetwork.Parse("fe80::/10"),
    ];

    private static readonly IPNetwork[] Here =
    [
        IPNetwork.Parse("0.0.0.0/8"), // this host
        IPNetwork.Parse("127.0.0.0/8"),
        IPNetwork.Parse("192.0.0.0/24"), // protocol assignments
        IPNetwork.Parse("224.0.0.0/3"), // multicast, reserved, broadcast
        IPNetwork.Parse("::/128"),
        IPNetwork.Parse("::1/128"),
        IPNetwork.Parse("ff00::/8"),
        IPNetwork.Parse("2001::/32"), // Teredo: an IPv4 address in disguise
    ];

    /// <summary>Whether <paramref name="address"/> may be dialed at all: it is neither of a link alone nor a metadata service. IPv4 addresses inside IPv6 ones are looked at.</summary>
    public static bool IsReachable(IPAddress address) => !Metadata.Any(n => n.Contains(address)) && (Inside(address) is not { } inner || IsReachable(inner));

    /// <summary>Whether <paramref name="address"/> is reachable and not this machine.</summary>
    public static bool IsOpen(IPAddress address) =>
        IsReachable(address) && !Here.Any(n => n.Contains(address)) && (Inside(address) is not { } inner || IsOpen(inner));

    /// <summary>Whether <paramref name="address"/> is of a private network, and so in no country that anybody could look up.</summary>
    public static bool IsOfNoCountry(IPAddress address) => Private.Any(n => n.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address));

    /// <summary>Those of a name's addresses that may be dialed.</summary>
    /// <exception cref="AddressRefusedException">None may.</exception>
    public static IPAddress[] Reachable(IReadOnlyCollection<IPAddress> found)
    {
        IPAddress[] left = [.. found.Where(IsReachable)];
        return left.Length > 0 ? left : throw new AddressRefusedException(found);
    }

    // Mapped (RFC 4291 §2.5.5), NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056).
    private static IPAddress? Inside(IPAddress address)
    {
        if (address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6)
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

/// <summary>A service's name leads to addresses that must not be dialed.</summary>
/// <param name="found">What it leads to.</param>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1032", Justification = "Made in one place, with one meaning.")]
public sealed class AddressRefusedException(IReadOnlyCollection<IPAddress> found) : IOException($"{(found.Count == 0 ? "no address" : string.Join(", ", found.Take(4)))} must not be dialed")
{
    /// <summary>A clause for anybody to read. Which address it is, only the log may say: whoever names a service could otherwise ask our resolver.</summary>
    public string What { get; } = found.Count == 0 ? "has no address" : "has an address that must not be reached from here";
}
