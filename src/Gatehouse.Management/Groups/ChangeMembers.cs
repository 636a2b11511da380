using Gatehouse.Management.Writes;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Users.Group>;

namespace Gatehouse.Management.Groups;

/// <summary>Puts one user into a group, or takes one out. Asking twice changes nothing. An unknown user is refused on <c>pk</c>.</summary>
internal sealed class ChangeMembers(GatehouseDb db, Writer writer)
{
    public Task<Result> AddAsync(Guid groupId, int userId, CancellationToken cancellationToken) =>
        RunAsync(groupId, userId, isMember: true, cancellationToken);

    public Task<Result> RemoveAsync(Guid groupId, int userId, CancellationToken cancellationToken) =>
        RunAsync(groupId, userId, isMember: false, cancellationToken);

    private Task<Result> RunAsync(Guid groupId, int userId, bool isMember, CancellationToken cancellationToken) => writer.RunAsync<Group>(
        Topic.Identity,
        async () =>
        {
            var group = await db.Groups.Include(g => g.Members.Where(m => m.UserId == userId)).SingleOrDefaultAsync(g => g.Id == groupId, cancellationToken);
            if (group is null)
            {
                return new Result.Missing();
            }

            if (!await db.Users.AnyAsync(u => u.Id == userId, cancellationToken))
            {
                return new Result.Refused([new Fault("pk", $"Invalid pk \"{userId}\" - object does not exist.")]);
            }

            if (!isMember)
            {
                group.Members.Clear();
            }
            else if (group.Members.Count == 0)
            {
                group.Members.Add(new GroupMember { GroupId = groupId, UserId = userId });
            }

            return new Result.Done(group);
        },
        cancellationToken);
}
