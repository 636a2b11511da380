using Gatehouse.Management.Writes;
using Gatehouse.Model.Origins;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Origins.PublicHostname>;

namespace Gatehouse.Management.Hostnames;

/// <summary>Takes a hostname off the air.</summary>
internal sealed class DeleteHostname(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<PublicHostname>(
        Topic.Access,
        async () =>
        {
            if (await db.PublicHostnames.SingleOrDefaultAsync(h => h.Id == id, cancellationToken) is not { } hostname)
            {
                return new Result.Missing();
            }

            db.PublicHostnames.Remove(hostname);
            return new Result.Done(hostname);
        },
        cancellationToken);
}
