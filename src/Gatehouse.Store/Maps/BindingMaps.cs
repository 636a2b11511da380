using Gatehouse.Model.Bindings;
using Gatehouse.Model.Users;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Maps;

/// <summary>How policies of Identity, their bindings, scores and past passwords are kept.</summary>
internal static class BindingMaps
{
    public static void Apply(ModelBuilder model)
    {
        model.Entity<IdentityPolicy>(policy =>
        {
            policy.ToTable("identity_policies");
            policy.HasIndex(p => p.Name).IsUnique();
            policy.Property(p => p.Version).IsConcurrencyToken();
        });
        model.Entity<PolicyBinding>(binding =>
        {
            binding.ToTable("policy_bindings");
            binding.HasIndex(b => new { b.TargetId, b.Order });
            binding.Property(b => b.Version).IsConcurrencyToken();

            // Not cascade: without its last binding a target is open to everybody. One that has lost what it named says no.
            binding.HasOne<IdentityPolicy>().WithMany().HasForeignKey(b => b.PolicyId).OnDelete(DeleteBehavior.SetNull);
            binding.HasOne<Group>().WithMany().HasForeignKey(b => b.GroupId).OnDelete(DeleteBehavior.SetNull);
            binding.HasOne<User>().WithMany().HasForeignKey(b => b.UserId).OnDelete(DeleteBehavior.SetNull);
        });
        model.Entity<Reputation>(reputation =>
        {
            reputation.ToTable("reputations");
            reputation.Property(r => r.Identifier).HasMaxLength(150);
            reputation.Property(r => r.Ip).HasMaxLength(45);
            reputation.HasIndex(r => new { r.Identifier, r.Ip }).IsUnique();
            reputation.HasIndex(r => r.Ip);
            reputation.HasIndex(r => r.ExpiresAt);
        });
        model.Entity<PastPassword>(past =>
        {
            past.ToTable("past_passwords");
            past.HasIndex(p => new { p.UserId, p.ReplacedAt });
            past.HasOne<User>().WithMany().HasForeignKey(p => p.UserId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
