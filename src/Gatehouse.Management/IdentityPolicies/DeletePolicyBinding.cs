using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Bindings.PolicyBinding>;

namespace Gatehouse.Management.IdentityPolicies;

/// <summary>Removes a binding.</summary>
internal sealed class DeletePolicyBinding(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<PolicyBinding>(
        Topic.Identity,
        async () =>
        {
            if (await db.PolicyBindings.SingleOrDefaultAsync(b => b.Id == id, cancellationToken) is not { } binding)
            {
                return new Result.Missing();
            }

            db.PolicyBindings.Remove(binding);
            return new Result.Done(binding);
        },
        cancellationToken);
}
