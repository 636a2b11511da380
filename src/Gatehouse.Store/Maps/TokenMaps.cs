using Gatehouse.Model.Providers;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Maps;

/// <summary>How Identity's sessions, grants, codes, tokens, consents and links are kept. All fall with their user.</summary>
internal static class TokenMaps
{
    public static void Apply(ModelBuilder model)
    {
        model.Entity<AuthenticatedSession>(session =>
        {
            session.ToTable("authenticated_sessions");
            session.Property(s => s.Amr).AsJson();
            session.HasIndex(s => s.UserId);
            session.HasIndex(s => s.ExpiresAt);
            session.HasIndex(s => s.Uuid).IsUnique();
            session.HasOne<User>().WithMany().HasForeignKey(s => s.UserId).OnDelete(DeleteBehavior.Cascade);
            session.HasOne<User>().WithMany().HasForeignKey(s => s.ImpersonatedUserId).OnDelete(DeleteBehavior.SetNull);
        });
        model.Entity<RememberedToken>(token =>
        {
            token.ToTable("remembered_tokens").HasKey(t => t.Hash);
            token.HasIndex(t => t.SessionId);
            token.HasOne<AuthenticatedSession>().WithMany().HasForeignKey(t => t.SessionId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<SessionClient>(client =>
        {
            client.ToTable("session_clients").HasKey(c => new { c.SessionUuid, c.ProviderId, c.UserId });
            client.HasIndex(c => c.UserId);
            client.HasIndex(c => c.KeptUntil);
            client.HasOne<User>().WithMany().HasForeignKey(c => c.UserId).OnDelete(DeleteBehavior.Cascade);
            client.HasOne<OAuth2Provider>().WithMany().HasForeignKey(c => c.ProviderId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<LogoutNotice>(notice =>
        {
            notice.ToTable("logout_notices");
            notice.HasIndex(n => n.NextAt);
            notice.HasOne<OAuth2Provider>().WithMany().HasForeignKey(n => n.ProviderId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<OAuthGrant>(grant =>
        {
            grant.ToTable("oauth_grants");
            grant.Property(g => g.Scopes).AsJson();
            grant.Property(g => g.Amr).AsJson();
            grant.HasIndex(g => g.SessionId);
            grant.HasIndex(g => g.ExpiresAt);
            grant.HasOne<User>().WithMany().HasForeignKey(g => g.UserId).OnDelete(DeleteBehavior.Cascade);
            grant.HasOne<User>().WithMany().HasForeignKey(g => g.ImpersonatorId).OnDelete(DeleteBehavior.Cascade);
            grant.HasOne<OAuth2Provider>().WithMany().HasForeignKey(g => g.ProviderId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<AuthorizationCode>(code =>
        {
            code.ToTable("authorization_codes");
            code.Property(c => c.Id).ValueGeneratedOnAdd();
            code.HasIndex(c => c.Hash).IsUnique();
            code.HasIndex(c => c.ExpiresAt);
            code.HasOne<OAuthGrant>().WithMany().HasForeignKey(c => c.GrantId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<DeviceCode>(code =>
        {
            code.ToTable("device_codes").HasKey(c => c.Hash);
            code.Property(c => c.Scopes).AsJson();
            code.HasIndex(c => c.UserCodeHash).IsUnique();
            code.HasIndex(c => c.ExpiresAt);
            code.HasOne<OAuth2Provider>().WithMany().HasForeignKey(c => c.ProviderId).OnDelete(DeleteBehavior.Cascade);
            code.HasOne<OAuthGrant>().WithMany().HasForeignKey(c => c.GrantId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<PushedRequest>(request =>
        {
            request.ToTable("pushed_requests").HasKey(r => r.Hash);
            request.HasIndex(r => r.ExpiresAt);
            request.HasOne<OAuth2Provider>().WithMany().HasForeignKey(r => r.ProviderId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<UsedProof>(proof =>
        {
            proof.ToTable("used_proofs").HasKey(p => p.Hash);
            proof.HasIndex(p => p.ExpiresAt);
        });
        model.Entity<OAuthToken>(token =>
        {
            token.ToTable("oauth_tokens");
            token.Property(t => t.Id).ValueGeneratedOnAdd();
            token.HasIndex(t => t.Hash).IsUnique();
            token.Property(t => t.Scopes).AsJson();
            token.HasIndex(t => t.ExpiresAt);
            token.HasOne<OAuthGrant>().WithMany().HasForeignKey(t => t.GrantId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<UserConsent>(consent =>
        {
            consent.ToTable("user_consents");
            consent.Property(c => c.Id).ValueGeneratedOnAdd();
            consent.Property(c => c.Scopes).AsJson();
            consent.HasIndex(c => new { c.UserId, c.ApplicationId }).IsUnique();
            consent.HasOne<User>().WithMany().HasForeignKey(c => c.UserId).OnDelete(DeleteBehavior.Cascade);
            consent.HasOne<ProviderApplication>().WithMany().HasForeignKey(c => c.ApplicationId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<ApiToken>(token =>
        {
            token.ToTable("api_tokens");
            token.HasIndex(t => t.Identifier).IsUnique();
            token.HasIndex(t => t.KeyHash).IsUnique();
            token.HasIndex(t => t.ExpiresAt);
            token.HasOne<User>().WithMany().HasForeignKey(t => t.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<OneTimeLink>(link =>
        {
            link.ToTable("one_time_links").HasKey(l => l.Hash);
            link.HasOne<User>().WithMany().HasForeignKey(l => l.UserId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
