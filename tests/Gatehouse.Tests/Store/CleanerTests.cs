using Gatehouse.Model.Audit;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Gatehouse.Store.Cleaning;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Tests.Store;

public class CleanerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Deletes_what_has_expired_and_nothing_else(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var now = clock.GetUtcNow();
        await AddAsync(store, "old", now.AddHours(-2));
        await AddAsync(store, "just ended", now.AddMinutes(-1)); // another node's clock may be behind
        await AddAsync(store, "alive", now.AddHours(1));

        Assert.Equal(7, await store.Get<Cleaner>().CleanAsync(Cancel));
        Assert.Equal(0, await store.Get<Cleaner>().CleanAsync(Cancel));

        await using var db = store.Open();
        Assert.Equal(["alive", "just ended"], await db.FlowPlans.Select(p => p.Id).OrderBy(i => i).ToListAsync(Cancel));
        Assert.Equal(2, await db.Grants.CountAsync(Cancel));
        Assert.Equal(2, await db.AuthorizationCodes.CountAsync(Cancel));
        Assert.Equal(2, await db.OAuthTokens.CountAsync(Cancel));
        Assert.Equal(2, await db.AuthenticatedSessions.CountAsync(Cancel));
        Assert.Equal(2, await db.OneTimeLinks.CountAsync(Cancel));
        Assert.Equal(2, await db.BurntCodes.CountAsync(Cancel));
        Assert.Equal(1, await db.Users.CountAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Works_through_more_than_one_batch(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        await using (var db = store.Open())
        {
            db.BurntCodes.AddRange(Enumerable.Range(0, 1201).Select(i => new BurntCode { Id = $"{i}", ExpiresAt = clock.GetUtcNow().AddDays(-1) }));
            await db.SaveChangesAsync(Cancel);
        }

        Assert.Equal(1201, await store.Get<Cleaner>().CleanAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Keeps_the_newest_decisions_only(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        await using (var db = store.Open())
        {
            db.Decisions.AddRange(Enumerable.Range(0, 5).Select(i => new DecisionRecord
            {
                Id = $"{i}",
                At = clock.GetUtcNow().AddSeconds(i),
                Allowed = false,
                Action = "request",
                Address = "192.0.2.1",
                Method = "GET",
                Host = "app.test",
                Path = "/",
                TreeJson = "{}",
            }));
            await db.SaveChangesAsync(Cancel);
        }

        using var cleaner = new Cleaner(store.Get<IDbContextFactory<GatehouseDb>>(), clock, NullLogger<Cleaner>.Instance) { MostOfNobody = 3 };
        Assert.Equal(2, await cleaner.CleanAsync(Cancel));
        Assert.Equal(0, await cleaner.CleanAsync(Cancel));

        await using var after = store.Open();
        Assert.Equal(["2", "3", "4"], await after.Decisions.Select(d => d.Id).OrderBy(i => i).ToListAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task No_kind_of_decisions_is_deleted_for_another_and_nobody_deletes_what_is_known_of_others(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        await using (var db = store.Open())
        {
            Add("a", 2, "ada@example.com", true);
            Add("m", 2, null, true);
            Add("e", 6, "eve@example.com", false);
            Add("n", 6, null, false);
            await db.SaveChangesAsync(Cancel);

            void Add(string id, int count, string? email, bool allowed) => db.Decisions.AddRange(Enumerable.Range(0, count).Select(n => new DecisionRecord
            {
                Id = $"{id}{n}",
                At = clock.GetUtcNow().AddSeconds(db.Decisions.Local.Count + n),
                Allowed = allowed,
                Action = "request",
                Email = email,
                Address = "192.0.2.1",
                Method = "GET",
                Host = "app.test",
                Path = "/",
                TreeJson = "{}",
            }));
        }

        var log = new LogLines();
        using var logs = LoggerFactory.Create(l => l.AddProvider(log));
        using var cleaner = new Cleaner(store.Get<IDbContextFactory<GatehouseDb>>(), clock, logs.CreateLogger<Cleaner>()) { MostDecisions = 6, MostOfOne = 4, MostOfMachines = 3, MostOfNobody = 3 };
        Assert.Equal(5, await cleaner.CleanAsync(Cancel));
        Assert.Equal(0, await cleaner.CleanAsync(Cancel));

        await using var after = store.Open();
        Assert.Equal("a0 a1 e2 e3 e4 e5 m0 m1 n3 n4 n5", string.Join(' ', (await after.Decisions.Select(d => d.Id).ToListAsync(Cancel)).Order(StringComparer.Ordinal)));
        Assert.Equal(2, log.All.Count(l => l.Id == 6303));
    }

    private static async Task AddAsync(TestStore store, string id, DateTimeOffset end)
    {
        await using var db = store.Open();
        var user = await db.Users.Select(u => u.Id).SingleAsync(Cancel);
        var provider = await db.Providers.Select(p => p.Id).SingleAsync(Cancel);
        var grant = new OAuthGrant { Id = Guid.CreateVersion7(), ProviderId = provider, UserId = user, SessionId = id, Scopes = [], AuthenticatedAt = end, CreatedAt = end, ExpiresAt = end };
        db.Grants.Add(grant);
        db.AuthorizationCodes.Add(new AuthorizationCode { Hash = id, GrantId = grant.Id, ProviderId = provider, RedirectUri = "", ExpiresAt = end });
        db.OAuthTokens.Add(new OAuthToken { Hash = id, Kind = OAuthTokenKind.Refresh, GrantId = grant.Id, ProviderId = provider, Scopes = [], CreatedAt = end, ExpiresAt = end });
        db.FlowPlans.Add(new FlowPlan { Id = id, StateJson = "{}", ExpiresAt = end });
        db.BurntCodes.Add(new BurntCode { Id = id, ExpiresAt = end });
        db.OneTimeLinks.Add(new OneTimeLink { Hash = id, Purpose = "setup", UserId = user, ExpiresAt = end });
        db.AuthenticatedSessions.Add(new AuthenticatedSession
        {
            Id = id,
            Uuid = Guid.CreateVersion7(),
            UserId = user,
            AuthenticatedAt = end,
            LastAddress = "",
            LastUserAgent = "",
            LastUsedAt = end,
            ExpiresAt = end,
        });
        await db.SaveChangesAsync(Cancel);
    }
}
