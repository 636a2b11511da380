using System.Text.Json;
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

    public TimeRange LastLogin { get; init; }

    /// <summary>Whether they never signed in.</summary>
    public bool? HasNoLogin { get; init; }

    public TimeRange Joined { get; init; }

    public TimeRange Updated { get; init; }

    /// <summary>A JSON object that the attributes must hold.</summary>
    public JsonElement? Attributes { get; init; }

    public string? Search { get; init; }
}

/// <summary>An instant, or what lies between two; null means any.</summary>
internal readonly record struct TimeRange(DateTimeOffset? At, DateTimeOffset? After, DateTimeOffset? Before);

/// <summary>Reads users.</summary>
internal sealed class UserDirectory(GatehouseDb db, SuperuserGroups superusers)
{
    public async Task<UserFacts?> FindAsync(int id, CancellationToken cancellationToken)
    {
        var user = await WithGroups().SingleOrDefaultAsync(u => u.Id == id, cancellationToken);
        return user is null ? null : (await DescribeAsync([user], cancellationToken))[0];
    }

    /// <summary>Users by key; those that are gone are left out.</summary>
    public async Task<IReadOnlyDictionary<int, UserFacts>> FindManyAsync(IReadOnlyCollection<int> ids, CancellationToken cancellationToken)
    {
        var found = await WithGroups().Where(u => ids.Contains(u.Id)).ToListAsync(cancellationToken);
        return (await DescribeAsync(found, cancellationToken)).ToDictionary(u => u.User.Id);
    }

    public async Task<Slice<UserFacts>> ListAsync(UserFilter filter, Func<IQueryable<User>, IQueryable<User>> order, Paging paging, CancellationToken cancellationToken)
    {
        var superuserGroups = await superusers.ReadAsync(cancellationToken);
        var users = WithTimes(Apply(WithGroups(), filter, superuserGroups), filter);
        if (filter.Attributes is { } attributes)
        {
            var ids = await HoldingAsync(attributes, cancellationToken);
            users = users.Where(u => ids.Contains(u.Id));
        }

        var slice = await order(users).SliceAsync(paging, cancellationToken);
        return new Slice<UserFacts>(await DescribeAsync(slice.Items, cancellationToken), slice.Total);
    }

    /// <summary>The folders that users are in.</summary>
    public async Task<IReadOnlyList<string>> PathsAsync(string? search, CancellationToken cancellationToken)
    {
        var users = search is { Length: > 0 } text ? db.Users.Search(text, u => u.Path) : db.Users;
        return await users.Select(u => u.Path).Distinct().OrderBy(p => p).ToListAsync(cancellationToken);
    }

    // The two databases compare JSON by different rules; few users have attributes at all.
    private async Task<List<int>> HoldingAsync(JsonElement wanted, CancellationToken cancellationToken)
    {
        var rows = await db.Users.Where(u => u.AttributesJson != "{}").Select(u => new { u.Id, u.AttributesJson }).ToListAsync(cancellationToken);
        return [.. rows.Where(r => JsonContainment.Holds(r.AttributesJson, wanted)).Select(r => r.Id)];
    }

    private static IQueryable<User> WithTimes(IQueryable<User> users, UserFilter filter)
    {
        users = filter.LastLogin.At is { } login ? users.Where(u => u.LastLoginAt == login) : users;
        users = filter.LastLogin.After is { } loginAfter ? users.Where(u => u.LastLoginAt > loginAfter) : users;
        users = filter.LastLogin.Before is { } loginBefore ? users.Where(u => u.LastLoginAt < loginBefore) : users;
        users = filter.HasNoLogin is { } hasNone ? users.Where(u => (u.LastLoginAt == null) == hasNone) : users;
        users = filter.Joined.At is { } joined ? users.Where(u => u.CreatedAt == joined) : users;
        users = filter.Joined.After is { } joinedAfter ? users.Where(u => u.CreatedAt > joinedAfter) : users;
        users = filter.Joined.Before is { } joinedBefore ? users.Where(u => u.CreatedAt < joinedBefore) : users;
        users = filter.Updated.At is { } updated ? users.Where(u => u.UpdatedAt == updated) : users;
        users = filter.Updated.After is { } updatedAfter ? users.Where(u => u.UpdatedAt > updatedAfter) : users;
        return filter.Updated.Before is { } updatedBefore ? users.Where(u => u.UpdatedAt < updatedBefore) : users;
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
        return Guid.TryParse(filter.Search, out var id) ? users.Where(u => u.Uuid == id)
            : filter.Search is { Length: > 0 } text ? users.Search(text, u => u.Username, u => u.Name, u => u.Email) : users;
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
