using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Tunnel.Connector.Origins;

/// <summary>Connects by name.</summary>
internal static class LocalNames
{
    /// <summary>Connects. Names under localhost are this machine, whatever a resolver says (RFC 6761 §6.3).</summary>
    public static async ValueTask ConnectAsync(Socket socket, string host, int port, CancellationToken cancellationToken) =>
        await socket.ConnectAsync(await ResolveAsync(host, cancellationToken), port, cancellationToken);

    /// <summary>The addresses of a name.</summary>
    /// <exception cref="SocketException">There are none.</exception>
    public static async ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        IPAddress.TryParse(host, out var address) ? [address]
        : host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
        : await Dns.GetHostAddressesAsync(host, cancellationToken);
}
