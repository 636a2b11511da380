using System.Collections.Immutable;
using System.Data.Common;
using Gatehouse.Model.Tunnels;
using Gatehouse.Store.Snapshots;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Tunnels;

/// <summary>
/// Which connectors are connected to which node: a row of each connection, and one of each node that it renews. Of a node that was killed the
/// rows are not believed when its lease is over. No change of a tunnel: no table is read anew for it.
/// </summary>
internal sealed class ConnectionBook(IDbContextFactory<GatehouseDb> databases, string name, TimeProvider clock) : IConnectionBook, IReloadable
{
    private bool hasBegun;
    private ImmutableList<Action<IReadOnlyCollection<Guid>>> listeners = [];

    /// <inheritdoc/>
    public bool IsShared { get; init; }

    /// <inheritdoc/>
    public Guid Node { get; } = Guid.CreateVersion7();

    /// <inheritdoc/>
    public string Topic => Gatehouse.Model.Snapshots.Topic.Connections;

    /// <inheritdoc/>
    public async Task<IReadOnlyCollection<Guid>> RenewAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await StayAsync(db, cancellationToken);
        return await db.HeldConnections.Where(c => c.NodeId == Node).Select(c => c.Id).ToListAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<Guid, Exception>> WriteAsync(IReadOnlyCollection<HeldConnection> changed, CancellationToken cancellationToken)
    {
        await using (var db = await databases.CreateDbContextAsync(cancellationToken))
        {
            await StayAsync(db, cancellationToken); // many writes must not outlast the lease
        }

        var refused = new Dictionary<Guid, Exception>();
        if (await TrySaveAsync(changed, cancellationToken) is { } failure)
        {
            foreach (var connection in changed)
            {
                if ((changed.Count == 1 ? failure : await TrySaveAsync([connection], cancellationToken)) is { } why)
                {
                    refused.Add(connection.Id, why);
                }
            }
        }

        return refused;
    }

    /// <inheritdoc/>
    public async Task RemoveAsync(IReadOnlyCollection<Guid> gone, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.HeldConnections.Where(c => gone.Contains(c.Id) && c.NodeId == Node).ExecuteDeleteAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.EdgeNodes.Where(n => n.Id == Node).ExecuteDeleteAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyCollection<Guid>> ElsewhereAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.HeldByOthers(Node, clock.GetUtcNow()).Where(c => !c.IsDraining).Select(c => c.TunnelId).Distinct().ToListAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public IDisposable OnClosing(Action<IReadOnlyCollection<Guid>> action)
    {
        ImmutableInterlocked.Update(ref listeners, (list, added) => list.Add(added), action);
        return new Listening(this, action);
    }

    /// <summary>Looks what others asked this node to close. Such a row goes with its connection.</summary>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        if (listeners.IsEmpty)
        {
            return;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var closing = await db.HeldConnections.Where(c => c.NodeId == Node && c.ClosingAt != null).Select(c => c.Id).ToListAsync(cancellationToken);
        if (closing.Count > 0)
        {
            listeners.ForEach(l => l(closing));
        }
    }

    private async Task StayAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (await db.EdgeNodes.Where(n => n.Id == Node).ExecuteUpdateAsync(set => set.SetProperty(n => n.RenewedAt, now), cancellationToken) > 0)
        {
            return;
        }

        if (!hasBegun)
        {
            await db.EdgeNodes.Where(n => n.Name == name && n.Id != Node).ExecuteDeleteAsync(cancellationToken); // killed, or this would be that
        }

        db.EdgeNodes.Add(new EdgeNode { Id = Node, Name = name, RenewedAt = now });
        await db.SaveChangesAsync(cancellationToken);
        hasBegun = true;
    }

    // What may be well soon is thrown; what the database takes in no case is the result.
    private async Task<DbUpdateException?> TrySaveAsync(IReadOnlyCollection<HeldConnection> connections, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        try
        {
            await SaveAsync(db, connections, cancellationToken);
            return null;
        }
        catch (DbUpdateException failure) when (failure.InnerException is not DbException { IsTransient: true })
        {
            return failure;
        }
    }

    // Of a row that is there only what can change: what somebody asked meanwhile must not be lost.
    private static async Task SaveAsync(GatehouseDb db, IReadOnlyCollection<HeldConnection> connections, CancellationToken cancellationToken)
    {
        var ids = connections.Select(c => c.Id).ToArray();
        var there = await db.HeldConnections.Where(c => ids.Contains(c.Id)).ToDictionaryAsync(c => c.Id, cancellationToken);
        foreach (var connection in connections)
        {
            if (there.GetValueOrDefault(connection.Id) is { } row)
            {
                (row.IsDraining, row.ConfigurationNumber, row.ConfigurationFault, row.LocalConfiguration) =
                    (connection.IsDraining, connection.ConfigurationNumber, connection.ConfigurationFault, connection.LocalConfiguration);
            }
            else
            {
                db.HeldConnections.Add(connection);
            }
        }

        await db.SaveChangesAsync(cancellationToken);
    }

    private sealed class Listening(ConnectionBook book, Action<IReadOnlyCollection<Guid>> action) : IDisposable
    {
        public void Dispose() => ImmutableInterlocked.Update(ref book.listeners, (list, removed) => list.Remove(removed), action);
    }
}

/// <summary>Asks about other nodes.</summary>
public static class HeldConnections
{
    /// <summary>
    /// What nodes other than <paramref name="node"/> hold that are believed to be there at <paramref name="now"/>. One whose clock is far ahead is
    /// not: nobody could tell when its lease is over.
    /// </summary>
    public static IQueryable<HeldConnection> HeldByOthers(this GatehouseDb db, Guid node, DateTimeOffset now)
    {
        var (oldest, newest) = (now - EdgeNode.Lease, now + EdgeNode.Lease);
        return from connection in db.HeldConnections.AsNoTracking()
               join holder in db.EdgeNodes.AsNoTracking() on connection.NodeId equals holder.Id
               where holder.Id != node && holder.RenewedAt > oldest && holder.RenewedAt < newest
               select connection;
    }
}
