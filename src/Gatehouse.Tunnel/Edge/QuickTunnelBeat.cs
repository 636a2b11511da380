using Gatehouse.Model.Snapshots;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.Tunnel.Edge;

/// <summary>
/// Has it written down now and then that a quick tunnel is in use here. Without it one would live for ever whose node was killed, and one would
/// be removed that has lost its connections to another node only.
/// </summary>
internal sealed class QuickTunnelBeat(ISnapshot<AccessTable> tables, ConnectionRegistry registry, ActivityJournal journal, TimeProvider clock) : BackgroundService
{
    /// <summary>Between two beats. A note may be lost while the store is away; the next comes before a tunnel that was never seen in use is removed.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(4);

    /// <summary>Beats once.</summary>
    public void Beat()
    {
        var table = tables.Current;
        foreach (var id in registry.All.Select(c => c.Registered!.TunnelId).Distinct().ToList()) // set: it is in the registry
        {
            if (table.Tunnels.GetValueOrDefault(id) is { Tunnel.IsQuick: true })
            {
                journal.Note(id, isActive: true, clock.GetUtcNow());
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            Beat();
        }
    }
}
