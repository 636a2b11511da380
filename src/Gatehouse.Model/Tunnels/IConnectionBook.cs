namespace Gatehouse.Model.Tunnels;

/// <summary>Where nodes over one store write down which connectors are connected to them. Nothing on the way of a request waits for it.</summary>
public interface IConnectionBook
{
    /// <summary>Whether other nodes may be there; otherwise there is nobody to write for.</summary>
    bool IsShared { get; }

    /// <summary>This node, in this run of its process.</summary>
    Guid Node { get; }

    /// <summary>Says that this node is there. The result is which connections are written down as its own; none when it is new or was thought to be gone.</summary>
    Task<IReadOnlyCollection<Guid>> RenewAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Writes down some connections of this node that are new or have changed, all at once or, when that can't be, each by itself; and says
    /// that this node is there. The result is those that can't be written, with why. Throws when the store is away.
    /// </summary>
    Task<IReadOnlyDictionary<Guid, Exception>> WriteAsync(IReadOnlyCollection<HeldConnection> changed, CancellationToken cancellationToken);

    /// <summary>Takes out what is written down of connections of this node; some may not be there.</summary>
    Task RemoveAsync(IReadOnlyCollection<Guid> gone, CancellationToken cancellationToken);

    /// <summary>Says that this node goes, with all that it holds.</summary>
    Task LeaveAsync(CancellationToken cancellationToken);

    /// <summary>The tunnels of which another node holds a connection.</summary>
    Task<IReadOnlyCollection<Guid>> ElsewhereAsync(CancellationToken cancellationToken);

    /// <summary>Calls <paramref name="action"/> with the connections of this node that somebody asked on another one to close, until it is disposed of.</summary>
    IDisposable OnClosing(Action<IReadOnlyCollection<Guid>> action);
}
