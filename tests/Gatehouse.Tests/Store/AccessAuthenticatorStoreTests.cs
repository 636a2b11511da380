using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Store;

/// <summary>The second factors that people enrolled at Access, on both databases; row M02 of the attack cases.</summary>
public class AccessAuthenticatorStoreTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_person_has_one_app_and_many_keys_and_nobody_elses(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var own = store.Get<IAccessAuthenticators>();
        var (ada, eve) = (await UserAsync(store, "ada@example.com"), await UserAsync(store, "eve@example.com"));
        var (app, key) = (App(ada), Key(ada, "k1"));

        Assert.True(await own.TryAddAsync(app, Cancel));
        Assert.False(await own.TryAddAsync(App(ada), Cancel));
        Assert.True(await own.TryAddAsync(key, Cancel));
        Assert.False(await own.TryAddAsync(Key(eve, "k1"), Cancel)); // a credential is one person's
        Assert.True(await own.TryAddAsync(App(eve), Cancel));
        Assert.False(await own.TryAddAsync(App(Guid.CreateVersion7()), Cancel)); // of nobody's
        Assert.Equal(["usb", "nfc"], (await own.ListAsync(ada, Cancel)).OfType<AccessCredential>().Single().Transports);
        for (var n = 0; n < IAccessAuthenticators.Most - 1; n++)
        {
            Assert.True(await own.TryAddAsync(Key(ada, "more" + n), Cancel));
        }

        Assert.False(await own.TryAddAsync(Key(ada, "one too many"), Cancel));
        Assert.Null(await own.RemoveAsync(eve, app.Id, Cancel));
        Assert.Equal(app.Id, (await own.RemoveAsync(ada, app.Id, Cancel))?.Id);
        Assert.True(await own.TryAddAsync(App(ada), Cancel));
        Assert.Single(await own.ListAsync(eve, Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task M02_of_twenty_tries_at_once_one_is_looked_at_and_a_code_counts_once(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var second = await store.StartNodeAsync();
        IAccessAuthenticators[] nodes = [store.Get<IAccessAuthenticators>(), second.Get<IAccessAuthenticators>()];
        var ada = await UserAsync(store, "ada@example.com");
        await nodes[0].TryAddAsync(App(ada), Cancel);
        var read = (await nodes[0].ListAsync(ada, Cancel)).OfType<AccessTotp>().Single();

        var looked = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => Task.Run(() => nodes[n % 2].BeginTryAsync(read, Cancel), Cancel)));
        Assert.Single(looked, w => w is null);
        var burnt = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => Task.Run(() => nodes[n % 2].TryBurnAsync(read, 7, Cancel), Cancel)));
        Assert.Single(burnt, b => b);
        var after = (await nodes[1].ListAsync(ada, Cancel)).OfType<AccessTotp>().Single();
        Assert.Equal((7, 0, DateTimeOffset.UnixEpoch), (after.LastStep, after.Failures, after.NextTryAt));
        Assert.NotNull(after.LastUsedAt);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Wrong_codes_are_remembered_and_make_the_next_wait(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var own = store.Get<IAccessAuthenticators>();
        var ada = await UserAsync(store, "ada@example.com");
        await own.TryAddAsync(App(ada), Cancel);
        var looked = 0;
        for (var second = 0; second < 300; second++)
        {
            var read = (await own.ListAsync(ada, Cancel)).OfType<AccessTotp>().Single();
            looked += await own.BeginTryAsync(read, Cancel) is null ? 1 : 0;
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(looked, 5, 10);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task M10_a_counter_moves_from_what_was_read_only(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var own = store.Get<IAccessAuthenticators>();
        var ada = await UserAsync(store, "ada@example.com");
        await own.TryAddAsync(Key(ada, "k1"), Cancel);
        var read = (await own.ListAsync(ada, Cancel)).OfType<AccessCredential>().Single();
        var moved = await Task.WhenAll(Enumerable.Range(0, 10).Select(n => Task.Run(() => own.TryMoveAsync(read, 9, isBackedUp: true, Cancel), Cancel)));
        Assert.Single(moved, m => m);
        var after = (await own.ListAsync(ada, Cancel)).OfType<AccessCredential>().Single();
        Assert.Equal((9, true), (after.SignCount, after.IsBackedUp));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task With_an_authenticator_goes_what_was_proved_by_it_and_with_a_person_all_of_theirs(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var (own, sessions) = (store.Get<IAccessAuthenticators>(), store.Get<IAccessSessions>());
        var session = await sessions.StartAsync(Facts("ada@example.com"), Cancel);
        var ada = session.UserId;
        var (app, key, now) = (App(ada), Key(ada, "k1"), store.Clock.GetUtcNow());
        await own.TryAddAsync(app, Cancel);
        await own.TryAddAsync(key, Cancel);
        foreach (var (by, method) in ((Guid, MfaMethods)[])[(app.Id, MfaMethods.Totp), (key.Id, MfaMethods.SecurityKey), (app.Id, MfaMethods.Totp)])
        {
            await own.RememberAsync(new RememberedProof { DeviceHash = "d", UserId = ada, Method = method, AuthenticatorId = by, At = now }, Cancel);
            await sessions.PassAsync(session.Nonce, Passed.OfMfa(method), [Passed.OfMfa(method, now)], Cancel);
        }

        Assert.Equal(2, (await own.RecallAsync(ada, "d", Cancel)).Count);
        Assert.Empty(await own.RecallAsync(ada, "e", Cancel));
        Assert.Empty(await own.RecallAsync(Guid.CreateVersion7(), "d", Cancel));

        await own.RemoveAsync(ada, app.Id, Cancel);
        Assert.Equal(MfaMethods.SecurityKey, Assert.Single(await own.RecallAsync(ada, "d", Cancel)).Method);
        Assert.Equal(["purpose", Passed.OfMfa(MfaMethods.SecurityKey, now)], (await sessions.FindAsync(session.Nonce, Cancel))!.Passed);

        await using var db = store.Open();
        await db.AccessUsers.Where(u => u.Id == ada).ExecuteDeleteAsync(Cancel);
        Assert.Equal((0, 0), (await db.AccessCredentials.CountAsync(Cancel), await db.RememberedProofs.CountAsync(Cancel)));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_browser_is_forgotten_after_the_longest_that_a_proof_can_count(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var own = store.Get<IAccessAuthenticators>();
        var ada = await UserAsync(store, "ada@example.com");
        var app = App(ada);
        await own.TryAddAsync(app, Cancel);
        Assert.True(await own.RememberAsync(new RememberedProof { DeviceHash = "d", UserId = ada, Method = MfaMethods.Totp, AuthenticatorId = app.Id, At = clock.GetUtcNow() }, Cancel));
        clock.Advance(TimeSpan.FromHours(721));
        Assert.Empty(await own.RecallAsync(ada, "d", Cancel));
        await store.Get<Gatehouse.Store.Cleaning.Cleaner>().CleanAsync(Cancel);
        await using var db = store.Open();
        Assert.Equal(0, await db.RememberedProofs.CountAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task What_is_gone_is_not_remembered_and_goes_once(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var own = store.Get<IAccessAuthenticators>();
        var ada = await UserAsync(store, "ada@example.com");
        var app = App(ada);
        await own.TryAddAsync(app, Cancel);
        Assert.True(await own.RememberAsync(Proof(app.Id), Cancel));

        // Removed behind its back, as an older node does it.
        await using var db = store.Open();
        await db.AccessTotps.Where(a => a.Id == app.Id).ExecuteDeleteAsync(Cancel);
        Assert.Empty(await own.RecallAsync(ada, "d", Cancel));
        Assert.False(await own.RememberAsync(Proof(app.Id), Cancel));
        Assert.False(await own.RememberAsync(new RememberedProof { DeviceHash = "d", UserId = Guid.CreateVersion7(), Method = MfaMethods.Totp, AuthenticatorId = app.Id, At = store.Clock.GetUtcNow() }, Cancel));

        // From many tabs at once, and while others prove themselves by it.
        for (var round = 0; round < 5; round++)
        {
            var key = Key(ada, "k" + round);
            await own.TryAddAsync(key, Cancel);
            var tabs = Enumerable.Range(0, 6).Select(_ => Task.Run(() => own.RemoveAsync(ada, key.Id, Cancel), Cancel)).ToList();
            await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => own.RememberAsync(Proof(key.Id), Cancel), Cancel)));
            Assert.Single(await Task.WhenAll(tabs), r => r is not null);
            Assert.Empty(await own.RecallAsync(ada, "d", Cancel));
        }

        RememberedProof Proof(Guid by) => new() { DeviceHash = "d", UserId = ada, Method = MfaMethods.Totp, AuthenticatorId = by, At = store.Clock.GetUtcNow() };
    }

    private static async Task<Guid> UserAsync(TestStore store, string email) => (await store.Get<IAccessSessions>().StartAsync(Facts(email), Cancel)).UserId;

    private static NewAccessSession Facts(string email) => new()
    {
        Email = email,
        Name = "",
        Subject = email,
        LoginMethodId = Guid.Empty,
        ClaimsJson = "{}",
        GroupsJson = "[]",
        Amr = [],
        Passed = ["purpose"],
        Address = "127.0.0.1",
        Duration = TimeSpan.FromHours(1),
        LongestToken = TimeSpan.FromHours(1),
    };

    private static AccessTotp App(Guid user) => new() { Id = Guid.CreateVersion7(), UserId = user, Name = "App", SealedSecret = [1], LastStep = 1, CreatedAt = DateTimeOffset.UnixEpoch };

    private static AccessCredential Key(Guid user, string id) => new()
    {
        Id = Guid.CreateVersion7(),
        UserId = user,
        Name = "Key",
        IsBiometric = false,
        CredentialId = id,
        PublicKey = [1],
        SignCount = 0,
        Transports = ["usb", "nfc"],
        Aaguid = Guid.Empty,
        IsBackupEligible = true,
        IsBackedUp = false,
        RpId = "access.test",
        CreatedAt = DateTimeOffset.UnixEpoch,
    };
}
