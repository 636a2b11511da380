using Gatehouse.Management.Http;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Users;

/// <summary>A user with what the APIs tell of one.</summary>
/// <param name="User">With groups loaded.</param>
/// <param name="IsSuperuser">Through a group of theirs or one above it.</param>
/// <param name="Uid">The stable subject id: SHA-256 over key and install id.</param>
internal sealed record UserFacts(User User, bool IsSuperuser, string Uid);

/// <summary>Which users a list holds; null means any.</summary>
internal sealed class UserFilter
{
    public string? Username { get; init; }

    public string? Name { get; init; }

    public string? Email { get; init; }

    public Guid? Uuid { get; init; }

    public string? Path { get; init; }

    public string? PathStartsWith { get; init; }

    public bool? IsActive { get; init; }

    public bool? IsSuperuser { get; init; }

    public IReadOnlyList<UserType> Types { get; init; } = [];

    public IReadOnlyList<string> GroupNames { get; init; } = [];

    public IReadOnlyList<Guid> GroupIds { get; init; } = [];

    public string? Search { get; init; }
}

/// <summary>Reads users.</summary>
internal sealed class UserDirectory(GatehouseDb db, SuperuserGroups superusers)
{
    public async Task<UserFacts?> FindAsync(int id, CancellationToken cancellationToken)
    {
        var user = await WithGroups().SingleOrDefaultAsync(u => u.Id == id, cancellationToken);
        return user is null ? null : (await DescribeAsync([user], cancellationToken))[0];
    }

    public async Task<Slice<UserFacts>> ListAsync(UserFilter filter, Func<IQueryable<User>, IQueryable<User>> order, Paging paging, CancellationToken cancellationToken)
    {
        var superuserGroups = await superusers.ReadAsync(cancellationToken);
        var slice = await order(Apply(WithGroups(), filter, superuserGroups)).SliceAsync(paging, cancellationToken);
        return new Slice<UserFacts>(await DescribeAsync(slice.Items, cancellationToken), slice.Total);
    }

    private IQueryable<User> WithGroups() => db.Users.AsNoTracking().Include(u => u.Groups).ThenInclude(m => m.Group);

    private static IQueryable<User> Apply(IQueryable<User> users, UserFilter filter, HashSet<Guid> superuserGroups)
    {
        users = filter.Username is { } username ? users.Where(u => u.Username == username) : users;
        users = filter.Name is { } name ? users.Where(u => u.Name == name) : users;
        users = filter.Email is { } email ? users.Where(u => u.Email == email) : users;
        users = filter.Uuid is { } uuid ? users.Where(u => u.Uuid == uuid) : users;
        users = filter.Path is { } path ? users.Where(u => u.Path == path) : users;
        users = filter.PathStartsWith is { } start ? users.Where(u => u.Path.StartsWith(start)) : users;
        users = filter.IsActive is { } isActive ? users.Where(u => u.IsActive == isActive) : users;
        users = filter.IsSuperuser is { } isSuperuser ? users.Where(u => u.Groups.Any(m => superuserGroups.Contains(m.GroupId)) == isSuperuser) : users;
        users = filter.Types.Count > 0 ? users.Where(u => filter.Types.Contains(u.Type)) : users;
        users = filter.GroupNames.Count > 0 ? users.Where(u => u.Groups.Any(m => filter.GroupNames.Contains(m.Group!.Name))) : users; // translated to SQL: a join
        users = filter.GroupIds.Count > 0 ? users.Where(u => u.Groups.Any(m => filter.GroupIds.Contains(m.GroupId))) : users;
        return filter.Search is { Length: > 0 } text ? users.Search(text, u => u.Username, u => u.Name, u => u.Email) : users;
    }

    /// <summary>Stable subject ids by key.</summary>
    public async Task<Func<int, string>> UidsAsync(CancellationToken cancellationToken)
    {
        var installId = await db.InstallIdAsync(cancellationToken);
        return id => UserUid.Of(id, installId);
    }

    private async Task<IReadOnlyList<UserFacts>> DescribeAsync(IReadOnlyList<User> users, CancellationToken cancellationToken)
    {
        var superuserGroups = await superusers.ReadAsync(cancellationToken);
        var uidOf = await UidsAsync(cancellationToken);
        return [.. users.Select(u => new UserFacts(u, u.Groups.Any(m => superuserGroups.Contains(m.GroupId)), uidOf(u.Id)))];
    }
}
