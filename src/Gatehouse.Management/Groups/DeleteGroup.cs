using Gatehouse.Management.Writes;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Users.Group>;

namespace Gatehouse.Management.Groups;

/// <summary>Removes a group of users; the users stay.</summary>
internal sealed class DeleteGroup(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<Group>(
        Topic.Identity,
        async () =>
        {
            if (await db.Groups.SingleOrDefaultAsync(g => g.Id == id, cancellationToken) is not { } group)
            {
                return new Result.Missing();
            }

            db.Groups.Remove(group);
            return new Result.Done(group);
        },
        cancellationToken);
}
