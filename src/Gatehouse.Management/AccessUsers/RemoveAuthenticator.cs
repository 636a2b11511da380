using Gatehouse.Management.Writes;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Gatehouse.Store.Authenticators;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Authenticators.AccessAuthenticator>;

namespace Gatehouse.Management.AccessUsers;

/// <summary>Takes a second factor from somebody who lost it. What they proved by it is forgotten; the sessions that they have with apps run on.</summary>
internal sealed class RemoveAuthenticator(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(Guid user, Guid id, CancellationToken cancellationToken) => writer.RunAsync<AccessAuthenticator>(
        Topic.Revocations,
        async () =>
        {
            if (await AccessAuthenticatorRows.FindAsync(db, user, id, cancellationToken) is not { } found)
            {
                return new Result.Missing();
            }

            db.Remove(found);
            writer.Also(() => AccessAuthenticatorRows.ForgetAsync(db, found, cancellationToken));
            return new Result.Done(found);
        },
        cancellationToken);
}
