using System.Text.Json.Nodes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Notifications;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Seeds;

/// <summary>The shipped transports and rules, and the events on which each rule fires, under authentik's names.</summary>
internal static class NotificationSeeds
{
    // Rule, severity, and by name the matchers bound to it, in order.
    private static readonly (string Rule, Severity Severity, (string Name, string Action)[] Matchers)[] Shipped =
    [
        ("default-notify-configuration-error", Severity.Alert, [("default-match-configuration-error", EventActions.ConfigurationError)]),
        ("default-notify-configuration-warning", Severity.Warning, [("default-match-configuration-warning", EventActions.ConfigurationWarning)]),
        (
            "default-notify-exception", Severity.Alert,
            [
                ("default-match-policy-exception", EventActions.PolicyException),
                ("default-match-property-mapping-exception", EventActions.PropertyMappingException),
            ]),
        ("default-notify-update", Severity.Notice, [("default-match-update", EventActions.UpdateAvailable)]),
    ];

    /// <summary>Adds all of it.</summary>
    public static void Add(GatehouseDb db, DateTimeOffset now, Guid admins)
    {
        var mail = new NotificationTransport { Id = Guid.CreateVersion7(now), Name = "default-email-transport", Mode = TransportMode.Email };
        var local = new NotificationTransport { Id = Guid.CreateVersion7(now), Name = "default-local-transport", Mode = TransportMode.Local };
        db.NotificationTransports.AddRange(mail, local);
        foreach (var (name, severity, matchers) in Shipped)
        {
            var rule = new NotificationRule { Id = Guid.CreateVersion7(now), Name = name, TransportIds = [mail.Id, local.Id], Severity = severity, GroupId = admins };
            db.NotificationRules.Add(rule);
            Bind(db, now, rule.Id, matchers);
        }
    }

    /// <summary>For installations from before the rules had matchers: binds them to those rules to which nobody has bound anything. A rule that was deleted, and a name that is taken, are left alone.</summary>
    public static async Task BindAsync(GatehouseDb db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var (name, _, matchers) in Shipped)
        {
            var names = matchers.Select(m => m.Name).ToList();
            var rule = await db.NotificationRules.Where(r => r.Name == name && !db.PolicyBindings.Any(b => b.TargetId == r.Id)).Select(r => (Guid?)r.Id).SingleOrDefaultAsync(cancellationToken);
            if (rule is { } id && !await db.IdentityPolicies.AnyAsync(p => names.Contains(p.Name), cancellationToken))
            {
                Bind(db, now, id, matchers);
            }
        }
    }

    private static void Bind(GatehouseDb db, DateTimeOffset now, Guid rule, (string Name, string Action)[] matchers)
    {
        foreach (var (order, (name, action)) in matchers.Index())
        {
            var policy = new IdentityPolicy
            {
                Id = Guid.CreateVersion7(now),
                Name = name,
                Kind = PolicyKind.EventMatcher,
                SettingsJson = new JsonObject { ["action"] = action }.ToJsonString(),
            };
            db.IdentityPolicies.Add(policy);
            db.PolicyBindings.Add(new PolicyBinding { Id = Guid.CreateVersion7(now), TargetId = rule, PolicyId = policy.Id, Order = order });
        }
    }
}
