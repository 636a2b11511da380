using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Settings;
using Gatehouse.Store.Bindings;
using Gatehouse.Store.Start;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Store;

/// <summary>Seeds that were added after an installation was laid, and the shipped rules for events.</summary>
public class LaterSeedsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task The_shipped_rules_fire_for_their_events_and_for_no_other(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);

        Assert.Equal(
            [
                "configuration_error: default-notify-configuration-error",
                "configuration_warning: default-notify-configuration-warning",
                "login: ",
                "login_failed: ",
                "policy_exception: default-notify-exception",
                "property_mapping_exception: default-notify-exception",
                "update_available: default-notify-update",
            ],
            await FiringAsync(store, "configuration_error", "configuration_warning", "login", "login_failed", "policy_exception", "property_mapping_exception", "update_available"));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task An_older_installation_gets_what_it_lacks_once_and_keeps_what_was_changed(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using (var db = store.Open())
        {
            // As the first build laid it, with what an administrator did since: one rule deleted, one bound to a matcher of their own, one name taken.
            await db.PolicyBindings.Where(b => db.NotificationRules.Any(r => r.Id == b.TargetId)).ExecuteDeleteAsync(Cancel);
            await db.IdentityPolicies.Where(p => p.Kind == PolicyKind.EventMatcher).ExecuteDeleteAsync(Cancel);
            await db.NotificationRules.Where(r => r.Name == "default-notify-configuration-warning").ExecuteDeleteAsync(Cancel);
            var own = new IdentityPolicy { Id = Guid.CreateVersion7(), Name = "mine", Kind = PolicyKind.EventMatcher, SettingsJson = """{"action":"login"}""" };
            var taken = new IdentityPolicy { Id = Guid.CreateVersion7(), Name = "default-match-update", Kind = PolicyKind.EventMatcher, SettingsJson = """{"action":"logout"}""" };
            var exception = await db.NotificationRules.SingleAsync(r => r.Name == "default-notify-exception", Cancel);
            db.AddRange(own, taken, new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = exception.Id, PolicyId = own.Id, Order = 0 });
            (await db.Settings.SingleAsync(s => s.Name == SettingNames.Seeds, Cancel)).Value = "1";
            await db.SaveChangesAsync(Cancel);
        }

        await RestartAsync(store);

        Assert.Equal(
            ["configuration_error: default-notify-configuration-error", "configuration_warning: ", "login: default-notify-exception", "policy_exception: ", "update_available: "],
            await FiringAsync(store, "configuration_error", "configuration_warning", "login", "policy_exception", "update_available"));
        await using (var db = store.Open())
        {
            await db.PolicyBindings.Where(b => db.NotificationRules.Any(r => r.Id == b.TargetId)).ExecuteDeleteAsync(Cancel);
        }

        await RestartAsync(store);
        Assert.Equal(["configuration_error: "], await FiringAsync(store, "configuration_error")); // what is deleted stays deleted
    }

    private static async Task RestartAsync(TestStore store)
    {
        await store.RestartAsync();
        await store.Get<StoreStart>().RunAsync(Cancel);
    }

    private static async Task<List<string>> FiringAsync(TestStore store, params string[] actions)
    {
        await using var db = store.Open();
        var bound = await EventRules.ReadAsync(db, Cancel);
        List<string> found = [];
        foreach (var action in actions)
        {
            var happened = new Event { Id = Guid.CreateVersion7(), Action = action, App = "authentik", ContextJson = "{}", CreatedAt = store.Clock.GetUtcNow(), ExpiresAt = store.Clock.GetUtcNow().AddDays(1) };
            found.Add($"{action}: {string.Join(", ", (await store.Get<EventRules>().FiringAsync(db, bound, happened, Cancel)).Select(r => r.Name))}");
        }

        return found;
    }
}
