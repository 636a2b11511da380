using System.Globalization;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Uses;

/// <summary>Finds what names an object. Null: there is no such object.</summary>
internal sealed class FindUses(GatehouseDb db)
{
    // Enough to see what hangs on it.
    private const int Most = 100;

    private const string Core = "authentik_core";

    public async Task<IReadOnlyList<Use>?> OfUserAsync(int id, CancellationToken cancellationToken)
    {
        if (!await db.Users.AnyAsync(u => u.Id == id, cancellationToken))
        {
            return null;
        }

        var groups = await db.GroupMembers.Where(m => m.UserId == id).Select(m => m.Group!).OrderBy(g => g.Name).Take(Most).ToListAsync(cancellationToken); // a join
        var tokens = await db.ApiTokens.Where(t => t.UserId == id).OrderBy(t => t.Identifier).Take(Most).ToListAsync(cancellationToken);
        var sessions = await db.AuthenticatedSessions.Where(s => s.UserId == id).OrderBy(s => s.Uuid).Take(Most).ToListAsync(cancellationToken);
        var consents = await db.UserConsents.Where(c => c.UserId == id).OrderBy(c => c.Id).Take(Most).ToListAsync(cancellationToken);
        return
        [
            .. groups.Select(g => new Use(Core, "group", g.Id.ToString(), g.Name, Use.CascadeMany)),
            .. tokens.Select(t => new Use(Core, "token", t.Id.ToString(), t.Identifier, Use.Cascade)),
            .. sessions.Select(s => new Use(Core, "authenticatedsession", s.Uuid.ToString(), s.LastUserAgent, Use.Cascade)),
            .. consents.Select(c => new Use(Core, "userconsent", Text(c.Id), "User Consent", Use.Cascade)),
        ];
    }

    public async Task<IReadOnlyList<Use>?> OfGroupAsync(Guid id, CancellationToken cancellationToken)
    {
        if (!await db.Groups.AnyAsync(g => g.Id == id, cancellationToken))
        {
            return null;
        }

        var children = await db.Groups.Where(g => g.Parents.Any(p => p.ParentId == id)).OrderBy(g => g.Name).Take(Most).ToListAsync(cancellationToken);
        var members = await db.GroupMembers.Where(m => m.GroupId == id).Select(m => m.User!).OrderBy(u => u.Id).Take(Most).ToListAsync(cancellationToken); // a join
        var rules = await db.NotificationRules.Where(r => r.GroupId == id).OrderBy(r => r.Name).Take(Most).ToListAsync(cancellationToken);
        return
        [
            .. children.Select(g => new Use(Core, "group", g.Id.ToString(), g.Name, Use.CascadeMany)),
            .. members.Select(u => new Use(Core, "user", Text(u.Id), u.Username, Use.CascadeMany)),
            .. rules.Select(r => new Use("authentik_events", "notificationrule", r.Id.ToString(), r.Name, Use.SetNull)),
        ];
    }

    public async Task<IReadOnlyList<Use>?> OfProviderAsync(int id, CancellationToken cancellationToken)
    {
        if (!await db.Providers.AnyAsync(p => p.Id == id, cancellationToken))
        {
            return null;
        }

        var applications = await db.ProviderApplications.Where(a => a.ProviderId == id).ToListAsync(cancellationToken);
        var tokens = await db.OAuthTokens.Where(t => t.ProviderId == id).OrderByDescending(t => t.Id).Take(Most).ToListAsync(cancellationToken);
        return
        [
            .. applications.Select(a => new Use(Core, "application", a.Id.ToString(), a.Name, Use.SetNull)),
            .. tokens.Select(t => new Use(
                "authentik_providers_oauth2", t.Kind == Model.Tokens.OAuthTokenKind.Access ? "accesstoken" : "refreshtoken", Text(t.Id), t.Kind + " token", Use.Cascade)),
        ];
    }

    public async Task<IReadOnlyList<Use>?> OfApplicationAsync(string slug, CancellationToken cancellationToken)
    {
        if (await db.ProviderApplications.AsNoTracking().SingleOrDefaultAsync(a => a.Slug == slug, cancellationToken) is not { } application)
        {
            return null;
        }

        var rights = await db.ApplicationEntitlements.Where(e => e.ApplicationId == application.Id).OrderBy(e => e.Name).Take(Most).ToListAsync(cancellationToken);
        var consents = await db.UserConsents.Where(c => c.ApplicationId == application.Id).OrderBy(c => c.Id).Take(Most).ToListAsync(cancellationToken);
        var brands = await db.Brands.Where(b => b.DefaultApplicationId == application.Id).OrderBy(b => b.Domain).ToListAsync(cancellationToken);
        return
        [
            .. rights.Select(r => new Use(Core, "applicationentitlement", r.Id.ToString(), r.Name, Use.Cascade)),
            .. consents.Select(c => new Use(Core, "userconsent", Text(c.Id), "User Consent", Use.Cascade)),
            .. brands.Select(b => new Use("authentik_brands", "brand", b.Id.ToString(), b.Domain, Use.LeftDangling)),
        ];
    }

