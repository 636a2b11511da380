using System.Net;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;
using Gatehouse.Store.Bindings;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Store;

/// <summary>Judging by rows: groups above, scores, past passwords, on both databases.</summary>
public class PolicyEngineTests
{
    public static TheoryData<DatabaseKind> Both => Databases.Both;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_member_of_a_group_inside_passes_and_a_stranger_does_not(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var (target, ada, bob) = await SeedAsync(store);
        var engine = store.Get<IPolicyEngine>();

        Assert.True((await engine.JudgeAsync(Guid.CreateVersion7(), Subject(bob), Stop)).IsPassing); // nothing is bound
        Assert.True((await engine.JudgeAsync(target, Subject(ada), Stop)).IsPassing);
        Assert.False((await engine.JudgeAsync(target, Subject(bob), Stop)).IsPassing);
        Assert.False((await engine.JudgeAsync(target, Subject(0), Stop)).IsPassing);
        Assert.False((await engine.JudgeAsync(target, Subject(99_999), Stop)).IsPassing);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_door_does_not_open_when_its_guard_is_deleted(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var (target, ada, bob) = await SeedAsync(store);
        await using (var db = store.Open())
        {
            db.Groups.Remove(await db.Groups.SingleAsync(g => g.Name == "outer", Stop));
            await db.SaveChangesAsync(Stop);
        }

        Assert.False((await store.Get<IPolicyEngine>().JudgeAsync(target, Subject(ada), Stop)).IsPassing);
        Assert.False((await store.Get<IPolicyEngine>().JudgeAsync(target, Subject(bob), Stop)).IsPassing);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Expressions_see_user_groups_and_address_and_a_fault_is_an_event(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await store.StartLoopsAsync();
        var (_, ada, bob) = await SeedAsync(store);
        var target = await BindAsync(store, PolicyKind.Expression, """{"expression":"return ak_is_group_member(user, name='outer') and ak_client_ip in ip_network('192.0.2.0/24')"}""");
        var broken = await BindAsync(store, PolicyKind.Expression, """{"expression":"return context['nothing']"}""");
        var engine = store.Get<IPolicyEngine>();

        Assert.True((await engine.JudgeAsync(target, Subject(ada), Stop)).IsPassing);
        Assert.False((await engine.JudgeAsync(target, Subject(bob), Stop)).IsPassing);
        Assert.False((await engine.JudgeAsync(target, Subject(ada) with { ClientIp = "198.51.100.1" }, Stop)).IsPassing);
        Assert.True((await engine.JudgeAsync(broken, Subject(ada), Stop)) is { IsPassing: false, HasFault: true });

        await store.StopLoopsAsync(); // writes what was queued
        await using var db = store.Open();
        var happened = await db.Events.SingleAsync(e => e.Action == "policy_exception", Stop);
        Assert.Equal(("ada", "192.0.2.7"), (happened.Username, happened.ClientIp));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_plain_no_is_no_event_unless_the_policy_wants_each_run_to_be_one(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await store.StartLoopsAsync();
        var (group, _, bob) = await SeedAsync(store);
        var silent = await BindAsync(store, PolicyKind.Dummy, """{"result":false}""");
        var told = await BindAsync(store, PolicyKind.Expression, """{"expression":"return False"}""");
        await using (var change = store.Open())
        {
            (await change.IdentityPolicies.SingleAsync(p => p.Name.StartsWith("Expression"), Stop)).LogsRuns = true;
            await change.SaveChangesAsync(Stop);
        }

        foreach (var target in (Guid[])[group, silent, told])
        {
            Assert.False((await store.Get<IPolicyEngine>().JudgeAsync(target, Subject(bob), Stop)).IsPassing);
        }

        await store.StopLoopsAsync(); // writes what was queued
        await using var db = store.Open();
        var happened = await db.Events.SingleAsync(Stop);
        Assert.Equal(("policy_execution", "bob"), (happened.Action, happened.Username));
        Assert.Contains("\"passing\":false", happened.ContextJson, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Scores_count_at_once_are_kept_and_end(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var (_, ada, bob) = await SeedAsync(store);
        var target = await BindAsync(store, PolicyKind.Reputation, """{"threshold":-3}""");
        var (engine, book) = (store.Get<IPolicyEngine>(), store.Get<ReputationBook>());
        var address = IPAddress.Parse("192.0.2.7");

        Fail(2);
        Assert.False((await engine.JudgeAsync(target, Subject(ada), Stop)).IsPassing);
        Fail(1);
        Assert.True((await engine.JudgeAsync(target, Subject(ada), Stop)).IsPassing); // not written yet
        await book.FlushAsync(Stop);
        Assert.True((await engine.JudgeAsync(target, Subject(ada), Stop)).IsPassing);
        Assert.False((await engine.JudgeAsync(target, Subject(bob), Stop)).IsPassing);

        Fail(50);
        await book.FlushAsync(Stop);
        await using (var db = store.Open())
        {
            Assert.Equal(-Reputation.Limit, (await db.Reputations.SingleAsync(Stop)).Score);
        }

        book.Note("ADA", address, isSuccess: true);
        await book.FlushAsync(Stop);
        await using (var db = store.Open())
        {
            Assert.Equal(-4, (await db.Reputations.SingleAsync(Stop)).Score);
        }

        clock.Advance(TimeSpan.FromHours(25));
        Assert.False((await engine.JudgeAsync(target, Subject(ada), Stop)).IsPassing);

        void Fail(int count)
        {
            for (var i = 0; i < count; i++)
            {
                book.Note("ada", address, isSuccess: false);
            }
        }
    }

    [Fact]
    public async Task A_flood_of_names_does_not_push_out_the_one_that_is_guessed_at()
    {
        await using var store = await TestStore.StartAsync(DatabaseKind.Sqlite);
        var (_, ada, _) = await SeedAsync(store);
        var target = await BindAsync(store, PolicyKind.Reputation, """{"threshold":-3}""");
        var book = store.Get<ReputationBook>();

        for (var i = 0; i < 20_000; i++)
        {
            book.Note("ada", IPAddress.Parse("192.0.2.7"), isSuccess: false);
            book.Note($"name{i}", IPAddress.Parse("192.0.2.7"), isSuccess: false);
            book.Note($"\u0430da {i}", IPAddress.Parse("192.0.2.7"), isSuccess: false); // no user can be called so
        }

        Assert.True((await store.Get<IPolicyEngine>().JudgeAsync(target, Subject(ada), Stop)).IsPassing);
        await book.FlushAsync(Stop);
        await using var db = store.Open();
        Assert.InRange(await db.Reputations.CountAsync(Stop), 1, 4096);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Rules_of_the_brand_hold_for_every_new_password(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var (_, ada, _) = await SeedAsync(store);
        await using (var db = store.Open())
        {
            await PasswordPast.KeepAsync(db, ada, PasswordHash.Make("my former password"), DateTimeOffset.UnixEpoch, Stop);
            await db.SaveChangesAsync(Stop);
        }

        var rules = store.Get<IPasswordRules>();
        Assert.Empty(await rules.FaultsAsync(new NewPassword("x") { UserId = ada }, Stop));

        Guid brand;
        await using (var db = store.Open())
        {
            brand = (await db.Brands.SingleAsync(b => b.IsDefault, Stop)).Id;
        }

        await BindAsync(store, PolicyKind.Password, """{"length_min":12}""", brand);
        await BindAsync(store, PolicyKind.UniquePassword, """{"num_historical_passwords":3}""", brand, "unique");

        Assert.Equal(["Use at least 12 characters."], await rules.FaultsAsync(new NewPassword("x") { UserId = ada }, Stop));
        Assert.Equal(["This password was used before. Use another one."], await rules.FaultsAsync(new NewPassword("my former password") { UserId = ada }, Stop));
        Assert.Empty(await rules.FaultsAsync(new NewPassword("another password") { UserId = ada }, Stop));
        Assert.Single(await rules.FaultsAsync(new NewPassword("another password") { UserId = ada, PolicyIds = [Guid.CreateVersion7()] }, Stop));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_expired_password_becomes_unusable(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var (_, ada, _) = await SeedAsync(store);
        var target = await BindAsync(store, PolicyKind.PasswordExpiry, """{"days":1}""");

        await using var db = store.Open();
        Assert.False((await store.Get<IPolicyEngine>().JudgeAsync(target, Subject(ada) with { IsProven = false }, Stop)).IsPassing);
        Assert.NotNull((await db.Users.AsNoTracking().SingleAsync(u => u.Id == ada, Stop)).PasswordHash); // who is only named keeps theirs
        Assert.False((await store.Get<IPolicyEngine>().JudgeAsync(target, Subject(ada), Stop)).IsPassing);
        Assert.Null((await db.Users.AsNoTracking().SingleAsync(u => u.Id == ada, Stop)).PasswordHash);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Who_only_looks_ends_no_password(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var (_, ada, _) = await SeedAsync(store);
        var application = new ProviderApplication { Id = Guid.CreateVersion7(), Slug = "wiki", Name = "Wiki" };
        await BindAsync(store, PolicyKind.PasswordExpiry, """{"days":1}""", application.Id);
        await using var db = store.Open();
        db.ProviderApplications.Add(application);
        await db.SaveChangesAsync(Stop);
        var visible = new VisibleApplications(db, store.Get<PolicyEngine>());

        Assert.False((await visible.JudgeAsync(application, Subject(ada), Stop)).IsPassing);
        Assert.Empty(await visible.AllowedAsync([application], Subject(ada), Stop));

        Assert.Equal("kept", await db.Users.Where(u => u.Id == ada).Select(u => u.PasswordHash).SingleAsync(Stop));
    }

    private static PolicySubject Subject(int user) => new(user, "192.0.2.7", new Dictionary<string, object>());

    private static async Task<(Guid Target, int Ada, int Bob)> SeedAsync(TestStore store)
    {
        await using var db = store.Open();
        var (outer, inner) = (NewGroup("outer", 101), NewGroup("inner", 102));
        inner.Parents.Add(new GroupParent { ChildId = inner.Id, ParentId = outer.Id });
        outer.Parents.Add(new GroupParent { ChildId = outer.Id, ParentId = inner.Id }); // a ring must not hang the query
        var (ada, bob) = (NewUser("ada"), NewUser("bob"));
        ada.Groups = [new GroupMember { GroupId = inner.Id, UserId = 0 }];
        db.AddRange(outer, inner, ada, bob);
        var target = Guid.CreateVersion7();
        db.PolicyBindings.Add(new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = target, GroupId = outer.Id, Order = 0 });
        await db.SaveChangesAsync(Stop);
        return (target, ada.Id, bob.Id);
    }

    private static async Task<Guid> BindAsync(TestStore store, PolicyKind kind, string settings, Guid? target = null, string? name = null)
    {
        await using var db = store.Open();
        var policy = new IdentityPolicy { Id = Guid.CreateVersion7(), Name = name ?? $"{kind} {settings}", Kind = kind, SettingsJson = settings };
        var binding = new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = target ?? Guid.CreateVersion7(), PolicyId = policy.Id, Order = 0 };
        db.AddRange(policy, binding);
        await db.SaveChangesAsync(Stop);
        return binding.TargetId;
    }

    private static Group NewGroup(string name, int number) => new() { Id = Guid.CreateVersion7(), Number = number, Name = name };

    private static User NewUser(string name) => new()
    {
        Uuid = Guid.CreateVersion7(),
        Username = name,
        UsernameKey = name,
        PasswordHash = "kept",
        CreatedAt = DateTimeOffset.UnixEpoch,
        UpdatedAt = DateTimeOffset.UnixEpoch,
    };
}
