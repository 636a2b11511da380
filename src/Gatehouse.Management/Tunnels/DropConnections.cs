using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;
using Gatehouse.Store;
using Gatehouse.Store.Snapshots;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Tunnels;

/// <summary>
/// Closes the connections of a tunnel, here at once and at other nodes as soon as they hear of it; a node that is not heard of now may come
/// round, with them. Connectors come back while their credentials are good.
/// </summary>
internal sealed class DropConnections(GatehouseDb db, ChangeFeed feed, ITunnelConnections here, IConnectionBook book, TimeProvider clock)
{
    /// <summary>Those of one connector, or of all when <paramref name="connector"/> is null.</summary>
    public async Task RunAsync(Guid tunnel, Guid? connector, CancellationToken cancellationToken)
    {
        here.Drop(tunnel, connector);
        var elsewhere = db.HeldConnections.Where(c => c.TunnelId == tunnel && c.NodeId != book.Node && (connector == null || c.ConnectorId == connector));
        if (!book.IsShared || !await elsewhere.AnyAsync(cancellationToken))
        {
            return;
        }

        var now = clock.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await elsewhere.ExecuteUpdateAsync(set => set.SetProperty(c => c.ClosingAt, now), cancellationToken);
        await feed.SaveAsync(db, Topic.Connections, cancellationToken);
    }
}
