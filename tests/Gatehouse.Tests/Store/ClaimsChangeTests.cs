using Gatehouse.Model.Hosts;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Sessions;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Store;

/// <summary>S09: what changes about a person reaches our own Access while their sessions live.</summary>
public class ClaimsChangeTests
{
    private static readonly PublicUrls Urls = new("localhost", 8443);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task S09_whatever_changes_what_claims_say_is_told_to_our_own_access_and_to_nobody_else(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var laid = await LayAsync(store);
        (string What, Func<GatehouseDb, Task> Change, string[] Told)[] cases =
        [
            ("name", async db => (await UserAsync(db, "ada")).Name = "Ada L.", ["ada"]),
            ("address", async db => (await UserAsync(db, "ada")).Email = "new@example.com", ["ada"]),
            ("attributes", async db => (await UserAsync(db, "ada")).AttributesJson = """{"level":1}""", ["ada"]),
            ("nothing that claims say", async db => (await UserAsync(db, "ada")).LastLoginAt = store.Clock.GetUtcNow(), []),
            ("the same name", async db => (await UserAsync(db, "ada")).Name = "Ada L.", []),
            ("one who never went to Access", async db => (await UserAsync(db, "cleo")).Name = "Cleo", []),
            ("leaving a group", async db => db.GroupMembers.Remove(await db.GroupMembers.SingleAsync(m => m.GroupId == laid.Inner && m.User!.Username == "ada", Cancel)), ["ada"]),
            ("joining a group", async db => db.GroupMembers.Add(new GroupMember { GroupId = laid.Inner, UserId = laid.Ada }), ["ada"]),
            ("the name of the group above", async db => (await db.Groups.SingleAsync(g => g.Id == laid.Outer, Cancel)).Name = "outer 2", ["ada", "bob"]),
            ("attributes of a group", async db => (await db.Groups.SingleAsync(g => g.Id == laid.Inner, Cancel)).AttributesJson = """{"a":1}""", ["ada"]),
            ("a group leaves another", async db => db.GroupParents.Remove(await db.GroupParents.SingleAsync(p => p.ChildId == laid.Inner, Cancel)), ["ada"]),
            ("a group joins another", async db => db.GroupParents.Add(new GroupParent { ChildId = laid.Inner, ParentId = laid.Outer }), ["ada"]),
            ("the end of the group above", async db => db.Groups.Remove(await db.Groups.SingleAsync(g => g.Id == laid.Outer, Cancel)), ["ada", "bob"]),
        ];

        foreach (var (what, change, told) in cases)
        {
            await using var db = store.Open();
            await change(db);
            await ClaimsChange.PrepareAsync(db, Urls, store.Clock.GetUtcNow(), Cancel);
            await db.SaveChangesAsync(Cancel);

            var notices = await db.LogoutNotices.AsNoTracking().ToListAsync(Cancel);
            Assert.True(told.Order().SequenceEqual(notices.Select(n => n.Subject).Order()), $"{what}: {string.Join(", ", notices.Select(n => n.Subject))}");
            Assert.All(notices, n => Assert.Equal((laid.Access, ""), (n.ProviderId, n.Sid)));
            await db.LogoutNotices.ExecuteDeleteAsync(Cancel);
            Assert.Equal(3, await db.SessionClients.CountAsync(Cancel)); // the sessions go on, and so does the duty to tell of their end
        }
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task S09_the_subject_is_the_one_that_access_knows(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await LayAsync(store);
        await using var db = store.Open();
        await db.Providers.ExecuteUpdateAsync(p => p.SetProperty(x => x.SubMode, SubMode.UserEmail), Cancel);

        (await UserAsync(db, "ada")).Email = "new@example.com";
        await ClaimsChange.PrepareAsync(db, Urls, store.Clock.GetUtcNow(), Cancel);
        await db.SaveChangesAsync(Cancel);

        Assert.Equal(["ada@example.com"], await db.LogoutNotices.Select(n => n.Subject).ToListAsync(Cancel));
    }

    private static Task<User> UserAsync(GatehouseDb db, string name) => db.Users.SingleAsync(u => u.Username == name, Cancel);

    // Ada is in the inner group, bob in the outer one around it. Both went to Access, ada to a foreign client too, cleo nowhere.
    private static async Task<(int Access, int Ada, Guid Inner, Guid Outer)> LayAsync(TestStore store)
    {
        await using var db = store.Open();
        var (ada, bob, cleo) = (Person("ada"), Person("bob"), Person("cleo"));
        var (inner, outer) = (new Group { Id = Guid.CreateVersion7(), Number = 11, Name = "inner" }, new Group { Id = Guid.CreateVersion7(), Number = 12, Name = "outer" });
        db.AddRange(ada, bob, cleo, inner, outer, new GroupParent { ChildId = inner.Id, ParentId = outer.Id });
        await db.SaveChangesAsync(Cancel);
        db.AddRange(
            new GroupMember { GroupId = inner.Id, UserId = ada.Id }, new GroupMember { GroupId = outer.Id, UserId = bob.Id }, new GroupMember { GroupId = outer.Id, UserId = cleo.Id });
        var flow = await db.Flows.Select(f => f.Id).FirstAsync(Cancel);
        var foreign = new OAuth2Provider
        {
            Name = "foreign",
            ClientId = "foreign",
            SealedClientSecret = [1],
            RedirectUris = [],
            LogoutUri = "https://foreign.test/",
            AuthorizationFlowId = flow,
            InvalidationFlowId = flow,
        };
        db.Providers.Add(foreign);
        var access = await db.Providers.SingleAsync(p => p.LogoutUri.StartsWith(Urls.AccessLogoutReceiver), Cancel); // laid by the guide
        access.SubMode = SubMode.UserUsername;
        await db.SaveChangesAsync(Cancel);
        foreach (var (user, provider) in new[] { (ada, access), (ada, foreign), (bob, access) })
        {
            var kept = store.Clock.GetUtcNow().AddDays(1);
            db.SessionClients.Add(new SessionClient { SessionUuid = Guid.CreateVersion7(), ProviderId = provider.Id, UserId = user.Id, KeptUntil = kept });
        }

        await db.SaveChangesAsync(Cancel);
        return (access.Id, ada.Id, inner.Id, outer.Id);

        static User Person(string name) => new() { Uuid = Guid.CreateVersion7(), Username = name, UsernameKey = name, Email = name + "@example.com" };
    }
}
