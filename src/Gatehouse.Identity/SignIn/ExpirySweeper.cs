using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SignIn;

/// <summary>Deletes what has expired, so that unfinished sign-ins don't fill the disk. Nothing relies on it: expiry is compared at each use.</summary>
internal sealed partial class ExpirySweeper(IDbContextFactory<GatehouseDb> databases, TimeProvider clock, ILogger<ExpirySweeper> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    /// <summary>Deletes once.</summary>
    public async Task SweepAsync(CancellationToken stopping)
    {
        var now = clock.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(stopping);
        await db.FlowPlans.Where(p => p.ExpiresAt <= now).ExecuteDeleteAsync(stopping);
        await db.OneTimeLinks.Where(l => l.ExpiresAt <= now).ExecuteDeleteAsync(stopping);
        await db.AuthenticatedSessions.Where(s => s.ExpiresAt <= now).ExecuteDeleteAsync(stopping);
        await db.UserConsents.Where(c => c.ExpiresAt <= now).ExecuteDeleteAsync(stopping);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (System.Data.Common.DbException fault)
            {
                LogFailed(fault);
            }
        }
    }

    [LoggerMessage(EventId = 2210, Level = LogLevel.Warning, Message = "Expired rows could not be deleted; trying again later")]
    private partial void LogFailed(Exception fault);
}
