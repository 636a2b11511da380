namespace Gatehouse.Tunnel.Wire;

/// <summary>The headers by which edge and connector speak about a request.</summary>
internal static class TunnelHeaders
{
    /// <summary>What kind of stream a request opens.</summary>
    public const string Kind = "cf-cloudflared-proxy-connection-upgrade";

    /// <summary>Marks a raw TCP stream; the authority is where to.</summary>
    public const string TcpSource = "cf-cloudflared-proxy-src";

    /// <summary>The service's headers, as <see cref="UserHeaders"/> writes them.</summary>
    public const string UserHeaders = "cf-cloudflared-response-headers";

    /// <summary>Who made the answer.</summary>
    public const string Meta = "cf-cloudflared-response-meta";

    /// <summary>A value of <see cref="Kind"/>.</summary>
    public const string ControlStream = "control-stream";

    /// <summary>A value of <see cref="Kind"/>.</summary>
    public const string UpdateConfiguration = "update-configuration";

    /// <summary>A value of <see cref="Kind"/>.</summary>
    public const string WebSocket = "websocket";

    /// <summary>Where a visitor wants a bastion to lead.</summary>
    public const string JumpDestination = "Cf-Access-Jump-Destination";

    /// <summary>A host that connectors keep for themselves.</summary>
    public const string ManagementHost = "management.argotunnel.com";

    /// <summary>The name that connectors ask for, and that the edge's certificate bears.</summary>
    public const string ServerName = "h2.cftunnel.com";

    /// <summary>The name that checks of the network ask for.</summary>
    public const string ProbeName = "probe.cftunnel.com";

    /// <summary>A feature: takes configurations from the edge.</summary>
    public const string AllowRemoteConfig = "allow_remote_config";

    private static readonly string[] Internal = ["cf-cloudflared-", "cf-int-", "cf-proxy-"];

    /// <summary>Whether a header is between edge and connector only, and is dropped when it comes from outside or from a service.</summary>
    public static bool IsInternal(string name)
    {
        foreach (var prefix in Internal)
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return name.Equals("cf-trace-id", StringComparison.OrdinalIgnoreCase) || name.Equals("uber-trace-id", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether a header belongs to one connection and has no place in HTTP/2.</summary>
    public static bool IsHopByHop(string name) =>
        name.Equals("Connection", StringComparison.OrdinalIgnoreCase) || name.Equals("Keep-Alive", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Proxy-Connection", StringComparison.OrdinalIgnoreCase) || name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Upgrade", StringComparison.OrdinalIgnoreCase);
}
