using Gatehouse.Model.Providers;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Sessions;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Store;

public class SessionEndTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task The_end_of_a_session_leaves_a_notice_for_each_client_that_wants_one(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var user = await UserAsync(db, "ada");
        var (back, front, silent) = (await ProviderAsync(db, "back"), await ProviderAsync(db, "front", LogoutMethod.Frontchannel), await ProviderAsync(db, "silent", uri: ""));
        var session = await SessionAsync(db, store, user, "one", back, front, silent);
        var other = await SessionAsync(db, store, user, "two", back);

        var frames = await SessionEnd.RunAsync(db, db.AuthenticatedSessions.Where(s => s.Id == "one"), store.Clock.GetUtcNow(), Cancel);

        var frame = Assert.Single(frames);
        Assert.Equal((front.Id, front.LogoutUri, SessionNames.Of(session.Uuid)), (frame.ProviderId, frame.LogoutUri, frame.Sid));
        var notice = await db.LogoutNotices.SingleAsync(Cancel);
        Assert.Equal((back.Id, SessionNames.Of(session.Uuid), user.Uuid.ToString()), (notice.ProviderId, notice.Sid, notice.Subject));
        Assert.True(notice.NextAt <= store.Clock.GetUtcNow());
        Assert.Equal(["two"], await db.AuthenticatedSessions.Select(s => s.Id).ToListAsync(Cancel));
        Assert.Equal([other.Uuid], await db.SessionClients.Select(c => c.SessionUuid).ToListAsync(Cancel));
        Assert.Equal([true, true, true, false], (await db.Grants.AsNoTracking().OrderBy(g => g.SessionId).ToListAsync(Cancel)).Select(g => g.RevokedAt is not null));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Whoever_is_signed_out_everywhere_is_so_at_clients_of_sessions_that_ran_out_too(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var user = await UserAsync(db, "ada");
        var back = await ProviderAsync(db, "back");
        var gone = await SessionAsync(db, store, user, "gone", back);
        var kept = await SessionAsync(db, store, user, "kept", back);
        var open = await SessionAsync(db, store, user, "open", back);
        await SessionAsync(db, store, await UserAsync(db, "bob"), "bob", back);
        await db.AuthenticatedSessions.Where(s => s.Id == "gone").ExecuteDeleteAsync(Cancel); // as the cleaner does

        await SessionEnd.RunForUserAsync(db, user.Id, "kept", store.Clock.GetUtcNow(), Cancel);

        Assert.Equal(
            new[] { SessionNames.Of(gone.Uuid), SessionNames.Of(open.Uuid) }.Order(),
            (await db.LogoutNotices.Select(n => n.Sid).ToListAsync(Cancel)).Order());
        Assert.Equal(["bob", "kept"], await db.AuthenticatedSessions.Select(s => s.Id).OrderBy(i => i).ToListAsync(Cancel));
        Assert.Equal(["gone", "open"], await db.Grants.Where(g => g.RevokedAt != null).Select(g => g.SessionId).OrderBy(i => i).ToListAsync(Cancel));
        Assert.Contains(kept.Uuid, await db.SessionClients.Select(c => c.SessionUuid).ToListAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_user_who_is_deleted_leaves_notices_with_the_subject_of_before(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var user = await UserAsync(db, "ada");
        var back = await ProviderAsync(db, "back", mode: SubMode.UserEmail);
        var session = await SessionAsync(db, store, user, "one", back);
        db.ChangeTracker.Clear();
        var doomed = await db.Users.SingleAsync(u => u.Id == user.Id, Cancel);
        doomed.Email = "new@example.com";

        await SessionEnd.PrepareForUserAsync(db, user.Id, null, store.Clock.GetUtcNow(), Cancel);
        Assert.Equal(1, await db.AuthenticatedSessions.CountAsync(Cancel)); // prepared, not saved
        db.Users.Remove(doomed);
        await db.SaveChangesAsync(Cancel);

        var notice = await db.LogoutNotices.AsNoTracking().SingleAsync(Cancel);
        Assert.Equal(("ada@example.com", SessionNames.Of(session.Uuid)), (notice.Subject, notice.Sid));
        Assert.False(await db.SessionClients.AnyAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Without_its_notices_no_session_ends(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var user = await UserAsync(db, "ada");
        await SessionAsync(db, store, user, "one", await ProviderAsync(db, "back"));
        await db.Database.ExecuteSqlRawAsync("ALTER TABLE logout_notices RENAME TO elsewhere", Cancel);

        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => SessionEnd.RunForUserAsync(db, user.Id, null, store.Clock.GetUtcNow(), Cancel));

        await using var after = store.Open();
        Assert.Equal(1, await after.AuthenticatedSessions.CountAsync(Cancel));
        Assert.Equal(1, await after.SessionClients.CountAsync(Cancel));
        Assert.Null((await after.Grants.SingleAsync(Cancel)).RevokedAt);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_second_visit_is_remembered_once_and_longer(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var back = await ProviderAsync(db, "back");
        var session = await SessionAsync(db, store, await UserAsync(db, "ada"), "one", back);
        var later = store.Clock.GetUtcNow().AddDays(3);

        await SessionEnd.RememberClientAsync(db, session, session.UserId, back.Id, later, Cancel);

        Assert.Equal((later + SessionClient.Memory).ToUnixTimeMilliseconds(), (await db.SessionClients.AsNoTracking().SingleAsync(Cancel)).KeptUntil.ToUnixTimeMilliseconds());
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Q41_a_client_is_told_of_whom_it_knows_also_when_an_administrator_acted_as_them(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var back = await ProviderAsync(db, "back");
        var (ada, bob) = (await UserAsync(db, "ada"), await UserAsync(db, "bob"));
        var session = await SessionAsync(db, store, ada, "one", back);
        await SessionEnd.RememberClientAsync(db, session, bob.Id, back.Id, store.Clock.GetUtcNow(), Cancel);

        await SessionEnd.RunForUserAsync(db, bob.Id, null, store.Clock.GetUtcNow(), Cancel);
        Assert.Equal([bob.Uuid.ToString()], await db.LogoutNotices.Select(n => n.Subject).ToListAsync(Cancel));
        await SessionEnd.RunAsync(db, db.AuthenticatedSessions.Where(s => s.Id == "one"), store.Clock.GetUtcNow(), Cancel);
        Assert.Equal(new[] { ada.Uuid.ToString(), bob.Uuid.ToString() }.Order(), (await db.LogoutNotices.Select(n => n.Subject).ToListAsync(Cancel)).Order());
    }

    private static async Task<User> UserAsync(GatehouseDb db, string name)
    {
        var user = new User { Uuid = Guid.CreateVersion7(), Username = name, UsernameKey = name, Email = name + "@example.com" };
        db.Users.Add(user);
        await db.SaveChangesAsync(Cancel);
        return user;
    }

    private static async Task<OAuth2Provider> ProviderAsync(
        GatehouseDb db, string name, LogoutMethod method = LogoutMethod.Backchannel, string? uri = null, SubMode mode = SubMode.UserUuid)
    {
        var flow = await db.Flows.Select(f => f.Id).FirstAsync(Cancel);
        var provider = new OAuth2Provider
        {
            Name = name,
            ClientId = name,
            SealedClientSecret = [1],
            RedirectUris = [],
            LogoutUri = uri ?? $"https://{name}.test/",
            LogoutMethod = method,
            SubMode = mode,
            AuthorizationFlowId = flow,
            InvalidationFlowId = flow,
        };
        db.Providers.Add(provider);
        await db.SaveChangesAsync(Cancel);
        return provider;
    }

    private static async Task<AuthenticatedSession> SessionAsync(GatehouseDb db, TestStore store, User user, string id, params OAuth2Provider[] visited)
    {
        var now = store.Clock.GetUtcNow();
        var session = new AuthenticatedSession
        {
            Id = id,
            Uuid = Guid.CreateVersion7(),
            UserId = user.Id,
            AuthenticatedAt = now,
            LastAddress = "127.0.0.1",
            LastUserAgent = "test",
            LastUsedAt = now,
            ExpiresAt = now.AddDays(1),
        };
        db.AuthenticatedSessions.Add(session);
        db.Grants.AddRange(visited.Select(p => new OAuthGrant
        {
            Id = Guid.CreateVersion7(),
            ProviderId = p.Id,
            UserId = user.Id,
            SessionId = id,
            SessionUuid = session.Uuid,
            Scopes = [],
            AuthenticatedAt = now,
            CreatedAt = now,
            ExpiresAt = now.AddDays(1),
        }));
        await db.SaveChangesAsync(Cancel);
        foreach (var provider in visited)
        {
            await SessionEnd.RememberClientAsync(db, session, session.UserId, provider.Id, now, Cancel);
        }

        db.ChangeTracker.Clear();
        return session;
    }
}
