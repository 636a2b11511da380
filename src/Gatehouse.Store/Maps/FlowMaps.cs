using Gatehouse.Model.Flows;
using Gatehouse.Model.Invitations;
using Gatehouse.Model.Prompts;
using Gatehouse.Model.Users;
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
            binding.Property(b => b.Version).IsConcurrencyToken();
            binding.HasOne(b => b.Stage).WithMany().HasForeignKey(b => b.StageId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<FlowPlan>(plan =>
        {
            plan.ToTable("flow_plans");
            plan.HasIndex(p => p.ExpiresAt);
            plan.Property(p => p.Version).IsConcurrencyToken();
        });
        model.Entity<FlowToken>(token =>
        {
            token.ToTable("flow_tokens").HasKey(t => t.Hash);
            token.HasIndex(t => t.ExpiresAt);
            token.HasIndex(t => t.Slot).IsUnique();
            token.HasOne<Flow>().WithMany().HasForeignKey(t => t.FlowId).OnDelete(DeleteBehavior.Cascade);
            token.HasOne<User>().WithMany().HasForeignKey(t => t.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<PromptField>(field =>
        {
            field.ToTable("prompt_fields");
            field.HasIndex(f => f.Name).IsUnique();
            field.Property(f => f.Version).IsConcurrencyToken();
        });
        model.Entity<Invitation>(invitation =>
        {
            invitation.ToTable("invitations");
            invitation.HasIndex(i => i.ExpiresAt);
            invitation.Property(i => i.Version).IsConcurrencyToken();
            invitation.HasOne<Flow>().WithMany().HasForeignKey(i => i.FlowId).OnDelete(DeleteBehavior.Cascade);
            invitation.HasOne<User>().WithMany().HasForeignKey(i => i.CreatedById).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
