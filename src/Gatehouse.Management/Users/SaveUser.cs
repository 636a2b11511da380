using Gatehouse.Management.Writes;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Users.User>;

namespace Gatehouse.Management.Users;

/// <summary>Adds a user, or changes one. A new user has no password.</summary>
internal sealed class SaveUser(GatehouseDb db, Writer writer, EndUserSessions endSessions, TimeProvider clock)
{
    public Task<Result> CreateAsync(UserFields fields, CancellationToken cancellationToken) => writer.RunAsync<User>(
        Topic.Identity,
        async () =>
        {
            var now = clock.GetUtcNow();
            var user = new User { Uuid = Guid.CreateVersion7(now), Username = "", UsernameKey = "", CreatedAt = now };
            db.Users.Add(user);
            return await ApplyAsync(user, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(int id, UserFields fields, CancellationToken cancellationToken) => writer.RunAsync<User>(
        Topic.Identity,
        async () =>
        {
            if (await db.Users.Include(u => u.Groups).SingleOrDefaultAsync(u => u.Id == id, cancellationToken) is not { } user)
            {
                return new Result.Missing();
            }

            var wasActive = user.IsActive;
            var result = await ApplyAsync(user, fields, cancellationToken);
            if (wasActive && !user.IsActive)
            {
                user.MfaEpoch++;
                await endSessions.PrepareAsync(id, cancellationToken);
            }

            return result;
        },
        cancellationToken);

    private async Task<Result> ApplyAsync(User user, UserFields fields, CancellationToken cancellationToken)
    {
        var faults = fields.ApplyTo(user).ToList();
        user.UpdatedAt = clock.GetUtcNow();
        if (fields.Groups.Is(out var groups))
        {
            faults.AddRange(await JoinAsync(user, groups, cancellationToken));
        }

        if (faults.Count > 0)
        {
            return new Result.Refused(faults);
        }

        return await db.Users.AnyAsync(u => u.UsernameKey == user.UsernameKey && u.Id != user.Id, cancellationToken)
            ? new Result.Taken(new Fault("username", "User with this username already exists."))
            : new Result.Done(user);
    }

    private async Task<IEnumerable<Fault>> JoinAsync(User user, List<Guid> groups, CancellationToken cancellationToken)
    {
        var known = await db.Groups.Where(g => groups.Contains(g.Id)).Select(g => g.Id).ToListAsync(cancellationToken);
        user.Groups.RemoveAll(m => !known.Contains(m.GroupId));
        user.Groups.AddRange(known.Where(id => user.Groups.All(m => m.GroupId != id)).Select(id => new GroupMember { GroupId = id, UserId = user.Id }));
        return groups.Except(known).Select(id => new Fault("groups", $"Invalid pk \"{id}\" - object does not exist."));
    }
}
