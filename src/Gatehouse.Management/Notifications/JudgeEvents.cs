using Gatehouse.Model.Events;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Notifications;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Notifications;

/// <summary>Asks the rules about new events, and puts what must be sent into the outbox, in one transaction with the mark that it was asked.</summary>
internal sealed class JudgeEvents(IDbContextFactory<GatehouseDb> databases, EventRules rules, IMailSender mail, LetterLimit letters, TimeProvider clock)
{
    private const int Batch = 200;

    /// <summary>Judges the oldest events that were not; how many.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var fresh = await db.Events.AsNoTracking().Where(e => !e.IsJudged).OrderBy(e => e.Id).Take(Batch).ToListAsync(cancellationToken);
        if (fresh.Count == 0)
        {
            return 0;
        }

        var bound = await EventRules.ReadAsync(db, cancellationToken);
        var transports = bound.Count == 0 ? [] : await db.NotificationTransports.AsNoTracking().ToDictionaryAsync(t => t.Id, cancellationToken);

        // Before the transaction: expressions take their time, and on SQLite every other writer would wait for them.
        List<(Event Happened, IReadOnlyList<NotificationRule> Firing)> judged = [];
        foreach (var happened in fresh)
        {
            judged.Add((happened, await rules.FiringAsync(db, bound, happened, cancellationToken)));
        }

        await SaveAsync(db, judged, transports, cancellationToken);
        return fresh.Count;
    }

    private async Task SaveAsync(
        GatehouseDb db, List<(Event Happened, IReadOnlyList<NotificationRule> Firing)> judged, Dictionary<Guid, NotificationTransport> transports, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        List<Guid> quiet = [];
        foreach (var (happened, firing) in judged)
        {
            if (firing.Count == 0)
            {
                quiet.Add(happened.Id);
            }
            else if (await TryMarkAsync(db, happened.Id, cancellationToken))
            {
                foreach (var rule in firing)
                {
                    await FireAsync(db, rule, happened, transports, cancellationToken);
                }
            }
        }

        await db.Events.Where(e => quiet.Contains(e.Id)).ExecuteUpdateAsync(e => e.SetProperty(x => x.IsJudged, true), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    // Another node may have read the same events: one of the two changes the row.
    private static async Task<bool> TryMarkAsync(GatehouseDb db, Guid id, CancellationToken cancellationToken) =>
        await db.Events.Where(e => e.Id == id && !e.IsJudged).ExecuteUpdateAsync(e => e.SetProperty(x => x.IsJudged, true), cancellationToken) == 1;

    private async Task FireAsync(
        GatehouseDb db, NotificationRule rule, Event happened, Dictionary<Guid, NotificationTransport> transports, CancellationToken cancellationToken)
    {
        var recipients = await RecipientsAsync(db, rule, happened, cancellationToken);
        bool? mayBeMailed = null; // asked once for all its transports
        foreach (var transport in rule.TransportIds.Select(id => transports.GetValueOrDefault(id)).OfType<NotificationTransport>())
        {
            if (IsEcho(happened, transport) || (transport.Mode == TransportMode.Email && !(mayBeMailed ??= MayBeMailed(rule, happened))))
            {
                continue;
            }

            foreach (var user in transport.SendsOnce ? recipients.Take(1) : recipients)
            {
                var now = clock.GetUtcNow();
                db.NotificationDeliveries.Add(new NotificationDelivery
                {
                    Id = Guid.CreateVersion7(now),
                    EventId = happened.Id,
                    Severity = rule.Severity,
                    TransportId = transport.Id,
                    UserId = user,
                    DueAt = now,
                });
            }
        }
    }

    // What a notification itself causes must cause none: mail that tells of mail, failures that tell of failing to tell.
    private static bool IsEcho(Event happened, NotificationTransport transport) =>
        (happened.Action == EventActions.EmailSent && transport.Mode == TransportMode.Email)
        || (happened.Action == EventActions.SystemTaskException && happened.TargetModel == "notificationtransport");

    // The shipped rules name the mail transport, set up or not; and what strangers cause must not fill anybody's mailbox, whomever they name.
    private bool MayBeMailed(NotificationRule rule, Event happened) => mail.IsSetUp
        && ((happened.UserId is not null && happened.Action != EventActions.LoginFailed) || letters.TryTake(rule.Id, ShareOf(rule, happened)));

    // Each of those whom a rule tells of themselves alone has a share; else all who are named have one, and all who are not.
    private static int ShareOf(NotificationRule rule, Event happened) => happened.UserId switch
    {
        null => -1,
        { } user when rule is { TellsEventUser: true, GroupId: null } => user,
        _ => 0,
    };

    private static async Task<List<int>> RecipientsAsync(GatehouseDb db, NotificationRule rule, Event happened, CancellationToken cancellationToken)
    {
        var groups = await GroupsAsync(db, rule.GroupId, cancellationToken);
        var told = rule.TellsEventUser ? happened.UserId : null;
        return await db.Users.Where(u => u.IsActive && (u.Id == told || u.Groups.Any(m => groups.Contains(m.GroupId)))).OrderBy(u => u.Id).Select(u => u.Id)
            .ToListAsync(cancellationToken);
    }

    // Members of a group inside count as members.
    private static async Task<HashSet<Guid>> GroupsAsync(GatehouseDb db, Guid? root, CancellationToken cancellationToken)
    {
        HashSet<Guid> found = root is { } id ? [id] : [];
        for (var fresh = found.ToList(); fresh.Count > 0;)
        {
            var children = await db.GroupParents.Where(p => fresh.Contains(p.ParentId)).Select(p => p.ChildId).ToListAsync(cancellationToken);
            fresh = [.. children.Where(found.Add)];
        }

        return found;
    }
}
