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
        List<Row> others = book.IsShared
            ? await Others().Where(c => tunnels.Contains(c.TunnelId) && !c.IsDraining)
                .Select(c => new Row
                {
                    Id = c.Id,
                    TunnelId = c.TunnelId,
                    ConnectorId = c.ConnectorId,
                    Index = c.Index,
                    OpenedAt = c.OpenedAt,
                    OriginIp = c.OriginIp,
                    Location = c.Location,
                    Version = c.ConnectorVersion,
                    Arch = c.Arch,
                    Features = c.Features,
                    ConfigurationNumber = c.ConfigurationNumber,
                    ConfigurationFault = c.ConfigurationFault,
                })
                .ToListAsync(cancellationToken)
            : [];
        var byTunnel = others.ToLookup(c => c.TunnelId);
        return tunnels.ToDictionary(id => id, id => Join(here.Of(id), byTunnel[id]));
    }

    /// <summary>Whether anything is connected that is not on its way out. What somebody asked to be closed is, though its node may not have heard of it yet.</summary>
    public async Task<bool> AreInUseAsync(Guid tunnel, CancellationToken cancellationToken) =>
        here.Of(tunnel).Any(c => c.Connections.Any(n => !n.IsDraining))
        || (book.IsShared && await Others().AnyAsync(c => c.TunnelId == tunnel && !c.IsDraining && c.ClosingAt == null, cancellationToken));

    /// <summary>What a connector of the tunnel brought with it, when the tunnel is not managed here; JSON, not checked; empty when nothing.</summary>
    public async Task<ReadOnlyMemory<byte>> LocalConfigurationAsync(Guid tunnel, CancellationToken cancellationToken)
    {
        var own = here.LocalConfiguration(tunnel);
        return own.IsEmpty && book.IsShared && await Others().Where(c => c.TunnelId == tunnel && !c.IsDraining && c.LocalConfiguration != null)
            .OrderBy(c => c.OpenedAt).Select(c => c.LocalConfiguration).FirstOrDefaultAsync(cancellationToken) is { } text ? Encoding.UTF8.GetBytes(text) : own;
    }

    private IQueryable<HeldConnection> Others() => db.HeldByOthers(book.Node, clock.GetUtcNow());

    // A connector may be connected to several nodes at once; it is one all the same.
    private static IReadOnlyList<TunnelConnector> Join(IReadOnlyList<TunnelConnector> here, IEnumerable<Row> others)
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
        Connections = [.. here.Connections.Concat(there.Connections).OrderBy(c => c.Index)],
    };

    private static TunnelConnector Describe(IReadOnlyList<Row> rows)
    {
        var first = rows[0];
        var bearer = rows.Where(r => r.ConfigurationNumber is not null || r.ConfigurationFault is not null).MaxBy(r => r.ConfigurationNumber ?? 0);
        return new TunnelConnector
        {
            Id = first.ConnectorId,
            Version = first.Version,
            Arch = first.Arch,
            Features = first.Features,
            RunAt = first.OpenedAt,
            ConfigurationNumber = bearer?.ConfigurationNumber,
            ConfigurationFault = bearer?.ConfigurationFault,
            Connections = [.. rows.OrderBy(r => r.Index).Select(r => new TunnelConnection(r.Id, r.Index, r.OpenedAt, r.OriginIp, r.Location, IsDraining: false))],
        };
    }

    // Without what a connector brought with it, which may be large.
    private sealed class Row
    {
        public required Guid Id { get; init; }

        public required Guid TunnelId { get; init; }

        public required Guid ConnectorId { get; init; }

        public required int Index { get; init; }

        public required DateTimeOffset OpenedAt { get; init; }

        public required string OriginIp { get; init; }

        public required string Location { get; init; }

        public required string Version { get; init; }

        public required string Arch { get; init; }

        public required List<string> Features { get; init; }

        public required int? ConfigurationNumber { get; init; }

        public required string? ConfigurationFault { get; init; }
    }
}
