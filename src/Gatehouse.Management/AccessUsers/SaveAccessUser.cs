using Gatehouse.Management.Writes;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Sessions.AccessUser>;

namespace Gatehouse.Management.AccessUsers;

/// <summary>Adds people before they sign in, renames them, takes their seat or all of them away; ends their sessions.</summary>
internal sealed class SaveAccessUser(GatehouseDb db, Writer writer, TimeProvider clock)
{
    public Task<Result> CreateAsync(string email, string name, CancellationToken cancellationToken) => writer.RunAsync<AccessUser>(
        Topic.Revocations,
        async () =>
        {
            if (await db.AccessUsers.AnyAsync(u => u.Email == email, cancellationToken))
            {
                return new Result.Taken(new Fault("email", $"there is a user of {email} already"));
            }

            var now = clock.GetUtcNow();
            var user = new AccessUser { Id = Guid.CreateVersion7(now), Email = email, Name = name, HasSeat = false, CreatedAt = now };
            db.AccessUsers.Add(user);
            return new Result.Done(user);
        },
        cancellationToken);

    public Task<Result> RenameAsync(Guid id, string name, CancellationToken cancellationToken) => ChangeAsync(
        id,
        user =>
        {
            user.Name = name;
            return true;
        },
        cancellationToken);

    /// <summary>Gives or takes a seat. Whoever loses it is signed out, and has it again with the next sign-in.</summary>
    public Task<Result> SeatAsync(Guid id, bool hasSeat, CancellationToken cancellationToken) => ChangeAsync(
        id,
        user =>
        {
            user.HasSeat = hasSeat;
            return hasSeat;
        },
        cancellationToken);

    /// <summary>Forgets a person: who signs in with the same address is somebody else. Their sessions end, and are remembered as ended while their tokens live.</summary>
    public Task<Result> DeleteAsync(Guid id, CancellationToken cancellationToken) => ChangeAsync(
        id,
        user =>
        {
            db.AccessUsers.Remove(user);
            return false;
        },
        cancellationToken);

    /// <summary>Ends all sessions of a person, on every node.</summary>
    public Task<Result> SignOutAsync(string email, CancellationToken cancellationToken) => writer.RunAsync<AccessUser>(
        Topic.Revocations,
        async () =>
        {
            if (await db.AccessUsers.SingleOrDefaultAsync(u => u.Email == email, cancellationToken) is not { } user)
            {
                return new Result.Missing();
            }

            writer.Also(() => EndSessionsAsync(user.Id, cancellationToken));
            return new Result.Done(user);
        },
        cancellationToken);

    // The change answers whether the sessions may go on.
    private Task<Result> ChangeAsync(Guid id, Func<AccessUser, bool> change, CancellationToken cancellationToken) => writer.RunAsync<AccessUser>(
        Topic.Revocations,
        async () =>
        {
            if (await db.AccessUsers.SingleOrDefaultAsync(u => u.Id == id, cancellationToken) is not { } user)
            {
                return new Result.Missing();
            }

            if (!change(user))
            {
                writer.Also(() => EndSessionsAsync(id, cancellationToken));
            }

            return new Result.Done(user);
        },
        cancellationToken);

    private async Task EndSessionsAsync(Guid user, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await db.AccessSessions.Where(s => s.UserId == user && s.RevokedAt == null).ExecuteUpdateAsync(s => s.SetProperty(x => x.RevokedAt, now), cancellationToken);

        // Whoever ends a person's sessions wants them to prove everything anew.
        await db.RememberedProofs.Where(p => p.UserId == user).ExecuteDeleteAsync(cancellationToken);
    }
}
