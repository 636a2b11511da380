using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Providers;
using Gatehouse.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>What stands between a signed-in person and the client.</summary>
internal enum FlowNeed
{
    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>Their consent.</summary>
    Consent,

    /// <summary>Something else the flow asks.</summary>
    Interaction,
}

/// <summary>Looks at the flows a request goes through, without running them.</summary>
internal sealed class AuthorizationFlows(GatehouseDb db, DefaultFlows defaults, TimeProvider clock)
{
    /// <summary>Slug of the flow that signs people in for this client: the provider's own, else the brand's. Null when there is none at all.</summary>
    public async Task<string?> AuthenticationSlugAsync(HttpRequest http, Client client, CancellationToken cancellationToken) =>
        client.Provider.AuthenticationFlowId is { } id
        && await db.Flows.Where(f => f.Id == id).Select(f => f.Slug).SingleOrDefaultAsync(cancellationToken) is { } slug
            ? slug
            : await defaults.SlugAsync(http, "authentication", cancellationToken);

    /// <summary>Slug of the flow between sign-in and the client; null when the provider names one that is gone.</summary>
    public Task<string?> AuthorizationSlugAsync(Client client, CancellationToken cancellationToken) =>
        db.Flows.Where(f => f.Id == client.Provider.AuthorizationFlowId).Select(f => (string?)f.Slug).SingleOrDefaultAsync(cancellationToken);

    /// <summary>What the authorization flow would ask <paramref name="browser"/>.</summary>
    public async Task<FlowNeed> NeedAsync(AuthorizeRequest request, SignedInBrowser browser, CancellationToken cancellationToken)
    {
        var flow = await (
            from candidate in db.Flows
            where candidate.Id == request.Client.Provider.AuthorizationFlowId
            select new
            {
                candidate.Authentication,
                Stages = candidate.Bindings.Select(b => new { b.Stage!.Type, b.Stage.SettingsJson }).ToList(),
            }).AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        if (flow is null || flow.Authentication is not "none" and not "require_authenticated" || flow.Stages.Exists(s => s.Type != StageType.Consent))
        {
            return FlowNeed.Interaction;
        }

        if (request.WantsConsent || flow.Stages.Exists(s => AlwaysAsks(s.SettingsJson)))
        {
            return FlowNeed.Consent;
        }

        return flow.Stages.Count == 0 && request.Client.Provider.RegisteredThroughId is null || await HasConsentedAsync(request, browser, cancellationToken)
            ? FlowNeed.Nothing
            : FlowNeed.Consent;
    }

    /// <summary>Whether the client registered itself and <paramref name="browser"/>'s person has not agreed to it yet.</summary>
    public async Task<bool> IsStrangerAsync(AuthorizeRequest request, SignedInBrowser browser, CancellationToken cancellationToken) =>
        request.Client.Provider.RegisteredThroughId is not null && !await HasConsentedAsync(request, browser, cancellationToken);

    private async Task<bool> HasConsentedAsync(AuthorizeRequest request, SignedInBrowser browser, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var consent = await db.UserConsents.AsNoTracking().SingleOrDefaultAsync(
            c => c.UserId == browser.User.Id && c.ApplicationId == request.Client.Application!.Id && (c.ExpiresAt == null || c.ExpiresAt > now),
            cancellationToken); // the application was checked before
        return consent is not null && PermissionsOf(request.Client, request.Scopes).All(p => p.Scope == ScopeNames.OpenId || consent.Scopes.Contains(p.Scope));
    }

    /// <summary>The scopes with what the consent page says of them.</summary>
    public static IReadOnlyList<ScopePermission> PermissionsOf(Client client, IReadOnlyList<string> scopes) =>
        [.. scopes.Select(s => new ScopePermission(s, client.Scopes.FirstOrDefault(o => o.Name == s)?.Description ?? ""))];

    /// <summary>The lasting consent that a grant of the user stands on; null when there is none.</summary>
    public Task<int?> ConsentIdAsync(Client client, int userId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var applicationId = client.Application?.Id;
        return db.UserConsents.Where(c => c.UserId == userId && c.ApplicationId == applicationId && (c.ExpiresAt == null || c.ExpiresAt > now))
            .Select(c => (int?)c.Id).SingleOrDefaultAsync(cancellationToken);
    }

    private static bool AlwaysAsks(string settings)
    {
        try
        {
            return JsonNode.Parse(settings) is JsonObject fields && fields["mode"] is JsonValue mode
                && mode.TryGetValue<string>(out var text) && text == "always_require";
        }
        catch (JsonException)
        {
            return true; // settings nobody can read must not skip a question
        }
    }
}
