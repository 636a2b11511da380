using Gatehouse.Management.Writes;
using Gatehouse.Model.Dns;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Tunnels.Tunnel>;

namespace Gatehouse.Management.Tunnels;

/// <summary>Deletes a tunnel: its connectors are cut off, its names go off the air. The row stays, so that a late connector is told.</summary>
internal sealed class DeleteTunnel(GatehouseDb db, Writer writer, TunnelConnectors connectors, TimeProvider clock)
{
    public async Task<Result> RunAsync(Guid id, bool evenInUse, CancellationToken cancellationToken) => await writer.RunAsync<Tunnel>(
        Topic.Access,
        async () =>
        {
            if (await db.Tunnels.SingleOrDefaultAsync(t => t.Id == id && t.DeletedAt == null, cancellationToken) is not { } tunnel)
            {
                return new Result.Missing();
            }

            if (!evenInUse && await connectors.AreInUseAsync(id, cancellationToken))
            {
                return new Result.InUse("Cannot delete tunnel because it has active connections.");
            }

            var target = id + DnsRecord.TunnelSuffix;
            db.DnsRecords.RemoveRange(await db.DnsRecords.Where(r => r.Content == target).ToListAsync(cancellationToken));
            tunnel.DeletedAt = tunnel.UpdatedAt = clock.GetUtcNow();
            return new Result.Done(tunnel);
        },
        cancellationToken);
}
