namespace Gatehouse.Model.Tunnels;

/// <summary>Where nodes over one store write down which connectors are connected to them. Nothing on the way of a request waits for it.</summary>
public interface IConnectionBook
{
    /// <summary>Whether other nodes may be there; otherwise there is nobody to write for.</summary>
    bool IsShared { get; }

    /// <summary>This node, in this run of its process.</summary>
    Guid Node { get; }

    /// <summary>Says that this node is there. False: nothing that it holds is written down, for it is new or was thought to be gone.</summary>
    Task<bool> RenewAsync(CancellationToken cancellationToken);

    /// <summary>Writes down connections of this node that are new or have changed, and takes those out that are gone.</summary>
    Task WriteAsync(IReadOnlyCollection<HeldConnection> changed, IReadOnlyCollection<Guid> gone, CancellationToken cancellationToken);

    /// <summary>Says that this node goes, with all that it holds.</summary>
    Task LeaveAsync(CancellationToken cancellationToken);

    /// <summary>The tunnels of which another node holds a connection.</summary>
    Task<IReadOnlyCollection<Guid>> ElsewhereAsync(CancellationToken cancellationToken);

    /// <summary>Calls <paramref name="action"/> with the connections of this node that somebody asked on another one to close, until it is disposed of.</summary>
    IDisposable OnClosing(Action<IReadOnlyCollection<Guid>> action);
}
