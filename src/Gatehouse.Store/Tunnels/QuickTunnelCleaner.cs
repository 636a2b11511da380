using System.Diagnostics.CodeAnalysis;
using Gatehouse.Model.Dns;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;
using Gatehouse.Store.Snapshots;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Tunnels;

/// <summary>Takes quick tunnels off the air some time after their connector has gone.</summary>
internal sealed partial class QuickTunnelCleaner(
    IDbContextFactory<GatehouseDb> databases, ChangeFeed feed, TimeProvider clock, ILogger<QuickTunnelCleaner> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    // A connector asks for a tunnel to dial in at once.
    internal static readonly TimeSpan FirstGrace = TimeSpan.FromMinutes(5);

    // A laptop may sleep over lunch.
    private static readonly TimeSpan Grace = TimeSpan.FromHours(2);

    /// <summary>Cleans once; how many went.</summary>
    public async Task<int> CleanAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var quick = await db.Tunnels.Where(t => t.IsQuick).ToListAsync(cancellationToken);
        var gone = quick.Where(t => IsOver(t, now)).ToList();
        if (gone.Count == 0)
        {
            return 0;
        }

        var names = gone.Select(t => t.Id + DnsRecord.TunnelSuffix).ToList();
        db.DnsRecords.RemoveRange(await db.DnsRecords.Where(r => names.Contains(r.Content)).ToListAsync(cancellationToken));
        db.Tunnels.RemoveRange(gone);
        await feed.SaveAsync(db, Topic.Access, cancellationToken);
        return gone.Count;
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "Cleaning that fails is logged and tried again; nothing waits for it.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (; ; )
        {
            await Task.Delay(Every, clock, stoppingToken);
            try
            {
                await CleanAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogFailed(failure);
            }
        }
    }

    // While it runs, on whatever node, that is written down every few minutes. Its end may not be, on a node that was killed.
    private static bool IsOver(Tunnel tunnel, DateTimeOffset now) =>
        tunnel.ActiveAt is not { } active ? tunnel.CreatedAt < now - FirstGrace
        : (tunnel.InactiveAt is { } inactive && inactive > active ? inactive : active) < now - Grace;

    [LoggerMessage(EventId = 6311, Level = LogLevel.Warning, Message = "Quick tunnels can't be removed; trying again soon")]
    private partial void LogFailed(Exception failure);
}
