using Gatehouse.Management.Writes;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Policies.Policy>;

namespace Gatehouse.Management.Policies;

/// <summary>Removes a reusable policy that no app is linked to. Taking it from under an app could open a door that it kept shut.</summary>
internal sealed class DeletePolicy(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<Policy>(
        Topic.Access,
        async () =>
        {
            if (await db.Policies.SingleOrDefaultAsync(p => p.Id == id && p.IsReusable, cancellationToken) is not { } policy)
            {
                return new Result.Missing();
            }

            if (await db.AppPolicies.CountAsync(l => l.PolicyId == id, cancellationToken) is > 0 and var apps)
            {
                return new Result.InUse($"policy is linked to {apps} application(s)");
            }

            db.Policies.Remove(policy);
            return new Result.Done(policy);
        },
        cancellationToken);
}
