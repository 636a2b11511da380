using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Gatehouse.Access.Gateway;

/// <summary>Settings of the gateway, bound from <c>Gatehouse:Access:Gateway</c>.</summary>
public sealed class GatewayOptions
{
    /// <summary>How long the gateway trusts the tables it holds while the store is away. 1 minute to 7 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")]
    public TimeSpan StaleFor { get; set; } = TimeSpan.FromHours(12);

    /// <summary>How long an origin may take to accept a connection, TLS included. 1 second to 2 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an origin may stay silent before its answer begins, counted anew while a request body moves. 100 ms to 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>How long a body or a WebSocket may be silent in both directions. 1 minute to 1 day.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How many verified tokens, and as many identities, are kept in memory. 16 to 1,000,000; each takes about 2 KB.</summary>
    [Range(16, 1_000_000)]
    public int CachedSessions { get; set; } = 8192;
}

/// <summary>Checks <see cref="GatewayOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class GatewayOptionsValidator : IValidateOptions<GatewayOptions>;
