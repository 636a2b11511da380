using Gatehouse.Model.Brands;
using Gatehouse.Model.Events;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Maps;

/// <summary>How events and brands are kept.</summary>
internal static class EventMaps
{
    public static void Apply(ModelBuilder model)
    {
        model.Entity<Event>(happened =>
        {
            happened.ToTable("events");
            happened.HasIndex(e => e.CreatedAt);
            happened.HasIndex(e => new { e.Action, e.CreatedAt });
            happened.HasIndex(e => e.ExpiresAt);
            happened.HasIndex(e => e.UserId);
            happened.HasIndex(e => e.TargetKey);
            happened.HasIndex(e => e.Id, "IX_events_unjudged").HasFilter("NOT \"IsJudged\"");
        });
        model.Entity<Brand>(brand =>
        {
            brand.ToTable("brands");
            brand.HasIndex(b => b.Domain).IsUnique();
            brand.Property(b => b.Version).IsConcurrencyToken();
        });
    }
}
