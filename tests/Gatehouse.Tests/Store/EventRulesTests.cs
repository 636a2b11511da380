using System.Text.Json.Nodes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Notifications;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Store;

/// <summary>Which notification rules an event fires, on both databases.</summary>
public class EventRulesTests
{
    public static TheoryData<DatabaseKind> Both => Databases.Both;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_rule_fires_when_one_of_its_bindings_matches_and_never_without_any(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        AddRule(db, "unbound");
        Bind(db, AddRule(db, "disabled"), Matcher(db, "on failures, disabled", "login_failed")).IsEnabled = false;
        var any = AddRule(db, "any");
        Bind(db, any, Matcher(db, "on sign-ins", "login"));
        Bind(db, any, Matcher(db, "on failures", "login_failed"));
        Bind(db, AddRule(db, "negated"), Matcher(db, "on failures, negated", "login_failed")).IsNegated = true;
        await db.SaveChangesAsync(Stop);

        Assert.Equal(["any"], await FiringAsync(store, db, Happened("login_failed")));
        Assert.Equal(["any", "negated"], await FiringAsync(store, db, Happened("login")));
        Assert.Equal(["negated"], await FiringAsync(store, db, Happened("logout")));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Groups_users_and_expressions_are_matched_with_whoever_caused_it(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var group = new Group { Id = Guid.CreateVersion7(), Number = 101, Name = "watched" };
        var ada = new User { Uuid = Guid.CreateVersion7(), Username = "ada", UsernameKey = "ada", Groups = [new GroupMember { GroupId = group.Id, UserId = 0 }] };
        db.AddRange(group, ada);
        await db.SaveChangesAsync(Stop);
        var expression = new IdentityPolicy
        {
            Id = Guid.CreateVersion7(),
            Name = "expression",
            Kind = PolicyKind.Expression,
            SettingsJson = """{"expression":"return user.username == 'ada' and context['event']['context']['n'] == 7"}""",
        };
        db.Add(expression);
        Bind(db, AddRule(db, "expression"), expression);
        db.PolicyBindings.Add(new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = AddRule(db, "group").Id, GroupId = group.Id, Order = 0 });
        db.PolicyBindings.Add(new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = AddRule(db, "user").Id, UserId = ada.Id, Order = 0 });
        await db.SaveChangesAsync(Stop);

        Assert.Equal(["expression", "group", "user"], await FiringAsync(store, db, Happened("login", new JsonObject { ["n"] = 7 }, ada)));
        Assert.Equal(["group", "user"], await FiringAsync(store, db, Happened("login", new JsonObject { ["n"] = 8 }, ada)));
        Assert.Empty(await FiringAsync(store, db, Happened("login", new JsonObject { ["n"] = 7 })));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_a_rules_own_policy_causes_fires_nothing_and_what_any_other_does_may(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var (own, other) = (Matcher(db, "on faults", "policy_exception"), Matcher(db, "of an application", "login"));
        Bind(db, AddRule(db, "faults"), own);
        await db.SaveChangesAsync(Stop);

        Assert.Empty(await FiringAsync(store, db, Happened("policy_exception", About(own))));
        Assert.Equal(["default-notify-exception", "faults"], await FiringAsync(store, db, Happened("policy_exception", About(other))));

        static JsonObject About(IdentityPolicy policy) => new() { ["policy"] = new JsonObject { ["pk"] = policy.Id.ToString("N") } };
    }

    [Theory]
    [InlineData("""{"client_ip":"2001:db8::1"}""", true)]
    [InlineData("""{"client_ip":"2001:db8:0:0::1"}""", true)]
    [InlineData("""{"client_ip":"2001:db8::2"}""", false)]
    [InlineData("""{"app":"authentik_events"}""", true)]
    [InlineData("""{"app":"authentik.events"}""", true)]
    [InlineData("""{"app":"authentik.event"}""", false)]
    [InlineData("""{"app":"authentik_core","model":"authentik_core.user"}""", true)]
    [InlineData("""{"model":"authentik_core.group"}""", false)]
    [InlineData("{}", true)]
    public void A_matcher_reads_addresses_and_apps_in_every_spelling(string settings, bool expected)
    {
        var policy = new IdentityPolicy { Id = Guid.CreateVersion7(), Name = "m", Kind = PolicyKind.EventMatcher, SettingsJson = settings };
        var happened = Happened("login", new JsonObject { ["model"] = EventRow.Target("authentik_core", "user", "1", "ada") });
        var facts = new PolicyFacts { Person = PersonFacts.Nobody, Clock = TimeProvider.System, Context = new Dictionary<string, object> { ["event"] = EventFacts.Of(happened) } };

        Assert.Equal(expected, new PolicyJudge(new Gatehouse.Model.Expressions.ExpressionCache()).Judge(policy, facts, TimeSpan.FromSeconds(1)).IsPassing);
    }

    private static async Task<IEnumerable<string>> FiringAsync(TestStore store, GatehouseDb db, Event happened) =>
        (await store.Get<EventRules>().FiringAsync(db, await EventRules.ReadAsync(db, Stop), happened, Stop)).Select(r => r.Name).Order();

    private static Event Happened(string action, JsonObject? context = null, User? user = null) => EventRow.Of(
        new NewEvent(action, user is null ? null : new EventActor(user.Id, user.Username, ""), "2001:db8::1", context ?? []), DateTimeOffset.UnixEpoch, TimeSpan.FromDays(1));

    private static NotificationRule AddRule(GatehouseDb db, string name)
    {
        var rule = new NotificationRule { Id = Guid.CreateVersion7(), Name = name };
        db.Add(rule);
        return rule;
    }

    private static IdentityPolicy Matcher(GatehouseDb db, string name, string action)
    {
        var policy = new IdentityPolicy { Id = Guid.CreateVersion7(), Name = name, Kind = PolicyKind.EventMatcher, SettingsJson = $$"""{"action":"{{action}}"}""" };
        db.Add(policy);
        return policy;
    }

    private static PolicyBinding Bind(GatehouseDb db, NotificationRule rule, IdentityPolicy policy)
    {
        var binding = new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = rule.Id, PolicyId = policy.Id, Order = 0 };
        db.Add(binding);
        return binding;
    }
}
