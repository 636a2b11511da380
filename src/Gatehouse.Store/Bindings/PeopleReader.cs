using Gatehouse.Model.Users;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Bindings;

/// <summary>Reads people with their groups, those above included.</summary>
public static class PeopleReader
{
    /// <summary>A user with groups; <see cref="PersonFacts.Nobody"/> when there is no such user.</summary>
    public static async Task<PersonFacts> PersonAsync(this GatehouseDb db, int userId, CancellationToken cancellationToken) =>
        userId != 0 && await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == userId, cancellationToken) is { } user
            ? await db.PersonAsync(user, UserUid.Of(userId, await db.InstallIdAsync(cancellationToken)), cancellationToken)
            : PersonFacts.Nobody;

    /// <summary><paramref name="user"/> with groups.</summary>
    public static async Task<PersonFacts> PersonAsync(this GatehouseDb db, User user, string uid, CancellationToken cancellationToken)
    {
        var groups = await GroupsAsync(db, user.Id, cancellationToken);
        return new PersonFacts(
            user, uid, [.. groups.Where(g => g.IsDirect).Select(g => g.Group)], [.. groups.Select(g => g.Group)]);
    }

    /// <summary>Just the groups, for bindings that ask for nothing else.</summary>
    internal static async Task<PersonFacts> GroupsOnlyAsync(GatehouseDb db, int userId, CancellationToken cancellationToken)
    {
        var groups = await GroupsAsync(db, userId, cancellationToken);
        var shell = new User { Id = userId, Uuid = Guid.Empty, Username = "", UsernameKey = "" };
        return new PersonFacts(shell, "", [.. groups.Where(g => g.IsDirect).Select(g => g.Group)], [.. groups.Select(g => g.Group)]);
    }

    // UNION drops what was found before, so a ring ends too.
    private static async Task<List<FoundGroup>> GroupsAsync(GatehouseDb db, int userId, CancellationToken cancellationToken) =>
        await db.Groups.FromSql(
            $"""
            WITH RECURSIVE above("Id") AS (
                SELECT "GroupId" FROM group_members WHERE "UserId" = {userId}
                UNION
                SELECT p."ParentId" FROM group_parents p JOIN above a ON p."ChildId" = a."Id")
            SELECT g.* FROM groups g JOIN above a ON g."Id" = a."Id"
            """)
            .AsNoTracking().OrderBy(g => g.Name)
            .Select(g => new FoundGroup(g, g.Members.Any(m => m.UserId == userId)))
            .ToListAsync(cancellationToken);

    private sealed record FoundGroup(Group Group, bool IsDirect);
}
