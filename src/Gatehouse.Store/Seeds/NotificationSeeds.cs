using Gatehouse.Model.Notifications;

namespace Gatehouse.Store.Seeds;

/// <summary>The shipped transports and rules, under authentik's names. A rule fires when an event matcher is bound to it.</summary>
internal static class NotificationSeeds
{
    public static void Add(GatehouseDb db, DateTimeOffset now, Guid admins)
    {
        var mail = new NotificationTransport { Id = Guid.CreateVersion7(now), Name = "default-email-transport", Mode = TransportMode.Email };
        var local = new NotificationTransport { Id = Guid.CreateVersion7(now), Name = "default-local-transport", Mode = TransportMode.Local };
        db.NotificationTransports.AddRange(mail, local);
        AddRule("default-notify-configuration-error", Severity.Alert);
        AddRule("default-notify-configuration-warning", Severity.Warning);
        AddRule("default-notify-exception", Severity.Alert);
        AddRule("default-notify-update", Severity.Notice);

        void AddRule(string name, Severity severity) => db.NotificationRules.Add(new NotificationRule
        {
            Id = Guid.CreateVersion7(now),
            Name = name,
            TransportIds = [mail.Id, local.Id],
            Severity = severity,
            GroupId = admins,
        });
    }
}
