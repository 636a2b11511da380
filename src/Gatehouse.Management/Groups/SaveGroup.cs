using Gatehouse.Management.Writes;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Users.Group>;

namespace Gatehouse.Management.Groups;

/// <summary>Adds a group of users, or changes one.</summary>
internal sealed class SaveGroup(GatehouseDb db, Writer writer)
{
    public Task<Result> CreateAsync(GroupFields fields, CancellationToken cancellationToken) => writer.RunAsync<Group>(
        Topic.Identity,
        async () =>
        {
            var last = await db.Groups.MaxAsync(g => (int?)g.Number, cancellationToken) ?? 0;
            var group = new Group { Id = Guid.CreateVersion7(), Number = last + 1, Name = "" };
            db.Groups.Add(group);
            return await ApplyAsync(group, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, GroupFields fields, CancellationToken cancellationToken) => writer.RunAsync<Group>(
        Topic.Identity,
        async () => await db.Groups.Include(g => g.Members).Include(g => g.Parents).AsSplitQuery().SingleOrDefaultAsync(g => g.Id == id, cancellationToken) is { } group
            ? await ApplyAsync(group, fields, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(Group group, GroupFields fields, CancellationToken cancellationToken)
    {
        group.Name = fields.Name.Or(group.Name);
        group.IsSuperuser = fields.IsSuperuser.Or(group.IsSuperuser);
        group.AttributesJson = fields.AttributesJson.Or(group.AttributesJson);
        List<Fault> faults = [];
        if (fields.Parents.Is(out var parents))
        {
            faults.AddRange(await NestAsync(group, parents, cancellationToken));
        }

        if (fields.Users.Is(out var users))
        {
            faults.AddRange(await FillAsync(group, users, cancellationToken));
        }

        if (faults.Count > 0)
        {
            return new Result.Refused(faults);
        }

        return await db.Groups.AnyAsync(g => g.Name == group.Name && g.Id != group.Id, cancellationToken)
            ? new Result.Taken(new Fault("name", "Group with this name already exists."))
            : new Result.Done(group);
    }

    private async Task<IEnumerable<Fault>> NestAsync(Group group, List<Guid> parents, CancellationToken cancellationToken)
    {
        var known = await db.Groups.Where(g => parents.Contains(g.Id) && g.Id != group.Id).Select(g => g.Id).ToListAsync(cancellationToken);
        group.Parents.RemoveAll(p => !known.Contains(p.ParentId));
        group.Parents.AddRange(known.Where(id => group.Parents.All(p => p.ParentId != id)).Select(id => new GroupParent { ChildId = group.Id, ParentId = id }));

        var faults = parents.Except(known).Where(id => id != group.Id).Select(id => new Fault("parents", $"Invalid pk \"{id}\" - object does not exist.")).ToList();
        if (parents.Contains(group.Id) || await IsAboveAsync(group.Id, known, cancellationToken))
        {
            faults.Add(new Fault("parents", "A group can't be in itself, nor in a group that it contains."));
        }

        return faults;
    }

    // Walks up from the parents: meeting the group itself closes a ring.
    private async Task<bool> IsAboveAsync(Guid group, List<Guid> parents, CancellationToken cancellationToken)
    {
        var seen = parents.ToHashSet();
        for (var fresh = parents; fresh.Count > 0;)
        {
            var above = await db.GroupParents.Where(p => fresh.Contains(p.ChildId)).Select(p => p.ParentId).ToListAsync(cancellationToken);
            fresh = [.. above.Where(seen.Add)];
        }

        return seen.Contains(group);
    }

    private async Task<IEnumerable<Fault>> FillAsync(Group group, List<int> users, CancellationToken cancellationToken)
    {
        var known = await db.Users.Where(u => users.Contains(u.Id)).Select(u => u.Id).ToListAsync(cancellationToken);
        group.Members.RemoveAll(m => !known.Contains(m.UserId));
        group.Members.AddRange(known.Where(id => group.Members.All(m => m.UserId != id)).Select(id => new GroupMember { GroupId = group.Id, UserId = id }));
        return users.Except(known).Select(id => new Fault("users", $"Invalid pk \"{id}\" - object does not exist."));
    }
}
