using System.Text.Json.Nodes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Notifications;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Management.Notifications;

/// <summary>
/// Empties the outbox: a row goes when it arrived. Each is taken for a while before it is tried, so that no other node tries it too, and comes
/// back by itself when this process dies.
/// </summary>
internal sealed partial class DeliverNotifications(
    IDbContextFactory<GatehouseDb> databases, SendNotification send, IEventLog log, TimeProvider clock, ILogger<DeliverNotifications> logger)
{
    /// <summary>How often one is tried: over some three and a half hours.</summary>
    internal const int MostAttempts = 12;

    private const int Batch = 20;
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <summary>Tries what is due; how many were tried.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var due = await db.NotificationDeliveries.AsNoTracking().Where(d => d.DueAt <= now).OrderBy(d => d.DueAt).Take(Batch).ToListAsync(cancellationToken);
        foreach (var delivery in due)
        {
            if (await TryTakeAsync(db, delivery, now, cancellationToken))
            {
                await TryAsync(db, delivery, cancellationToken);
            }
        }

        return due.Count;
    }

    private static async Task<bool> TryTakeAsync(GatehouseDb db, NotificationDelivery delivery, DateTimeOffset now, CancellationToken cancellationToken) =>
        await db.NotificationDeliveries.Where(d => d.Id == delivery.Id && d.DueAt == delivery.DueAt).ExecuteUpdateAsync(
            d => d.SetProperty(x => x.DueAt, now + Lease).SetProperty(x => x.Attempts, x => x.Attempts + 1), cancellationToken) == 1;

    private async Task TryAsync(GatehouseDb db, NotificationDelivery delivery, CancellationToken cancellationToken)
    {
        var happened = await db.Events.AsNoTracking().SingleOrDefaultAsync(e => e.Id == delivery.EventId, cancellationToken);
        var transport = await db.NotificationTransports.AsNoTracking().SingleOrDefaultAsync(t => t.Id == delivery.TransportId, cancellationToken);
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == delivery.UserId, cancellationToken);
        if (happened is null || transport is null)
        {
            await ForgetAsync(db, delivery.Id, cancellationToken);
            return;
        }

        var result = await send.RunAsync(delivery.Id, transport, new Outgoing(happened, delivery.Severity, user), cancellationToken);
        if (result is not SendResult.Failed failed)
        {
            await ForgetAsync(db, delivery.Id, cancellationToken);
        }
        else if (delivery.Attempts + 1 >= MostAttempts)
        {
            await GiveUpAsync(db, delivery, transport, failed.Reason, cancellationToken);
        }
        else
        {
            var wait = TimeSpan.FromTicks(Math.Min(FirstWait.Ticks << delivery.Attempts, LongestWait.Ticks));
            LogRetry(transport.Name, failed.Reason, wait);
            var next = clock.GetUtcNow() + wait;
            await db.NotificationDeliveries.Where(d => d.Id == delivery.Id).ExecuteUpdateAsync(d => d.SetProperty(x => x.DueAt, next), cancellationToken);
        }
    }

    private async Task GiveUpAsync(GatehouseDb db, NotificationDelivery delivery, NotificationTransport transport, string reason, CancellationToken cancellationToken)
    {
        LogGivenUp(transport.Name, reason);
        await log.WriteAsync(
            new NewEvent(EventActions.SystemTaskException, null, null, new JsonObject
            {
                ["message"] = $"A notification could not be sent over {transport.Name}: {reason}",
                ["model"] = EventRow.Target("authentik_events", "notificationtransport", transport.Id.ToString("N"), transport.Name),
            }),
            cancellationToken);
        await ForgetAsync(db, delivery.Id, cancellationToken);
    }

    private static Task<int> ForgetAsync(GatehouseDb db, Guid id, CancellationToken cancellationToken) =>
        db.NotificationDeliveries.Where(d => d.Id == id).ExecuteDeleteAsync(cancellationToken);

    [LoggerMessage(EventId = 5201, Level = LogLevel.Information, Message = "Notification over {Transport} failed ({Reason}); tried again in {Wait}")]
    private partial void LogRetry(string transport, string reason, TimeSpan wait);

    [LoggerMessage(EventId = 5202, Level = LogLevel.Warning, Message = "Notification over {Transport} given up: {Reason}")]
    private partial void LogGivenUp(string transport, string reason);
}
