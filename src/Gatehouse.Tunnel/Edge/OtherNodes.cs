using System.Collections.Frozen;

namespace Gatehouse.Tunnel.Edge;

/// <summary>What other nodes said last of the tunnels they hold, some seconds ago.</summary>
internal sealed class OtherNodes
{
    private volatile FrozenSet<Guid> tunnels = [];

    /// <summary>Whether a connector of the tunnel is connected to another node.</summary>
    public bool Hold(Guid tunnel) => tunnels.Contains(tunnel);

    /// <summary>Takes what was read.</summary>
    public void Set(IEnumerable<Guid> held) => tunnels = held.ToFrozenSet();
}
