using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Tunnels;

namespace Gatehouse.Tunnel.Connector;

/// <summary>What a connector needs to know. A class: it holds the tunnel's secret.</summary>
public sealed class ConnectorOptions
{
    /// <summary>The tunnel.</summary>
    public required TunnelCredentials Credentials { get; init; }

    /// <summary>Where the edge is: <c>host:port</c>, one or more; connections spread over them.</summary>
    public required IReadOnlyList<string> Edges { get; init; }

    /// <summary>Authorities that may have issued the edge's certificate; null means the system's.</summary>
    public X509Certificate2Collection? EdgeAuthorities { get; init; }

    /// <summary>How many connections to hold. 1 to 16.</summary>
    public int Connections { get; init; } = 4;

    /// <summary>Rules of its own, JSON as it is pushed; null means the edge pushes them.</summary>
    public string? LocalConfiguration { get; init; }

    /// <summary>Where to answer /ready and /metrics; null means nowhere. Port 0 means any that is free.</summary>
    public IPEndPoint? Metrics { get; init; }

    /// <summary>The only addresses that rules may lead to; null means all but link-local ones, where clouds keep their metadata.</summary>
    public IReadOnlyList<IPNetwork>? AllowedOrigins { get; init; }

    /// <summary>How long requests under way get to finish at the end. 0 seconds to 3 minutes.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Version as the edge shows it.</summary>
    public string Version { get; init; } = "gatehouse";

    /// <inheritdoc/>
    public override string ToString() => "***";
}
