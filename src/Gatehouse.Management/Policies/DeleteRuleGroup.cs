using Gatehouse.Management.Writes;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Policies.RuleGroup>;

namespace Gatehouse.Management.Policies;

/// <summary>Removes a rule group that nothing names.</summary>
internal sealed class DeleteRuleGroup(GatehouseDb db, Writer writer, RuleUses uses)
{
    public Task<Result> RunAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<RuleGroup>(
        Topic.Access,
        async () =>
        {
            if (await db.RuleGroups.SingleOrDefaultAsync(g => g.Id == id, cancellationToken) is not { } group)
            {
                return new Result.Missing();
            }

            if (await uses.FindAsync(r => r is Rule.Group named && named.Id == id, cancellationToken) is { } use)
            {
                return new Result.InUse(use);
            }

            db.RuleGroups.Remove(group);
            return new Result.Done(group);
        },
        cancellationToken);
}
