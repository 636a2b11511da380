using Gatehouse.Management.Writes;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Providers.OAuth2Provider>;

namespace Gatehouse.Management.Providers;

/// <summary>Removes a provider; its grants and tokens fall with it, its application stays without one.</summary>
internal sealed class DeleteProvider(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(int id, CancellationToken cancellationToken) => writer.RunAsync<OAuth2Provider>(
        Topic.Identity,
        async () =>
        {
            if (await db.Providers.SingleOrDefaultAsync(p => p.Id == id, cancellationToken) is not { } provider)
            {
                return new Result.Missing();
            }

            db.Providers.Remove(provider);
            return new Result.Done(provider);
        },
        cancellationToken);
}
