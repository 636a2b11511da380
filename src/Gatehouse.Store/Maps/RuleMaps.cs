using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Maps;

/// <summary>How what stands around policies is kept: lists, approvals, tests, tags, pages, scoped tokens.</summary>
internal static class RuleMaps
{
    public static void Apply(ModelBuilder model)
    {
        model.Entity<AccessList>(list =>
        {
            list.ToTable("access_lists");
            list.HasIndex(l => l.Name).IsUnique();
            list.Property(l => l.Items).AsJson();
            list.Property(l => l.Version).IsConcurrencyToken();
        });
        model.Entity<ApprovalRequest>(request =>
        {
            request.ToTable("approval_requests");
            request.HasIndex(r => new { r.Email, r.AppId, r.PolicyId });
            request.HasIndex(r => r.ExpiresAt);
            request.Property(r => r.Approvals).AsJson();
            request.Property(r => r.Version).IsConcurrencyToken();
            request.HasOne<App>().WithMany().HasForeignKey(r => r.AppId).OnDelete(DeleteBehavior.Cascade);
            request.HasOne<Policy>().WithMany().HasForeignKey(r => r.PolicyId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<PolicyTest>(test =>
        {
            test.ToTable("policy_tests");
            test.HasIndex(t => t.ExpiresAt);
            test.Property(t => t.People).AsJson();
        });
        model.Entity<AppTag>().ToTable("app_tags").HasKey(t => t.Name);
        model.Entity<CustomPage>(page =>
        {
            page.ToTable("custom_pages");
            page.Property(p => p.Version).IsConcurrencyToken();
        });
        model.Entity<ScopedToken>(token =>
        {
            token.ToTable("scoped_tokens");
            token.HasIndex(t => t.KeyHash).IsUnique();
            token.Property(t => t.Grants).AsJson();
            token.Property(t => t.AllowedAddresses).AsJson();
            token.Property(t => t.RefusedAddresses).AsJson();
            token.Property(t => t.Version).IsConcurrencyToken();
            token.HasOne<User>().WithMany().HasForeignKey(t => t.UserId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
