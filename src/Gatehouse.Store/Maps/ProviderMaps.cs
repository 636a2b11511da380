using Gatehouse.Model.Keys;
using Gatehouse.Model.Providers;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Maps;

/// <summary>How Identity's providers, applications, keys and scope mappings are kept.</summary>
internal static class ProviderMaps
{
    public static void Apply(ModelBuilder model)
    {
        model.Entity<OAuth2Provider>(provider =>
        {
            provider.ToTable("oauth2_providers");
            provider.Property(p => p.Id).ValueGeneratedOnAdd();
            provider.HasIndex(p => p.Name).IsUnique();
            provider.HasIndex(p => p.ClientId).IsUnique();
            provider.Property(p => p.ClientId).HasMaxLength(255);
            provider.Property(p => p.GrantTypes).AsJson();
            provider.Property(p => p.RedirectUris).AsJson();
            provider.Property(p => p.ScopeMappingIds).AsJson();
            provider.Property(p => p.FederatedProviderIds).AsJson();
            provider.Property(p => p.FormerKeys).AsJson();
            provider.Property(p => p.Version).IsConcurrencyToken();
            provider.HasOne<KeyPair>().WithMany().HasForeignKey(p => p.SigningKeyId).OnDelete(DeleteBehavior.Restrict);
            provider.HasOne<KeyPair>().WithMany().HasForeignKey(p => p.EncryptionKeyId).OnDelete(DeleteBehavior.Restrict);
        });
        model.Entity<ProviderApplication>(application =>
        {
            application.ToTable("provider_applications");
            application.Property(a => a.Slug).HasMaxLength(200);
            application.HasIndex(a => a.Slug).IsUnique();
            application.HasIndex(a => a.ProviderId).IsUnique();
            application.Property(a => a.Version).IsConcurrencyToken();
            application.HasOne<OAuth2Provider>().WithMany().HasForeignKey(a => a.ProviderId).OnDelete(DeleteBehavior.SetNull);
        });
        model.Entity<ApplicationEntitlement>(entitlement =>
        {
            entitlement.ToTable("application_entitlements");
            entitlement.HasIndex(e => new { e.ApplicationId, e.Name }).IsUnique();
            entitlement.Property(e => e.Version).IsConcurrencyToken();
            entitlement.HasOne<ProviderApplication>().WithMany().HasForeignKey(e => e.ApplicationId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<RegistrationRule>(rule =>
        {
            rule.ToTable("registration_rules");
            rule.HasIndex(r => r.ProviderId).IsUnique();
            rule.Property(r => r.ScopeMappingIds).AsJson();
            rule.Property(r => r.AllowedGrantTypes).AsJson();
            rule.Property(r => r.Version).IsConcurrencyToken();
            rule.HasOne<OAuth2Provider>().WithMany().HasForeignKey(r => r.ProviderId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<ScopeMapping>(mapping =>
        {
            mapping.ToTable("scope_mappings");
            mapping.HasIndex(m => m.Name).IsUnique();
            mapping.HasIndex(m => m.Managed).IsUnique();
            mapping.Property(m => m.Version).IsConcurrencyToken();
        });
        model.Entity<KeyPair>(pair =>
        {
            pair.ToTable("key_pairs");
            pair.HasIndex(p => p.Name).IsUnique();
            pair.HasIndex(p => p.Kid).IsUnique();
            pair.Property(p => p.Version).IsConcurrencyToken();
        });
    }
}
