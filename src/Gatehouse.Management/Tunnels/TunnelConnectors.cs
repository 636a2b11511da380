using System.Text;
using Gatehouse.Model.Tunnels;
using Gatehouse.Store;
using Gatehouse.Store.Tunnels;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Tunnels;

/// <summary>The connectors of tunnels, whichever node they are connected to: of this one as it is now, of others as they said some seconds ago.</summary>
internal sealed class TunnelConnectors(GatehouseDb db, ITunnelConnections here, IConnectionBook book, TimeProvider clock)
{
    /// <summary>Of one tunnel, oldest first.</summary>
    public async Task<IReadOnlyList<TunnelConnector>> OfAsync(Guid tunnel, CancellationToken cancellationToken) => (await OfAsync([tunnel], cancellationToken))[tunnel];

    /// <summary>Of each of some tunnels, oldest first.</summary>
    public async Task<IReadOnlyDictionary<Guid, IReadOnlyList<TunnelConnector>>> OfAsync(IReadOnlyCollection<Guid> tunnels, CancellationToken cancellationToken)
    {
        List<HeldConnection> others = book.IsShared
            ? await db.HeldByOthers(book.Node, clock.GetUtcNow()).Where(c => tunnels.Contains(c.TunnelId) && !c.IsDraining).ToListAsync(cancellationToken)
            : [];
        var byTunnel = others.ToLookup(c => c.TunnelId);
        return tunnels.ToDictionary(id => id, id => Join(here.Of(id), byTunnel[id]));
    }

    // A connector may be connected to several nodes at once; it is one all the same.
    private static IReadOnlyList<TunnelConnector> Join(IReadOnlyList<TunnelConnector> here, IEnumerable<HeldConnection> others)
    {
        var known = here.ToDictionary(c => c.Id);
        foreach (var rows in others.GroupBy(c => c.ConnectorId))
        {
            var there = Describe([.. rows.OrderBy(c => c.OpenedAt)]);
            known[there.Id] = known.GetValueOrDefault(there.Id) is { } both ? Join(both, there) : there;
        }

        return [.. known.Values.OrderBy(c => c.RunAt)];
    }

    private static TunnelConnector Join(TunnelConnector here, TunnelConnector there) => here with
    {
        RunAt = here.RunAt < there.RunAt ? here.RunAt : there.RunAt,
        ConfigurationNumber = here.ConfigurationNumber ?? there.ConfigurationNumber,
        ConfigurationFault = here.ConfigurationFault ?? there.ConfigurationFault,
        LocalConfiguration = here.LocalConfiguration.IsEmpty ? there.LocalConfiguration : here.LocalConfiguration,
        Connections = [.. here.Connections.Concat(there.Connections).OrderBy(c => c.Index)],
    };

    private static TunnelConnector Describe(IReadOnlyList<HeldConnection> rows)
    {
        var first = rows[0];
        var bearer = rows.Where(r => r.ConfigurationNumber is not null || r.ConfigurationFault is not null).MaxBy(r => r.ConfigurationNumber ?? 0);
        return new TunnelConnector
        {
            Id = first.ConnectorId,
            Version = first.ConnectorVersion,
            Arch = first.Arch,
            Features = first.Features,
            RunAt = first.OpenedAt,
            ConfigurationNumber = bearer?.ConfigurationNumber,
            ConfigurationFault = bearer?.ConfigurationFault,
            LocalConfiguration = rows.Select(r => r.LocalConfiguration).FirstOrDefault(c => c is not null) is { } own ? Encoding.UTF8.GetBytes(own) : ReadOnlyMemory<byte>.Empty,
            Connections = [.. rows.OrderBy(r => r.Index).Select(r => new TunnelConnection(r.Id, r.Index, r.OpenedAt, r.OriginIp, r.Location, r.IsDraining))],
        };
    }
}
