using Gatehouse.Model.Claims;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Users;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Sessions;

/// <summary>
/// Tells our own Access that what it was told of somebody no longer holds: name, address, attributes, or the groups they are in. Access drops
/// what it knows of them and asks Identity again at the next request, where their session goes on. Foreign clients see the change when they
/// refresh, as anywhere.
/// </summary>
public static class ClaimsChange
{
    private static readonly string[] OfUsers = [nameof(User.Username), nameof(User.Name), nameof(User.Email), nameof(User.AttributesJson)];
    private static readonly string[] OfGroups = [nameof(Group.Name), nameof(Group.IsSuperuser), nameof(Group.AttributesJson)];

    /// <summary>Adds the notices that the changes tracked by <paramref name="db"/> ask for, to be saved with them. To be called right before the save.</summary>
    public static async Task PrepareAsync(GatehouseDb db, PublicUrls urls, DateTimeOffset now, CancellationToken cancellationToken)
    {
        db.ChangeTracker.DetectChanges();
        var users = ChangedUsers(db);
        var groups = ChangedGroups(db);
        if (users.Count == 0 && groups.Count == 0)
        {
            return;
        }

        if (groups.Count > 0)
        {
            var below = await WithThoseInsideAsync(db, groups, cancellationToken);
            users.UnionWith(await db.GroupMembers.AsNoTracking().Where(m => below.Contains(m.GroupId)).Select(m => m.UserId).ToListAsync(cancellationToken));
        }

        await AddNoticesAsync(db, users, urls.AccessLogoutReceiver, now, cancellationToken);
    }

    private static HashSet<int> ChangedUsers(GatehouseDb db) =>
    [
        .. db.ChangeTracker.Entries<User>().Where(e => e.State == EntityState.Modified && OfUsers.Any(p => e.Property(p).IsModified)).Select(e => e.Entity.Id),
        .. db.ChangeTracker.Entries<GroupMember>().Where(e => e.State is EntityState.Added or EntityState.Deleted).Select(e => e.Entity.UserId),
    ];

    private static HashSet<Guid> ChangedGroups(GatehouseDb db) =>
    [
        .. db.ChangeTracker.Entries<Group>()
            .Where(e => e.State == EntityState.Deleted || (e.State == EntityState.Modified && OfGroups.Any(p => e.Property(p).IsModified))).Select(e => e.Entity.Id),
        .. db.ChangeTracker.Entries<GroupParent>().Where(e => e.State is EntityState.Added or EntityState.Deleted).Select(e => e.Entity.ChildId),
    ];

    // As stored: whoever joins or leaves one of them with this very change is among the users already.
    private static async Task<HashSet<Guid>> WithThoseInsideAsync(GatehouseDb db, HashSet<Guid> groups, CancellationToken cancellationToken)
    {
        var seen = groups.ToHashSet();
        for (List<Guid> fresh = [.. groups]; fresh.Count > 0;)
        {
            var inside = await db.GroupParents.AsNoTracking().Where(p => fresh.Contains(p.ParentId)).Select(p => p.ChildId).ToListAsync(cancellationToken);
            fresh = [.. inside.Where(seen.Add)];
        }

        return seen;
    }

    // Without a session: all that Access has of this person. The client goes on being remembered, since the session it belongs to goes on.
    private static async Task AddNoticesAsync(GatehouseDb db, HashSet<int> users, string receiver, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Read untracked, as stored: Access knows the subject of before.
        var told = await (
            from provider in db.Providers.AsNoTracking()
            from user in db.Users.AsNoTracking()
            where provider.LogoutMethod == LogoutMethod.Backchannel && provider.LogoutUri.StartsWith(receiver) && users.Contains(user.Id)
                && db.SessionClients.Any(c => c.ProviderId == provider.Id && c.UserId == user.Id)
            select new { provider.Id, provider.SubMode, User = user }).ToListAsync(cancellationToken);
        if (told.Count == 0)
        {
            return;
        }

        var installId = await db.InstallIdAsync(cancellationToken);
        db.LogoutNotices.AddRange(told.Select(t => new LogoutNotice
        {
            Id = Guid.CreateVersion7(now),
            ProviderId = t.Id,
            Subject = Subjects.Of(t.User, t.SubMode, installId),
            Sid = "",
            NextAt = now,
            ExpiresAt = now + LogoutNotice.Life,
        }));
    }
}
