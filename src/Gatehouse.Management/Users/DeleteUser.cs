using Gatehouse.Management.Writes;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Users.User>;

namespace Gatehouse.Management.Users;

/// <summary>Removes a user; sessions, grants, tokens, consents and memberships fall with the row, clients are told, and events go too where the settings say so.</summary>
internal sealed class DeleteUser(GatehouseDb db, Writer writer, EndUserSessions endSessions, ISnapshot<SystemSettings> settings)
{
    public Task<Result> RunAsync(int id, CancellationToken cancellationToken) => writer.RunAsync<User>(
        Topic.Identity,
        async () =>
        {
            if (await db.Users.SingleOrDefaultAsync(u => u.Id == id, cancellationToken) is not { } user)
            {
                return new Result.Missing();
            }

            await endSessions.PrepareAsync(id, cancellationToken);
            db.Users.Remove(user);
            if (settings.Current.ForgetsDeletedUsers)
            {
                writer.Also(() => db.Events.Where(e => e.UserId == id).ExecuteDeleteAsync(cancellationToken));
            }

            return new Result.Done(user);
        },
        cancellationToken);
}
