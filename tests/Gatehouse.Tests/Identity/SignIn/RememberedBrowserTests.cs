using System.Net;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Gatehouse.Store.Events;
using Gatehouse.Store.Sessions;
using Gatehouse.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>The token of remembered browsers: one line of it, over several nodes and restarts. Row S15 of the attack cases.</summary>
public class RememberedBrowserTests
{
    private static readonly TimeSpan JustOverAnHour = TimeSpan.FromMinutes(61);
    private static readonly TimeSpan JustOverTheGrace = TimeSpan.FromSeconds(61);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task S15_a_former_token_ends_the_session_its_grants_and_what_clients_keep(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        await using var node = await store.StartNodeAsync();
        var first = await SignInAsync(store);

        // Side by side, and on two nodes: one token, whoever answers.
        clock.Advance(JustOverAnHour);
        var offers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => ComeAsync(i % 2 == 0 ? store : node, first)));
        Assert.All(offers, o => Assert.True(o.Holds));
        var second = Assert.Single(offers.Select(o => o.Cookie).Distinct())!; // single, and asserted next
        Assert.NotNull(second);
        Assert.NotEqual(first, second);

        var uses = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => ComeAsync(i % 2 == 0 ? store : node, second)));
        Assert.All(uses, u => Assert.True(u.Holds && (u.Cookie ?? second) == second));
        Assert.Equal((true, null), await ComeAsync(node, first)); // was under way

        clock.Advance(JustOverTheGrace);
        var copies = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => ComeAsync(i % 2 == 0 ? store : node, first)));

        Assert.All(copies, c => Assert.False(c.Holds));
        Assert.False((await ComeAsync(store, second)).Holds);
        await using var db = store.Open();
        Assert.Equal((0, 0, 1), (await db.AuthenticatedSessions.CountAsync(Stop), await db.RememberedTokens.CountAsync(Stop), await db.LogoutNotices.CountAsync(Stop)));
        Assert.NotNull((await db.Grants.SingleAsync(Stop)).RevokedAt);
        var happened = Assert.Single(await db.Events.Where(e => e.Action == EventActions.SuspiciousRequest).ToListAsync(Stop));
        Assert.Equal(("ada", "192.0.2.1"), (happened.Username, happened.ClientIp));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task S15_an_answer_that_never_arrived_locks_nobody_out(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var first = await SignInAsync(store);
        clock.Advance(JustOverAnHour);
        var lost = (await ComeAsync(store, first)).Cookie;
        Assert.NotNull(lost);

        await store.RestartAsync(); // as after kill -9
        clock.Advance(TimeSpan.FromDays(2));

        Assert.Equal((true, lost), await ComeAsync(store, first)); // the same one: whichever answer arrives is good
        Assert.True((await ComeAsync(store, lost)).Holds);
        clock.Advance(JustOverAnHour);
        Assert.NotNull((await ComeAsync(store, lost)).Cookie); // and on it goes
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task S15_whoever_polls_with_a_copy_from_elsewhere_is_offered_another_one_and_both_lose(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var first = await SignInAsync(store);
        clock.Advance(JustOverAnHour);
        var stolen = (await ComeAsync(store, first, "198.51.100.7")).Cookie!; // an hour has passed
        var own = (await ComeAsync(store, first)).Cookie!;
        Assert.NotEqual(stolen, own);

        Assert.True((await ComeAsync(store, own)).Holds);
        clock.Advance(JustOverTheGrace);

        Assert.False((await ComeAsync(store, stolen, "198.51.100.7")).Holds);
        Assert.False((await ComeAsync(store, own)).Holds);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task S15_one_who_comes_from_everywhere_neither_keeps_others_from_a_new_token_nor_fills_the_store(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var first = await SignInAsync(store);
        clock.Advance(JustOverAnHour);
        for (var i = 0; i < 30; i++)
        {
            Assert.True((await ComeAsync(store, first, $"198.51.100.{i}")).Holds);
        }

        await using (var db = store.Open())
        {
            Assert.InRange(await db.RememberedTokens.CountAsync(Stop), 2, 9);
        }

        var own = (await ComeAsync(store, first)).Cookie;
        Assert.NotNull(own);
        Assert.True((await ComeAsync(store, own)).Holds);
        clock.Advance(JustOverTheGrace);

        Assert.False((await ComeAsync(store, first, "198.51.100.7")).Holds);
        Assert.False((await ComeAsync(store, own)).Holds);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task S15_whoever_drives_out_the_others_token_ends_the_session_for_both(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var first = await SignInAsync(store);
        clock.Advance(JustOverAnHour);
        var own = (await ComeAsync(store, first)).Cookie!;
        for (var i = 0; i < 9; i++)
        {
            Assert.True((await ComeAsync(store, first, $"198.51.100.{i}")).Holds);
        }

        Assert.False((await ComeAsync(store, own)).Holds);
        Assert.False((await ComeAsync(store, first, "198.51.100.1")).Holds);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task S15_offers_that_cross_lock_nobody_out(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var first = await SignInAsync(store);
        clock.Advance(JustOverAnHour);

        // One browser by two ways: the answer with the second token lands when the first is in use already.
        var one = (await ComeAsync(store, first, "192.0.2.1")).Cookie!;
        var two = (await ComeAsync(store, first, "192.0.2.2")).Cookie!;
        Assert.Equal((true, one), await ComeAsync(store, one)); // sent once more, to be the last
        var (holds, three) = await ComeAsync(store, two, "192.0.2.2");
        Assert.True(holds);
        Assert.NotNull(three);

        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.True((await ComeAsync(store, three, "192.0.2.2")).Holds);
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.True((await ComeAsync(store, three)).Holds);

        // And what was driven out by it is a former one like any other.
        Assert.False((await ComeAsync(store, one)).Holds);
        Assert.False((await ComeAsync(store, three)).Holds);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("short")]
    public async Task The_cookie_of_the_session_alone_opens_nothing_and_ends_nothing(string? token)
    {
        await using var store = await TestStore.StartAsync(DatabaseKind.Sqlite);
        var first = await SignInAsync(store);

        Assert.False((await ComeAsync(store, token)).Holds);

        Assert.True((await ComeAsync(store, first)).Holds);
    }

    private static async Task<string> SignInAsync(TestStore store)
    {
        await using var db = store.Open();
        var now = store.Clock.GetUtcNow();
        var user = SignInHost.A("ada");
        var flow = new Flow { Id = Guid.CreateVersion7(), Slug = "f", Name = "f", Title = "f", Designation = "authorization", Authentication = "none" };
        var provider = new OAuth2Provider
        {
            Name = "p",
            ClientId = "p",
            SealedClientSecret = [1],
            RedirectUris = [],
            AuthorizationFlowId = flow.Id,
            InvalidationFlowId = flow.Id,
            LogoutUri = "https://rp.test/logout",
            LogoutMethod = LogoutMethod.Backchannel,
        };
        db.AddRange(user, flow, provider);
        await db.SaveChangesAsync(Stop);
        var session = new AuthenticatedSession
        {
            Id = "session",
            Uuid = Guid.CreateVersion7(),
            UserId = user.Id,
            AuthenticatedAt = now,
            LastAddress = "",
            LastUserAgent = "",
            LastUsedAt = now,
            ExpiresAt = now.AddDays(30),
            IsSliding = false,
            IsRemembered = true,
        };
        db.Add(session);
        db.Add(new OAuthGrant
        {
            Id = Guid.CreateVersion7(),
            ProviderId = provider.Id,
            UserId = user.Id,
            SessionId = session.Id,
            Scopes = [],
            AuthenticatedAt = now,
            CreatedAt = now,
            ExpiresAt = now.AddDays(30),
        });
        db.Add(Of(store, db).Begin(session, out var token));
        await db.SaveChangesAsync(Stop);
        await SessionEnd.RememberClientAsync(db, session, user.Id, provider.Id, now, Stop);
        return token;
    }

    // One request: whether it is let in, and the cookie that its answer sets.
    private static async Task<(bool Holds, string? Cookie)> ComeAsync(TestStore node, string? token, string address = "192.0.2.1")
    {
        await using var db = node.Open();
        if (await db.AuthenticatedSessions.AsNoTracking().SingleOrDefaultAsync(Stop) is not { } session)
        {
            return (false, null);
        }

        var user = await db.Users.AsNoTracking().SingleAsync(u => u.Id == session.UserId, Stop);
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };
        if (token is not null)
        {
            context.Request.Headers.Cookie = $"{RememberedBrowsers.Cookie}={token}";
        }

        var holds = await Of(node, db).HoldsAsync(context, session, user, Stop);
        return (holds, context.Response.Headers.SetCookie.SingleOrDefault()?.Split(';')[0].Split('=')[1]);
    }

    private static RememberedBrowsers Of(TestStore node, GatehouseDb db) => new(
        db, new SignInEvents(db, node.Get<IEventLog>(), node.Get<IEventRows>(), new RepeatedEvents(node.Get<IEventLog>(), node.Clock, NullLogger<RepeatedEvents>.Instance)), node.Box, node.Clock, NullLogger<RememberedBrowsers>.Instance);
}
