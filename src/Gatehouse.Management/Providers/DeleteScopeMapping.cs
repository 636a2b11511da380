using Gatehouse.Management.Writes;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Providers.ScopeMapping>;

namespace Gatehouse.Management.Providers;

/// <summary>Removes a scope mapping, from the providers that offer it, too.</summary>
internal sealed class DeleteScopeMapping(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<ScopeMapping>(
        Topic.Identity,
        async () =>
        {
            if (await db.ScopeMappings.SingleOrDefaultAsync(m => m.Id == id, cancellationToken) is not { } mapping)
            {
                return new Result.Missing();
            }

            // Kept as a list in one column: nothing to ask the database by.
            foreach (var provider in (await db.Providers.ToListAsync(cancellationToken)).Where(p => p.ScopeMappingIds.Contains(id)))
            {
                provider.ScopeMappingIds = [.. provider.ScopeMappingIds.Where(m => m != id)];
            }

            db.ScopeMappings.Remove(mapping);
            return new Result.Done(mapping);
        },
        cancellationToken);
}
