using Gatehouse.Model.Tunnels;

namespace Gatehouse.Management.Tunnels;

/// <summary>Stands in on a node without an edge: nothing is connected here.</summary>
internal sealed class NoTunnels : ITunnelConnections
{
    /// <inheritdoc/>
    public IReadOnlyList<TunnelConnector> Of(Guid tunnel) => [];

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> LocalConfiguration(Guid tunnel) => ReadOnlyMemory<byte>.Empty;

    /// <inheritdoc/>
    public IReadOnlyList<TunnelFault> Faults(Guid tunnel) => [];

    /// <inheritdoc/>
    public TunnelLoss? LastLoss(Guid tunnel) => null;

    /// <inheritdoc/>
    public void Drop(Guid tunnel, Guid? connector)
    {
        // There is nothing to drop.
    }
}
