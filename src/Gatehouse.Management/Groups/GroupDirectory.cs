using System.Text.Json;
using Gatehouse.Management.Http;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Groups;

/// <summary>A group with the groups around it.</summary>
/// <param name="Group">With members (and their users) and parents loaded.</param>
/// <param name="Parents">The groups it is in.</param>
/// <param name="Children">The groups in it.</param>
internal sealed record GroupFacts(Group Group, IReadOnlyList<Group> Parents, IReadOnlyList<Group> Children);

/// <summary>Which groups a list holds; null means any.</summary>
internal sealed class GroupFilter
{
    public string? Name { get; init; }

    public bool? IsSuperuser { get; init; }

    public IReadOnlyList<int> MemberIds { get; init; } = [];

    public IReadOnlyList<string> MemberNames { get; init; } = [];

    /// <summary>A JSON object that the attributes must hold.</summary>
    public JsonElement? Attributes { get; init; }

    public string? Search { get; init; }
}

/// <summary>Reads groups of users.</summary>
internal sealed class GroupDirectory(GatehouseDb db)
{
    public async Task<GroupFacts?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        var group = await WithMembers().SingleOrDefaultAsync(g => g.Id == id, cancellationToken);
        return group is null ? null : (await DescribeAsync([group], cancellationToken))[0];
    }

    public async Task<Slice<GroupFacts>> ListAsync(GroupFilter filter, Func<IQueryable<Group>, IQueryable<Group>> order, Paging paging, CancellationToken cancellationToken)
    {
        var groups = Apply(WithMembers(), filter);
        if (filter.Attributes is { } attributes)
        {
            var rows = await db.Groups.Where(g => g.AttributesJson != "{}").Select(g => new { g.Id, g.AttributesJson }).ToListAsync(cancellationToken);
            var ids = rows.Where(r => JsonContainment.Holds(r.AttributesJson, attributes)).Select(r => r.Id).ToList();
            groups = groups.Where(g => ids.Contains(g.Id));
        }

        var slice = await order(groups).SliceAsync(paging, cancellationToken);
        return new Slice<GroupFacts>(await DescribeAsync(slice.Items, cancellationToken), slice.Total);
    }

    private IQueryable<Group> WithMembers() =>
        db.Groups.AsNoTracking().Include(g => g.Members).ThenInclude(m => m.User).Include(g => g.Parents).AsSplitQuery();

    private static IQueryable<Group> Apply(IQueryable<Group> groups, GroupFilter filter)
    {
        groups = filter.Name is { } name ? groups.Where(g => g.Name == name) : groups;
        groups = filter.IsSuperuser is { } isSuperuser ? groups.Where(g => g.IsSuperuser == isSuperuser) : groups;
        groups = filter.MemberIds.Count > 0 ? groups.Where(g => g.Members.Any(m => filter.MemberIds.Contains(m.UserId))) : groups;
        groups = filter.MemberNames.Count > 0 ? groups.Where(g => g.Members.Any(m => filter.MemberNames.Contains(m.User!.Username))) : groups; // translated to SQL: a join
        return filter.Search is { Length: > 0 } text ? groups.Search(text, g => g.Name) : groups;
    }

    private async Task<IReadOnlyList<GroupFacts>> DescribeAsync(IReadOnlyList<Group> groups, CancellationToken cancellationToken)
    {
        var ids = groups.Select(g => g.Id).ToList();
        var links = await db.GroupParents.AsNoTracking().Where(p => ids.Contains(p.ChildId) || ids.Contains(p.ParentId)).ToListAsync(cancellationToken);
        var around = links.SelectMany(l => new[] { l.ChildId, l.ParentId }).Distinct().ToList();
        var byId = await db.Groups.AsNoTracking().Where(g => around.Contains(g.Id)).ToDictionaryAsync(g => g.Id, cancellationToken);
        return
        [
            .. groups.Select(g => new GroupFacts(
                g,
                Named(links.Where(l => l.ChildId == g.Id).Select(l => byId.GetValueOrDefault(l.ParentId))),
                Named(links.Where(l => l.ParentId == g.Id).Select(l => byId.GetValueOrDefault(l.ChildId))))),
        ];
    }

    // A group may go between two reads.
    private static List<Group> Named(IEnumerable<Group?> groups) => [.. groups.OfType<Group>().OrderBy(g => g.Name, StringComparer.Ordinal)];
}
