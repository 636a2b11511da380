using Gatehouse.Model.Flows;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Maps;

/// <summary>How flows, stages and plans are kept.</summary>
internal static class FlowMaps
{
    public static void Apply(ModelBuilder model)
    {
        model.Entity<Flow>(flow =>
        {
            flow.ToTable("flows");
            flow.HasIndex(f => f.Slug).IsUnique();
            flow.Property(f => f.Version).IsConcurrencyToken();
            flow.HasMany(f => f.Bindings).WithOne().HasForeignKey(b => b.FlowId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<Stage>(stage =>
        {
            stage.ToTable("stages");
            stage.HasIndex(s => s.Name).IsUnique();
            stage.Property(s => s.Version).IsConcurrencyToken();
        });
        model.Entity<FlowStageBinding>(binding =>
        {
            binding.ToTable("flow_stage_bindings");
            binding.HasIndex(b => new { b.FlowId, b.StageId, b.Order }).IsUnique();
            binding.HasOne(b => b.Stage).WithMany().HasForeignKey(b => b.StageId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<FlowPlan>(plan =>
        {
            plan.ToTable("flow_plans");
            plan.HasIndex(p => p.ExpiresAt);
            plan.Property(p => p.Version).IsConcurrencyToken();
        });
    }
}
