using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Store;

public class AccessSessionStoreTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_session_keeps_what_the_login_method_said(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var sessions = store.Get<IAccessSessions>();

        var started = await sessions.StartAsync(Ada(), Cancel);
        var found = await sessions.FindAsync(started.Nonce, Cancel);

        Assert.Matches("^[A-Za-z0-9_-]{22}$", started.Nonce);
        Assert.NotNull(found);
        Assert.Equal("ada@example.com", found.Email);
        Assert.Equal("""{"groups":["staff","demo"],"level":3,"isStaff":true,"rooms":["a",7]}""", found.ClaimsJson);
        Assert.Equal(["pwd", "mfa"], found.Amr);
        Assert.Equal(started.UserId, found.UserId);
        Assert.Equal(TimeSpan.FromHours(24), found.ExpiresAt - found.CreatedAt);
        Assert.Equal(TimeSpan.FromHours(30), found.ForgetAt - found.CreatedAt);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Sign_ins_of_one_address_at_once_make_one_user(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var sessions = store.Get<IAccessSessions>();

        var started = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => sessions.StartAsync(Ada(), Cancel), Cancel)));

        Assert.Single(started.Select(s => s.UserId).Distinct());
        Assert.Equal(20, started.Select(s => s.Nonce).Distinct().Count());
        await using var db = store.Open();
        Assert.Equal(1, await db.AccessUsers.CountAsync(Cancel));
        Assert.Equal(20, await db.AccessSessions.CountAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task An_ended_session_is_refused_on_this_node_when_the_call_returns(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var sessions = store.Get<IAccessSessions>();
        var revocations = store.Get<ISnapshot<RevocationTable>>();
        var mine = await sessions.StartAsync(Ada(), Cancel);
        var other = await sessions.StartAsync(Ada(), Cancel);
        Assert.False(revocations.Current.IsRevoked(mine.Nonce));

        await sessions.RevokeAsync(mine.Nonce, Cancel);

        Assert.True(revocations.Current.IsRevoked(mine.Nonce));
        Assert.False(revocations.Current.IsRevoked(other.Nonce));
        Assert.Null(await sessions.FindAsync(mine.Nonce, Cancel));
        Assert.NotNull(await sessions.FindAsync(other.Nonce, Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task S07_what_a_program_was_granted_ends_with_the_session_it_was_granted_in(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var sessions = store.Get<IAccessSessions>();
        var revocations = store.Get<ISnapshot<RevocationTable>>();
        var old = await sessions.StartAsync(Ada(), Cancel);
        var left = await sessions.StartUnderAsync(old.Nonce, Ada(duration: TimeSpan.FromDays(9)), Cancel);
        clock.Advance(TimeSpan.FromHours(25)); // nobody can sign out of the old one any more
        var mine = await sessions.StartAsync(Ada(), Cancel);
        var other = await sessions.StartAsync(Ada(), Cancel);
        var granted = await sessions.StartUnderAsync(mine.Nonce, Ada(mine.LoginMethodId), Cancel);
        var spared = await sessions.StartUnderAsync(other.Nonce, Ada(), Cancel);
        Assert.Null(await sessions.StartUnderAsync(granted!.Nonce, Ada(), Cancel)); // a program grants nothing
        Assert.Null(await sessions.StartUnderAsync(old.Nonce, Ada(), Cancel));

        // Signing in anew carries it over; ending what a program has ends nothing else.
        var anew = await sessions.StartAsync(Ada(mine.LoginMethodId), Cancel);
        await sessions.ReplaceAsync(mine.Nonce, anew.Nonce, Cancel);
        Assert.Equal((true, false), (revocations.Current.IsRevoked(mine.Nonce), revocations.Current.IsRevoked(granted.Nonce)));
        await sessions.RevokeAsync(spared!.Nonce, Cancel);
        Assert.False(revocations.Current.IsRevoked(left!.Nonce));
        Assert.False(revocations.Current.IsRevoked(other.Nonce));

        await sessions.RevokeAsync(anew.Nonce, Cancel);
        Assert.All(new[] { anew, granted, left }, s => Assert.True(revocations.Current.IsRevoked(s.Nonce)));
        Assert.False(revocations.Current.IsRevoked(other.Nonce));
        Assert.Null(await sessions.StartUnderAsync(anew.Nonce, Ada(), Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task What_a_program_was_granted_says_of_the_person_what_their_new_sign_in_said(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var sessions = store.Get<IAccessSessions>();
        var revocations = store.Get<ISnapshot<RevocationTable>>();
        var method = Guid.CreateVersion7();
        var former = await sessions.StartAsync(Ada(method), Cancel);
        var granted = (await sessions.StartUnderAsync(former.Nonce, Ada(method), Cancel))!;
        var elsewhere = (await sessions.StartUnderAsync(former.Nonce, Ada(), Cancel))!; // by another login method
        await sessions.PassAsync(granted.Nonce, "", ["purpose p why", "evaluation old"], Cancel);
        var anew = await sessions.StartAsync(
            new NewAccessSession
            {
                Email = "ada@example.com",
                Name = "Ada King",
                Subject = "sub-2",
                ProviderSession = "sid-2",
                LoginMethodId = method,
                ClaimsJson = """{"groups":["guests"]}""",
                GroupsJson = """["guests"]""",
                Amr = ["otp"],
                Passed = ["evaluation new"],
                Address = "127.0.0.2",
                Duration = TimeSpan.FromHours(24),
                LongestToken = TimeSpan.FromHours(6),
            },
            Cancel);

        await sessions.ReplaceAsync(former.Nonce, anew.Nonce, Cancel);

        var found = (await sessions.FindAsync(granted.Nonce, Cancel))!;
        Assert.Equal((anew.Nonce, "Ada King", """{"groups":["guests"]}""", """["guests"]""", "sub-2", "sid-2"), (found.ParentNonce, found.Name, found.ClaimsJson, found.GroupsJson, found.Subject, found.ProviderSession));
        Assert.Equal(["otp"], found.Amr);
        Assert.Equal(["purpose p why", "evaluation new"], found.Passed); // what they said themselves stands; what others say of them is the new word
        Assert.Equal(("127.0.0.1", granted.ExpiresAt.ToUnixTimeMilliseconds()), (found.Address, found.ExpiresAt.ToUnixTimeMilliseconds()));
        Assert.True(revocations.Current.IsRevoked(former.Nonce) && revocations.Current.IsRevoked(elsewhere.Nonce));
        Assert.False(revocations.Current.IsRevoked(granted.Nonce) || revocations.Current.IsRevoked(anew.Nonce));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task S07_a_grant_that_races_with_the_logout_does_not_outlive_it(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var sessions = store.Get<IAccessSessions>();
        for (var n = 0; n < 10; n++)
        {
            var parent = await sessions.StartAsync(Ada(), Cancel);
            var grants = Enumerable.Range(0, 4).Select(_ => Task.Run(() => sessions.StartUnderAsync(parent.Nonce, Ada(), Cancel), Cancel)).ToList();
            await sessions.RevokeAsync(parent.Nonce, Cancel);
            await Task.WhenAll(grants);
        }

        await using var db = store.Open();
        Assert.Empty(await db.AccessSessions.Where(s => s.RevokedAt == null).ToListAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Sessions_and_their_ends_survive_a_restart(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var kept = await store.Get<IAccessSessions>().StartAsync(Ada(), Cancel);
        var ended = await store.Get<IAccessSessions>().StartAsync(Ada(), Cancel);
        await store.Get<IAccessSessions>().RevokeAsync(ended.Nonce, Cancel);

        await store.RestartAsync();
        await store.Get<Gatehouse.Store.Start.StoreStart>().RunAsync(Cancel);

        Assert.NotNull(await store.Get<IAccessSessions>().FindAsync(kept.Nonce, Cancel));
        Assert.True(store.Get<ISnapshot<RevocationTable>>().Current.IsRevoked(ended.Nonce));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task An_end_is_remembered_only_while_a_token_may_live(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var session = await store.Get<IAccessSessions>().StartAsync(Ada(), Cancel);
        await store.Get<IAccessSessions>().RevokeAsync(session.Nonce, Cancel);

        clock.Advance(TimeSpan.FromHours(29));
        await store.Get<Gatehouse.Store.Snapshots.RevocationReader>().ReloadAsync(Cancel);
        Assert.True(store.Get<ISnapshot<RevocationTable>>().Current.IsRevoked(session.Nonce));

        clock.Advance(TimeSpan.FromHours(2));
        await store.Get<Gatehouse.Store.Snapshots.RevocationReader>().ReloadAsync(Cancel);
        Assert.False(store.Get<ISnapshot<RevocationTable>>().Current.IsRevoked(session.Nonce));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_code_burns_once_however_many_try_at_once(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var sessions = store.Get<IAccessSessions>();
        var end = store.Clock.GetUtcNow().AddMinutes(5);

        var burnt = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => sessions.TryBurnAsync("code", end, Cancel), Cancel)));

        Assert.Single(burnt, b => b);
        Assert.False(await sessions.TryBurnAsync("code", end, Cancel));
        Assert.True(await sessions.TryBurnAsync("another", end, Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task S07_a_logout_and_its_token_are_written_together_or_not_at_all(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var sessions = store.Get<IAccessSessions>();
        var session = await sessions.StartAsync(Ada(), Cancel);
        var logout = new ProviderLogout(session.LoginMethodId, session.Subject, null);
        var end = store.Clock.GetUtcNow().AddMinutes(5);
        await using (var db = store.Open())
        {
            // From then on no session can be changed.
            await db.Database.ExecuteSqlRawAsync("ALTER TABLE access_sessions RENAME TO hidden", Cancel);
            await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => sessions.RevokeOnceAsync(logout, "jti", end, Cancel));
            await db.Database.ExecuteSqlRawAsync("ALTER TABLE hidden RENAME TO access_sessions", Cancel);
        }

        Assert.Equal(1, await sessions.RevokeOnceAsync(logout, "jti", end, Cancel));
        Assert.True(store.Get<ISnapshot<RevocationTable>>().Current.IsRevoked(session.Nonce));

        var next = await sessions.StartAsync(Ada(session.LoginMethodId), Cancel);
        Assert.Null(await sessions.RevokeOnceAsync(logout, "jti", end, Cancel));
        Assert.False(store.Get<ISnapshot<RevocationTable>>().Current.IsRevoked(next.Nonce));
        Assert.Equal(0, await sessions.RevokeOnceAsync(logout with { Subject = "nobody" }, "other", end, Cancel));
        Assert.Null(await sessions.RevokeOnceAsync(logout with { Subject = "nobody" }, "other", end, Cancel));
        Assert.Null(await sessions.RevokeOnceAsync(logout, "late", store.Clock.GetUtcNow(), Cancel));
    }

    [Theory, MemberData(nameof(Databases.Postgres), MemberType = typeof(Databases))]
    public async Task A_code_burns_once_across_nodes(DatabaseKind kind)
    {
        await using var first = await TestStore.StartAsync(kind);
        await using var second = await first.StartNodeAsync();
        var end = first.Clock.GetUtcNow().AddMinutes(5);
        IAccessSessions[] nodes = [first.Get<IAccessSessions>(), second.Get<IAccessSessions>()];

        var burnt = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => nodes[i % 2].TryBurnAsync("code", end, Cancel), Cancel)));

        Assert.Single(burnt, b => b);
    }

    [Theory, MemberData(nameof(Databases.Postgres), MemberType = typeof(Databases))]
    public async Task S07_an_end_counts_on_the_other_node_within_a_second_with_what_programs_were_granted(DatabaseKind kind)
    {
        await using var first = await TestStore.StartAsync(kind);
        await using var second = await first.StartNodeAsync();
        await second.StartLoopsAsync();
        var revocations = second.Get<ISnapshot<RevocationTable>>();
        var parent = await first.Get<IAccessSessions>().StartAsync(Ada(), Cancel);
        var granted = await second.Get<IAccessSessions>().StartUnderAsync(parent.Nonce, Ada(), Cancel);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listening = revocations.OnSwap(t =>
        {
            if (t.IsRevoked(parent.Nonce) && t.IsRevoked(granted!.Nonce))
            {
                ended.TrySetResult();
            }
        });

        await first.Get<IAccessSessions>().RevokeAsync(parent.Nonce, Cancel);

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(1), Cancel);
        await second.StopLoopsAsync();
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task S10_an_expired_code_never_burns_cleaned_or_not(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var sessions = store.Get<IAccessSessions>();
        var end = clock.GetUtcNow().AddMinutes(5);
        Assert.True(await sessions.TryBurnAsync("code", end, Cancel));

        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.False(await sessions.TryBurnAsync("code", end, Cancel));
        Assert.False(await sessions.TryBurnAsync("fresh", end, Cancel));

        clock.Advance(TimeSpan.FromHours(2));
        await store.Get<Gatehouse.Store.Cleaning.Cleaner>().CleanAsync(Cancel);
        Assert.False(await sessions.TryBurnAsync("code", end, Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_session_is_found_by_the_round_trip_that_began_it_until_it_is_ended(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var sessions = store.Get<IAccessSessions>();
        var other = await sessions.StartAsync(Ada(), Cancel);
        var begun = await sessions.StartAsync(Ada(trip: "trip-1"), Cancel);

        Assert.Equal(begun.Nonce, (await sessions.FindBegunByAsync("trip-1", Cancel))?.Nonce);
        Assert.Null(await sessions.FindBegunByAsync("trip-2", Cancel));
        await sessions.ReplaceAsync(begun.Nonce, other.Nonce, Cancel);
        Assert.Null(await sessions.FindBegunByAsync("trip-1", Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_nonce_with_any_character_is_just_not_found(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        Assert.Null(await store.Get<IAccessSessions>().FindAsync("a\0b", Cancel));
        Assert.Null(await store.Get<IAccessSessions>().FindAsync("'; DROP TABLE users; --", Cancel));
        await store.Get<IAccessSessions>().RevokeAsync("nobody's", Cancel);
    }

    private static NewAccessSession Ada(Guid? method = null, TimeSpan? duration = null, string? trip = null) => new()
    {
        Email = "ada@example.com",
        Name = "Ada Lovelace",
        Subject = "sub-1",
        LoginMethodId = method ?? Guid.CreateVersion7(),
        ClaimsJson = """{"groups":["staff","demo"],"level":3,"isStaff":true,"rooms":["a",7]}""",
        GroupsJson = """["staff","demo"]""",
        Amr = ["pwd", "mfa"],
        BegunBy = trip,
        Address = "127.0.0.1",
        Duration = duration ?? TimeSpan.FromHours(24),
        LongestToken = TimeSpan.FromHours(6),
    };
}
