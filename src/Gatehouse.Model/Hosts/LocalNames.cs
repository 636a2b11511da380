using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Model.Hosts;

/// <summary>Looks names up.</summary>
public static class LocalNames
{
    /// <summary>The addresses of a name. Names under localhost are this machine, whatever a resolver says (RFC 6761 §6.3).</summary>
    /// <exception cref="SocketException">There are none.</exception>
    public static async ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        IPAddress.TryParse(host, out var address) ? [address]
        : host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
        : await System.Net.Dns.GetHostAddressesAsync(host, cancellationToken);
}
