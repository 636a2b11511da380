using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Management.Uses;
using Gatehouse.Model.Stages;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.AuthentikV3;

/// <summary><c>used_by/</c> of every resource (contract §4.1). Superusers only: it names objects of others (CVE-2024-42490).</summary>
internal sealed class UsedBy(FindUses uses, FindFlowUses parts, GatehouseDb db)
{
    public static void Map(ApiRoutes routes)
    {
        OfInt("/core/users/{id}/", "User", (u, id, t) => u.uses.OfUserAsync(id, t));
        OfInt("/providers/oauth2/{id}/", "OAuth2Provider", (u, id, t) => u.uses.OfProviderAsync(id, t));
        OfInt("/providers/all/{id}/", "Provider", (u, id, t) => u.uses.OfProviderAsync(id, t));
        OfGuid("/core/groups/{id}/", "Group", (u, id, t) => u.uses.OfGroupAsync(id, t));
        OfGuid("/crypto/certificatekeypairs/{id}/", "CertificateKeyPair", (u, id, t) => u.uses.OfKeyPairAsync(id, t));
        OfGuid("/propertymappings/provider/scope/{id}/", "ScopeMapping", (u, id, t) => u.uses.OfScopeMappingAsync(id, t));
        OfGuid("/events/transports/{id}/", "NotificationTransport", (u, id, t) => u.uses.OfTransportAsync(id, t));
        OfGuid("/propertymappings/notification/{id}/", "NotificationWebhookMapping", (u, id, t) => u.uses.OfWebhookMappingAsync(id, t));
        Of("/core/applications/{slug}/", "Application", (u, r) => u.uses.OfApplicationAsync(r.Route("slug"), r.Aborted));
        Leaf("/core/application_entitlements/{id}/", "ApplicationEntitlement", (u, r) => u.db.ApplicationEntitlements.AnyAsync(e => e.Id == r.RouteGuid("id"), r.Aborted));
        Of("/flows/instances/{slug}/", "Flow", (u, r) => u.uses.OfFlowAsync(r.Route("slug"), r.Aborted));

        OfGuid("/flows/bindings/{id}/", "FlowStageBinding", (u, id, t) => u.parts.OfFlowBindingAsync(id, t));
        OfGuid("/stages/prompt/prompts/{id}/", "Prompt", (u, id, t) => u.parts.OfPromptAsync(id, t));
        OfGuid("/stages/all/{id}/", "Stage", (u, id, t) => u.parts.OfStageAsync(id, null, t));
        foreach (var kind in StageKinds.All)
        {
            OfGuid($"/stages/{kind.Path}/{{id}}/", "Stage", (u, id, t) => u.parts.OfStageAsync(id, kind.Type, t));
        }

        OfGuid("/policies/all/{id}/", "Policy", (u, id, t) => u.parts.OfPolicyAsync(id, null, t));
        foreach (var shape in PolicyShape.All)
        {
            OfGuid($"/policies/{shape.Path}/{{id}}/", "Policy", (u, id, t) => u.parts.OfPolicyAsync(id, shape.Kind, t));
        }

        // Nothing names these.
        Leaf("/policies/bindings/{id}/", "PolicyBinding", (u, r) => u.db.PolicyBindings.AnyAsync(b => b.Id == r.RouteGuid("id"), r.Aborted));
        Leaf("/policies/reputation/scores/{id}/", "Reputation", (u, r) => u.db.Reputations.AnyAsync(s => s.Id == r.RouteGuid("id"), r.Aborted));
        Leaf("/stages/invitation/invitations/{id}/", "Invitation", (u, r) => u.db.Invitations.AnyAsync(i => i.Id == r.RouteGuid("id"), r.Aborted));
        Leaf("/core/tokens/{identifier}/", "Token", (u, r) => u.db.ApiTokens.AnyAsync(t => t.Identifier == r.Route("identifier"), r.Aborted));
        Leaf("/core/brands/{id}/", "Brand", (u, r) => u.db.Brands.AnyAsync(b => b.Id == r.RouteGuid("id"), r.Aborted));
        Leaf("/core/authenticated_sessions/{id}/", "AuthenticatedSession", (u, r) => u.db.AuthenticatedSessions.AnyAsync(s => s.Uuid == r.RouteGuid("id"), r.Aborted));
        Leaf("/core/user_consent/{id}/", "UserConsent", (u, r) => u.db.UserConsents.AnyAsync(c => c.Id == r.RouteInt("id"), r.Aborted));
        Leaf("/oauth2/access_tokens/{id}/", "AccessToken", (u, r) => u.db.OAuthTokens.AnyAsync(t => t.Id == r.RouteLong("id"), r.Aborted));
        Leaf("/oauth2/refresh_tokens/{id}/", "RefreshToken", (u, r) => u.db.OAuthTokens.AnyAsync(t => t.Id == r.RouteLong("id"), r.Aborted));
        Leaf("/oauth2/authorization_codes/{id}/", "AuthorizationCode", (u, r) => u.db.AuthorizationCodes.AnyAsync(c => c.Id == r.RouteLong("id"), r.Aborted));
        Leaf("/events/rules/{id}/", "NotificationRule", (u, r) => u.db.NotificationRules.AnyAsync(n => n.Id == r.RouteGuid("id"), r.Aborted));
        Leaf("/events/notifications/{id}/", "Notification", (u, r) => u.db.Notifications.AnyAsync(n => n.Id == r.RouteGuid("id"), r.Aborted));
        Leaf("/managed/blueprints/{id}/", "BlueprintInstance", (u, r) => u.db.Blueprints.AnyAsync(b => b.Id == r.RouteGuid("id"), r.Aborted));

        void Of(string path, string model, Func<UsedBy, ApiRequest, Task<IReadOnlyList<Use>?>> find) =>
            routes.Get<UsedBy>(path + "used_by/", Need.Superuser, async (u, r) => await find(u, r) is { } found ? Answer.List(found, Body) : Answer.NotFound(model));

        void OfInt(string path, string model, Func<UsedBy, int, CancellationToken, Task<IReadOnlyList<Use>?>> find) =>
            Of(path, model, async (u, r) => r.RouteInt("id") is { } id ? await find(u, id, r.Aborted) : null);

        void OfGuid(string path, string model, Func<UsedBy, Guid, CancellationToken, Task<IReadOnlyList<Use>?>> find) =>
            Of(path, model, async (u, r) => r.RouteGuid("id") is { } id ? await find(u, id, r.Aborted) : null);

        void Leaf(string path, string model, Func<UsedBy, ApiRequest, Task<bool>> exists) =>
            Of(path, model, async (u, r) => await exists(u, r) ? [] : null);
    }

    private readonly FindUses uses = uses;
    private readonly FindFlowUses parts = parts;
    private readonly GatehouseDb db = db;

    private static JsonObject Body(Use use) => new()
    {
        ["app"] = use.App,
        ["model_name"] = use.Model,
        ["pk"] = use.Key,
        ["name"] = use.Name,
        ["action"] = use.Action,
    };
}
