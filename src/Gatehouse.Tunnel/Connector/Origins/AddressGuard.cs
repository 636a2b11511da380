using System.Net;
using Gatehouse.Model.Hosts;

namespace Gatehouse.Tunnel.Connector.Origins;

/// <summary>Which addresses rules may lead to. Whoever writes rules is not always who runs this machine.</summary>
internal sealed class AddressGuard(IReadOnlyList<IPNetwork>? allowed)
{
    /// <summary>Whether unix sockets may be reached.</summary>
    public bool AllowsSockets => allowed is null;

    /// <summary>The addresses that may be dialed.</summary>
    /// <exception cref="AddressRefusedException">None may.</exception>
    public IPAddress[] Filter(IPAddress[] addresses)
    {
        var left = addresses.Where(IsAllowed).ToArray();
        return left.Length > 0 ? left : throw new AddressRefusedException(addresses);
    }

    /// <summary>Whether an address may be dialed.</summary>
    public bool IsAllowed(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return allowed is null ? TargetAddress.IsReachable(plain) : allowed.Any(n => n.Contains(plain));
    }
}

/// <summary>A rule leads to a socket of this machine, and this connector may reach networks only.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1032", Justification = "Made in one place, with one meaning.")]
internal sealed class SocketRefusedException() : IOException("is a socket of the connector's machine, which must not be reached from here");
