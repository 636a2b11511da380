using Gatehouse.Model.Tunnels;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Tunnels;

/// <summary>Writes down when tunnels were in use. Not a change of the tunnel: no version moves on and no table is read anew.</summary>
internal sealed class TunnelJournal(IDbContextFactory<GatehouseDb> databases) : ITunnelJournal
{
    /// <inheritdoc/>
    public async Task RecordAsync(Guid tunnel, bool isActive, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = db.Tunnels.Where(t => t.Id == tunnel);
        await (isActive
            ? row.ExecuteUpdateAsync(set => set.SetProperty(t => t.ActiveAt, at), cancellationToken)
            : row.ExecuteUpdateAsync(set => set.SetProperty(t => t.InactiveAt, at), cancellationToken));
    }
}
