using Gatehouse.Model.Apps;
using Gatehouse.Model.Audit;
using Gatehouse.Model.Keys;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Origins;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Maps;

/// <summary>How Access's apps, policies, sessions and decisions are kept.</summary>
internal static class AccessMaps
{
    public static void Apply(ModelBuilder model)
    {
        model.Entity<App>(app =>
        {
            app.ToTable("apps");
            app.Property(a => a.Aud).HasMaxLength(64);
            app.HasIndex(a => a.Aud).IsUnique();
            app.Property(a => a.Domains).AsJson();
            app.Property(a => a.AllowedLoginMethods).AsJson();
            app.Property(a => a.Cors).AsJson();
            app.Property(a => a.Agents).AsJson();
            app.Property(a => a.Saas).AsJson();
            app.Property(a => a.SsoId).HasMaxLength(64);
            app.HasIndex(a => a.SsoId).IsUnique();
            app.Property(a => a.Launcher).AsJson();
            app.Property(a => a.Mfa).AsJson();
            app.Property(a => a.Tags).AsJson();
            app.Property(a => a.CustomPages).AsJson();
            app.Property(a => a.Version).IsConcurrencyToken();
            app.HasMany(a => a.Policies).WithOne().HasForeignKey(p => p.AppId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<AppPolicy>(link =>
        {
            link.ToTable("app_policies").HasKey(p => new { p.AppId, p.PolicyId });
            link.HasOne(p => p.Policy).WithMany().HasForeignKey(p => p.PolicyId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<Policy>(policy =>
        {
            policy.ToTable("policies");
            policy.Property(p => p.Include).AsJson();
            policy.Property(p => p.Exclude).AsJson();
            policy.Property(p => p.Require).AsJson();
            policy.Property(p => p.ApprovalGroups).AsJson();
            policy.Property(p => p.Mfa).AsJson();
            policy.Property(p => p.Version).IsConcurrencyToken();
        });
        model.Entity<RuleGroup>(group =>
        {
            group.ToTable("rule_groups");
            group.HasIndex(g => g.Name).IsUnique();
            group.Property(g => g.Include).AsJson();
            group.Property(g => g.Exclude).AsJson();
            group.Property(g => g.Require).AsJson();
            group.Property(g => g.Version).IsConcurrencyToken();
        });
        model.Entity<LoginMethod>(method =>
        {
            method.ToTable("login_methods");
            method.Property(m => m.Scopes).AsJson();
            method.Property(m => m.Claims).AsJson();
            method.Property(m => m.Version).IsConcurrencyToken();
        });
        model.Entity<PublicHostname>(hostname =>
        {
            hostname.ToTable("public_hostnames");
            hostname.Property(h => h.Hostname).HasMaxLength(253); // RFC 1035 §2.3.4, without the final dot
            hostname.HasIndex(h => h.Hostname).IsUnique();
            hostname.Property(h => h.Version).IsConcurrencyToken();
        });
        ApplyMachines(model);
        model.Entity<AccessKey>().ToTable("access_keys").HasKey(k => k.Kid);
        ApplySessions(model);
    }

    private static void ApplyMachines(ModelBuilder model)
    {
        model.Entity<ServiceToken>(token =>
        {
            token.ToTable("service_tokens");
            token.HasIndex(t => t.ClientId).IsUnique();
            token.Property(t => t.Version).IsConcurrencyToken();
        });
        model.Entity<ClientAuthority>(authority =>
        {
            authority.ToTable("client_authorities");
            authority.HasIndex(a => a.Fingerprint).IsUnique();
            authority.Property(a => a.Hostnames).AsJson();
            authority.Property(a => a.Version).IsConcurrencyToken();
        });
        model.Entity<ClientCertificateSetting>().ToTable("client_certificate_settings").HasKey(s => s.Hostname);
    }

    private static void ApplySessions(ModelBuilder model)
    {
        model.Entity<AccessUser>(user =>
        {
            user.ToTable("access_users");
            user.HasIndex(u => u.Email).IsUnique();
        });
        model.Entity<AccessSession>(session =>
        {
            session.ToTable("access_sessions").HasKey(s => s.Nonce);
            session.Property(s => s.Amr).AsJson();
            session.Property(s => s.Passed).AsJson();
            session.HasIndex(s => s.UserId);
            session.HasIndex(s => new { s.LoginMethodId, s.Subject });
            session.HasIndex(s => new { s.LoginMethodId, s.ProviderSession });
            session.HasIndex(s => s.ParentNonce);
            session.HasIndex(s => s.BegunBy);
            session.HasIndex(s => s.ForgetAt);

            // No key to the user: a session that was ended with its user has to be remembered as ended.
        });
        model.Entity<BurntCode>(code =>
        {
            code.ToTable("burnt_codes");
            code.HasIndex(c => c.ExpiresAt);
        });
        model.Entity<OneTimePin>(pin =>
        {
            pin.ToTable("one_time_pins");
            pin.HasIndex(p => new { p.Email, p.CreatedAt });
            pin.HasIndex(p => new { p.Network, p.CreatedAt });
            pin.HasIndex(p => p.ExpiresAt);
        });
        model.Entity<DecisionRecord>(decision =>
        {
            decision.ToTable("decisions");
            decision.HasIndex(d => d.At);
            decision.HasIndex(d => new { d.Email, d.At });
            decision.HasIndex(d => new { d.AppId, d.At });
        });
    }
}