    public async Task<IReadOnlyList<Use>?> OfFlowAsync(string slug, CancellationToken cancellationToken)
    {
        if (await db.Flows.AsNoTracking().SingleOrDefaultAsync(f => f.Slug == slug, cancellationToken) is not { } flow)
        {
            return null;
        }

        var id = flow.Id;
        var providers = await db.Providers.Where(p => p.AuthorizationFlowId == id || p.InvalidationFlowId == id || p.AuthenticationFlowId == id)
            .OrderBy(p => p.Name).Take(Most).ToListAsync(cancellationToken);
        var brands = await db.Brands.Where(b => b.AuthenticationFlowId == id || b.InvalidationFlowId == id || b.RecoveryFlowId == id || b.UnenrollmentFlowId == id
            || b.UserSettingsFlowId == id || b.DeviceCodeFlowId == id).OrderBy(b => b.Domain).Take(Most).ToListAsync(cancellationToken);
        var bindings = await db.FlowStageBindings.Include(b => b.Stage).Where(b => b.FlowId == id).OrderBy(b => b.Order).Take(Most).ToListAsync(cancellationToken);
        return
        [
            .. providers.Select(p => new Use("authentik_providers_oauth2", "oauth2provider", Text(p.Id), p.Name, Use.LeftDangling)),
            .. brands.Select(b => new Use("authentik_brands", "brand", b.Id.ToString(), b.Domain, Use.LeftDangling)),
            .. bindings.Select(b => new Use("authentik_flows", "flowstagebinding", b.Id.ToString(), $"{b.Stage?.Name} #{b.Order}", Use.Cascade)),
        ];
    }

    public async Task<IReadOnlyList<Use>?> OfKeyPairAsync(Guid id, CancellationToken cancellationToken)
    {
        if (!await db.KeyPairs.AnyAsync(k => k.Id == id, cancellationToken))
        {
            return null;
        }

        var providers = await db.Providers.Where(p => p.SigningKeyId == id || p.EncryptionKeyId == id).OrderBy(p => p.Name).Take(Most).ToListAsync(cancellationToken);
        var brands = await db.Brands.Where(b => b.WebCertificateId == id).OrderBy(b => b.Domain).Take(Most).ToListAsync(cancellationToken);
        var transports = await db.NotificationTransports.Where(t => t.AuthorityId == id).OrderBy(t => t.Name).Take(Most).ToListAsync(cancellationToken);
        return
        [
            .. providers.Select(p => new Use("authentik_providers_oauth2", "oauth2provider", Text(p.Id), p.Name, Use.LeftDangling)),
            .. brands.Select(b => new Use("authentik_brands", "brand", b.Id.ToString(), b.Domain, Use.LeftDangling)),
            .. transports.Select(t => new Use("authentik_events", "notificationtransport", t.Id.ToString(), t.Name, Use.LeftDangling)),
        ];
    }

    public async Task<IReadOnlyList<Use>?> OfScopeMappingAsync(Guid id, CancellationToken cancellationToken)
    {
        if (!await db.ScopeMappings.AnyAsync(m => m.Id == id, cancellationToken))
        {
            return null;
        }

        var providers = (await db.Providers.AsNoTracking().OrderBy(p => p.Name).ToListAsync(cancellationToken)).Where(p => p.ScopeMappingIds.Contains(id)).Take(Most);
        return [.. providers.Select(p => new Use("authentik_providers_oauth2", "oauth2provider", Text(p.Id), p.Name, Use.CascadeMany))];
    }

    public async Task<IReadOnlyList<Use>?> OfTransportAsync(Guid id, CancellationToken cancellationToken)
    {
        if (!await db.NotificationTransports.AnyAsync(t => t.Id == id, cancellationToken))
        {
            return null;
        }

        var rules = (await db.NotificationRules.AsNoTracking().OrderBy(r => r.Name).ToListAsync(cancellationToken)).Where(r => r.TransportIds.Contains(id)).Take(Most);
        return [.. rules.Select(r => new Use("authentik_events", "notificationrule", r.Id.ToString(), r.Name, Use.CascadeMany))];
    }

    public async Task<IReadOnlyList<Use>?> OfWebhookMappingAsync(Guid id, CancellationToken cancellationToken)
    {
        if (!await db.WebhookMappings.AnyAsync(m => m.Id == id, cancellationToken))
        {
            return null;
        }

        var transports = await db.NotificationTransports.AsNoTracking().Where(t => t.BodyMappingId == id || t.HeaderMappingId == id).OrderBy(t => t.Name).Take(Most).ToListAsync(cancellationToken);
        return [.. transports.Select(t => new Use("authentik_events", "notificationtransport", t.Id.ToString(), t.Name, Use.SetNull))];
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
