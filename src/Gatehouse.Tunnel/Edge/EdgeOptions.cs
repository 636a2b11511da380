using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace Gatehouse.Tunnel.Edge;

/// <summary>Settings of the tunnel edge, bound from <c>Gatehouse:Tunnel:Edge</c>.</summary>
public sealed class EdgeOptions
{
    /// <summary>Where connectors dial in. Port 0 means any that is free.</summary>
    public IPEndPoint Listen { get; set; } = new(IPAddress.Loopback, 7844);

    /// <summary>What connectors are told they are connected to; short.</summary>
    [Required, StringLength(20, MinimumLength = 1)]
    public string Location { get; set; } = "gatehouse";

    /// <summary>The most connections of one tunnel. 4 to 10,000.</summary>
    [Range(4, 10_000)]
    public int ConnectionsPerTunnel { get; set; } = 100;

    /// <summary>The most connections that have not registered yet. 16 to 10,000.</summary>
    [Range(16, 10_000)]
    public int PendingConnections { get; set; } = 1024;

    /// <summary>The most of them from one IPv4 address or IPv6 /64. 4 to 10,000.</summary>
    [Range(4, 10_000)]
    public int PendingOfNetwork { get; set; } = 64;

    /// <summary>How many connections an IPv4 address or IPv6 /64 may open each second, on average; five times as many at once. 1 to 10,000.</summary>
    [Range(1, 10_000)]
    public int AcceptsPerSecond { get; set; } = 100;

    /// <summary>How long requests under way get to finish on a connection that is given up. 1 second to 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a connection may take to register. 1 second to 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan RegisterTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Time between keep-alives while no request waits, and how long their answer may take. 1 second to 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a connector that requests wait for may leave a ping unanswered before its connection is given up. 2 seconds to 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:01:00")]
    public TimeSpan LongestSilence { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an upload may stand still while others on its connection wait for it. 1 second to 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan StalledUpload { get; set; } = TimeSpan.FromSeconds(15);
}

/// <summary>Checks <see cref="EdgeOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class EdgeOptionsValidator : IValidateOptions<EdgeOptions>;
