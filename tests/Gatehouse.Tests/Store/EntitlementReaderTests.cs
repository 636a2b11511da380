using Gatehouse.Model.Bindings;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;
using Gatehouse.Store.Bindings;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Store;

/// <summary>Who holds which right within an application, on both databases.</summary>
public class EntitlementReaderTests
{
    public static TheoryData<DatabaseKind> Both => Databases.Both;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Bindings_to_users_and_groups_give_rights_and_those_without_one_are_nobodys(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var group = new Group { Id = Guid.CreateVersion7(), Number = 77, Name = "editors" };
        var ada = new User { Uuid = Guid.CreateVersion7(), Username = "ada", UsernameKey = "ada", Groups = [new GroupMember { GroupId = group.Id, UserId = 0 }] };
        var bob = new User { Uuid = Guid.CreateVersion7(), Username = "bob", UsernameKey = "bob" };
        var app = new ProviderApplication { Id = Guid.CreateVersion7(), Slug = "app", Name = "App" };
        db.AddRange(group, ada, bob, app);
        await db.SaveChangesAsync(Stop);
        foreach (var (name, binding) in new (string, PolicyBinding?)[]
        {
            ("of the group", Bind(b => b.GroupId = group.Id)), ("of bob", Bind(b => b.UserId = bob.Id)), ("of all but bob", Bind(b => (b.UserId, b.IsNegated) = (bob.Id, true))),
            ("outside the group", Bind(b => (b.GroupId, b.IsNegated) = (group.Id, true))), ("off", Bind(b => (b.UserId, b.IsEnabled) = (ada.Id, false))),
            ("lost", Bind(b => b.IsNegated = true)), ("of nobody", null),
        })
        {
            var entitlement = new ApplicationEntitlement { Id = Guid.CreateVersion7(), ApplicationId = app.Id, Name = name };
            db.Add(entitlement);
            if (binding is not null)
            {
                binding.TargetId = entitlement.Id;
                db.Add(binding);
            }
        }

        await db.SaveChangesAsync(Stop);

        Assert.Equal(["of all but bob", "of the group"], await HeldAsync(ada));
        Assert.Equal(["of bob", "outside the group"], await HeldAsync(bob));
        Assert.Empty((await db.WithEntitlementsAsync(PersonFacts.Nobody, Stop)).Entitlements);

        async Task<IEnumerable<string>> HeldAsync(User user) =>
            (await db.WithEntitlementsAsync(await db.PersonAsync(user, "", Stop), Stop)).Entitlements.Select(e => e.Name);
    }

    private static PolicyBinding Bind(Action<PolicyBinding> change)
    {
        var binding = new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = default, Order = 0 };
        change(binding);
        return binding;
    }
}
