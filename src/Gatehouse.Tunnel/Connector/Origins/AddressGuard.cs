using System.Net;

namespace Gatehouse.Tunnel.Connector.Origins;

/// <summary>Which addresses rules may lead to. Whoever writes rules is not always who runs this machine.</summary>
internal sealed class AddressGuard(IReadOnlyList<IPNetwork>? allowed)
{
    // Clouds hand out credentials there: 169.254.169.254, fe80::a9fe:a9fe, fd00:ec2::254.
    private static readonly IPNetwork[] Metadata = [IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("fd00:ec2::/32"), IPNetwork.Parse("100.100.100.200/32")];

    /// <summary>Whether unix sockets may be reached.</summary>
    public bool AllowsSockets => allowed is null;

    /// <summary>The addresses that may be dialed.</summary>
    /// <exception cref="AddressRefusedException">None may.</exception>
    public IPAddress[] Filter(IPAddress[] addresses)
    {
        var left = addresses.Where(IsAllowed).ToArray();
        return left.Length > 0 ? left : throw new AddressRefusedException(addresses.Length == 0 ? "has no address" : $"has an address ({addresses[0]}) that this connector may not reach");
    }

    /// <summary>Whether an address may be dialed.</summary>
    public bool IsAllowed(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return allowed is null ? !Array.Exists(Metadata, n => n.Contains(plain)) : allowed.Any(n => n.Contains(plain));
    }
}

/// <summary>A rule leads where this connector may not go. The message is a clause.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1032", Justification = "Made in one place, with one meaning.")]
internal sealed class AddressRefusedException(string message) : IOException(message);
