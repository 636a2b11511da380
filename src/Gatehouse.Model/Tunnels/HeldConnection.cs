namespace Gatehouse.Model.Tunnels;

/// <summary>A node that takes connectors, as others know it.</summary>
public sealed class EdgeNode
{
    /// <summary>For how long it is believed to be there. Of nodes whose clocks differ by more than it, the one does not believe the other at all.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    /// <summary>One run of its process.</summary>
    public required Guid Id { get; init; }

    /// <summary>The same for each run of it: whoever begins anew holds nothing of what the run before held.</summary>
    public required string Name { get; init; }

    /// <summary>When it last said that it is there.</summary>
    public required DateTimeOffset RenewedAt { get; set; }
}

/// <summary>A connection of a connector, as other nodes know it.</summary>
public sealed class HeldConnection
{
    /// <summary>Given by the edge.</summary>
    public required Guid Id { get; init; }

    /// <summary>The node that holds it.</summary>
    public required Guid NodeId { get; init; }

    /// <summary>The tunnel.</summary>
    public required Guid TunnelId { get; init; }

    /// <summary>The connector's process.</summary>
    public required Guid ConnectorId { get; init; }

    /// <summary>Which of the connector's connections; 0 to 255.</summary>
    public required int Index { get; init; }

    /// <summary>When it registered.</summary>
    public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>Where it came from.</summary>
    public required string OriginIp { get; init; }

    /// <summary>The edge it came to, as its operator calls it.</summary>
    public required string Location { get; init; }

    /// <summary>The connector's version, as it says.</summary>
    public required string ConnectorVersion { get; init; }

    /// <summary>Its platform, as it says.</summary>
    public required string Arch { get; init; }

    /// <summary>What it can do, as it says.</summary>
    public required List<string> Features { get; init; }

    /// <summary>Takes no new requests.</summary>
    public bool IsDraining { get; set; }

    /// <summary>Which configuration the connector said on it that it runs; null when it said nothing.</summary>
    public int? ConfigurationNumber { get; set; }

    /// <summary>Why it refused the last one; null when it did not.</summary>
    public string? ConfigurationFault { get; set; }

    /// <summary>What the connector brought with it; JSON, not checked; null when nothing.</summary>
    public string? LocalConfiguration { get; set; }

    /// <summary>When an administrator asked its node to close it; null when nobody did.</summary>
    public DateTimeOffset? ClosingAt { get; set; }
}
