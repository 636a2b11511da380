using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Bindings.IdentityPolicy>;

namespace Gatehouse.Management.IdentityPolicies;

/// <summary>Removes a policy of Identity. Its bindings stay and say no: what it guarded does not open by that.</summary>
internal sealed class DeleteIdentityPolicy(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(Guid id, PolicyKind? kind, CancellationToken cancellationToken) => writer.RunAsync<IdentityPolicy>(
        Topic.Identity,
        async () =>
        {
            if (await db.IdentityPolicies.SingleOrDefaultAsync(p => p.Id == id && (kind == null || p.Kind == kind), cancellationToken) is not { } policy)
            {
                return new Result.Missing();
            }

            db.IdentityPolicies.Remove(policy);
            return new Result.Done(policy);
        },
        cancellationToken);
}
