using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Policies.Policy>;

namespace Gatehouse.Management.Policies;

/// <summary>Adds a reusable policy, or replaces one.</summary>
internal sealed class SavePolicy(GatehouseDb db, Writer writer, IGeoReader places, TimeProvider clock)
{
    public Task<Result> CreateAsync(PolicyDraft draft, CancellationToken cancellationToken) => writer.RunAsync<Policy>(
        Topic.Access,
        async () =>
        {
            if (await FaultsAsync(draft, cancellationToken) is { Count: > 0 } faults)
            {
                return new Result.Refused(faults);
            }

            var policy = draft.Make(isReusable: true, clock.GetUtcNow());
            db.Policies.Add(policy);
            return new Result.Done(policy);
        },
        cancellationToken);

    public Task<Result> ReplaceAsync(Guid id, PolicyDraft draft, CancellationToken cancellationToken) => writer.RunAsync<Policy>(
        Topic.Access,
        async () =>
        {
            if (await db.Policies.SingleOrDefaultAsync(p => p.Id == id && p.IsReusable, cancellationToken) is not { } policy)
            {
                return new Result.Missing();
            }

            if (await FaultsAsync(draft, cancellationToken) is { Count: > 0 } faults)
            {
                return new Result.Refused(faults);
            }

            draft.ApplyTo(policy, clock.GetUtcNow());
            return new Result.Done(policy);
        },
        cancellationToken);

    private async Task<List<Fault>> FaultsAsync(PolicyDraft draft, CancellationToken cancellationToken) =>
        [.. draft.Check(await RuleBook.ReadAsync(db, places, cancellationToken), "")];
}
