using Gatehouse.Model.Blueprints;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Notifications;
using Gatehouse.Model.Users;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Maps;

/// <summary>How notifications, and the blueprints that administrators keep here, are kept.</summary>
internal static class NotificationMaps
{
    public static void Apply(ModelBuilder model)
    {
        model.Entity<NotificationRule>(rule =>
        {
            rule.ToTable("notification_rules");
            rule.HasIndex(r => r.Name).IsUnique();
            rule.Property(r => r.TransportIds).AsJson();
            rule.Property(r => r.Version).IsConcurrencyToken();
            rule.HasOne<Group>().WithMany().HasForeignKey(r => r.GroupId).OnDelete(DeleteBehavior.SetNull);
        });
        model.Entity<NotificationTransport>(transport =>
        {
            transport.ToTable("notification_transports");
            transport.HasIndex(t => t.Name).IsUnique();
            transport.Property(t => t.Version).IsConcurrencyToken();
            transport.HasOne<KeyPair>().WithMany().HasForeignKey(t => t.AuthorityId).OnDelete(DeleteBehavior.Restrict);
            transport.HasOne<WebhookMapping>().WithMany().HasForeignKey(t => t.BodyMappingId).OnDelete(DeleteBehavior.Restrict);
            transport.HasOne<WebhookMapping>().WithMany().HasForeignKey(t => t.HeaderMappingId).OnDelete(DeleteBehavior.Restrict);
        });
        model.Entity<WebhookMapping>(mapping =>
        {
            mapping.ToTable("webhook_mappings");
            mapping.HasIndex(m => m.Name).IsUnique();
            mapping.Property(m => m.Version).IsConcurrencyToken();
        });
        model.Entity<Notification>(notification =>
        {
            notification.ToTable("notifications");
            notification.HasIndex(n => new { n.UserId, n.CreatedAt });
            notification.HasOne<User>().WithMany().HasForeignKey(n => n.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<NotificationDelivery>(delivery =>
        {
            delivery.ToTable("notification_deliveries");
            delivery.HasIndex(d => d.DueAt);
            delivery.HasOne<NotificationTransport>().WithMany().HasForeignKey(d => d.TransportId).OnDelete(DeleteBehavior.Cascade);
            delivery.HasOne<User>().WithMany().HasForeignKey(d => d.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<BlueprintInstance>(blueprint =>
        {
            blueprint.ToTable("blueprints");
            blueprint.HasIndex(b => b.Name).IsUnique();
            blueprint.Property(b => b.Version).IsConcurrencyToken();
        });
    }
}
