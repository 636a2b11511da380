namespace Gatehouse.Model.Tunnels;

/// <summary>One connection of a connector to the edge of this node.</summary>
/// <param name="Id">Given by the edge.</param>
/// <param name="Index">Which of the connector's connections; 0 to 255.</param>
/// <param name="OpenedAt">When it registered.</param>
/// <param name="OriginIp">Where it came from.</param>
/// <param name="Location">The edge it came to, as its operator calls it.</param>
/// <param name="IsDraining">Takes no new requests.</param>
public sealed record TunnelConnection(Guid Id, int Index, DateTimeOffset OpenedAt, string OriginIp, string Location, bool IsDraining);

/// <summary>A connector: one process with its connections.</summary>
public sealed record TunnelConnector
{
    /// <summary>Random for each process.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its version, as it says.</summary>
    public required string Version { get; init; }

    /// <summary>Its platform, as it says: <c>linux_amd64</c>.</summary>
    public required string Arch { get; init; }

    /// <summary>What it can do, as it says.</summary>
    public required IReadOnlyList<string> Features { get; init; }

    /// <summary>When its oldest connection registered.</summary>
    public required DateTimeOffset RunAt { get; init; }

    /// <summary>Which configuration it runs; null when it brought its own or has said nothing yet.</summary>
    public int? ConfigurationNumber { get; init; }

    /// <summary>Why it refused the last configuration; null when it did not.</summary>
    public string? ConfigurationFault { get; init; }

    /// <summary>Its connections by index.</summary>
    public required IReadOnlyList<TunnelConnection> Connections { get; init; }
}

/// <summary>The last request that found no way through a tunnel, or the last connector that was refused.</summary>
/// <param name="Hop">Where it failed.</param>
/// <param name="What">Why, in words.</param>
/// <param name="Host">The name that was asked for; empty of a connector.</param>
/// <param name="At">When.</param>
public sealed record TunnelFault(TunnelHop Hop, string What, string Host, DateTimeOffset At);

/// <summary>A connection of a tunnel that ended.</summary>
/// <param name="Connector">Whose, as it said.</param>
/// <param name="What">Why, in words.</param>
/// <param name="At">When.</param>
public sealed record TunnelLoss(Guid Connector, string What, DateTimeOffset At);

/// <summary>What runs through tunnels now, on this node: a connector that is connected to another node only is not seen here.</summary>
public interface ITunnelConnections
{
    /// <summary>The connectors of a tunnel, oldest first.</summary>
    IReadOnlyList<TunnelConnector> Of(Guid tunnel);

    /// <summary>What a connector of the tunnel brought with it, when the tunnel is not managed here; JSON, not checked; empty when nothing.</summary>
    ReadOnlyMemory<byte> LocalConfiguration(Guid tunnel);

    /// <summary>
    /// The last fault of each name, newest first, of some names; those are forgotten of which a later request found its way. That of a connector is
    /// when one was taken, and after an hour: anybody may dial in.
    /// </summary>
    IReadOnlyList<TunnelFault> Faults(Guid tunnel);

    /// <summary>Why the last connection ended; null when none did since the start.</summary>
    TunnelLoss? LastLoss(Guid tunnel);

    /// <summary>Closes the connections of a tunnel, or of one connector of it. Connectors come back while their credentials are good.</summary>
    void Drop(Guid tunnel, Guid? connector);
}

/// <summary>Remembers when tunnels were in use.</summary>
public interface ITunnelJournal
{
    /// <summary>A tunnel got its first connection, or lost its last.</summary>
    Task RecordAsync(Guid tunnel, bool isActive, DateTimeOffset at, CancellationToken cancellationToken);
}
