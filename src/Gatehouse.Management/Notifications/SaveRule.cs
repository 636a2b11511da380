using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Notifications;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Notifications.NotificationRule>;

namespace Gatehouse.Management.Notifications;

/// <summary>What a caller says about a rule. Absent fields stay as they are.</summary>
internal sealed class RuleFields
{
    public Maybe<string> Name { get; init; }

    public Maybe<List<Guid>> Transports { get; init; }

    public Maybe<Severity> Severity { get; init; }

    public Maybe<Guid?> Group { get; init; }

    public Maybe<bool> TellsEventUser { get; init; }
}

/// <summary>Adds a notification rule, changes or removes one.</summary>
internal sealed class SaveRule(GatehouseDb db, Writer writer)
{
    public Task<Result> CreateAsync(RuleFields fields, CancellationToken cancellationToken) => writer.RunAsync<NotificationRule>(
        Topic.Identity,
        async () =>
        {
            var rule = new NotificationRule { Id = Guid.CreateVersion7(), Name = "" };
            db.NotificationRules.Add(rule);
            return await ApplyAsync(rule, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, RuleFields fields, CancellationToken cancellationToken) => writer.RunAsync<NotificationRule>(
        Topic.Identity,
        async () => await db.NotificationRules.SingleOrDefaultAsync(r => r.Id == id, cancellationToken) is { } rule
            ? await ApplyAsync(rule, fields, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    public Task<Result> DeleteAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<NotificationRule>(
        Topic.Identity,
        async () =>
        {
            if (await db.NotificationRules.SingleOrDefaultAsync(r => r.Id == id, cancellationToken) is not { } rule)
            {
                return new Result.Missing();
            }

            await db.UnbindAsync([rule.Id], cancellationToken);
            db.NotificationRules.Remove(rule);
            return new Result.Done(rule);
        },
        cancellationToken);

    private async Task<Result> ApplyAsync(NotificationRule rule, RuleFields fields, CancellationToken cancellationToken)
    {
        List<Fault> faults = [];
        rule.Name = fields.Name.Or(rule.Name);
        rule.Severity = fields.Severity.Or(rule.Severity);
        rule.TellsEventUser = fields.TellsEventUser.Or(rule.TellsEventUser);
        rule.GroupId = fields.Group.Or(rule.GroupId);
        if (fields.Transports.Is(out var wanted))
        {
            var known = await db.NotificationTransports.Where(t => wanted.Contains(t.Id)).Select(t => t.Id).ToListAsync(cancellationToken);
            faults.AddRange(wanted.Except(known).Select(id => new Fault("transports", $"Invalid pk \"{id}\" - object does not exist.")));
            rule.TransportIds = [.. wanted.Distinct().Where(known.Contains)];
        }

        if (fields.Group.Is(out var group) && group is { } id && !await db.Groups.AnyAsync(g => g.Id == id, cancellationToken))
        {
            faults.Add(new Fault("destination_group", $"Invalid pk \"{id}\" - object does not exist."));
        }

        return faults.Count > 0 ? new Result.Refused(faults)
            : await db.NotificationRules.AnyAsync(r => r.Name == rule.Name && r.Id != rule.Id, cancellationToken)
            ? new Result.Taken(new Fault("name", "Notification Rule with this name already exists."))
            : new Result.Done(rule);
    }
}
