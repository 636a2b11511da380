using Gatehouse.Identity.Oidc.Authorize;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Device;
using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Identity.Pages;
using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Flows;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc;

/// <summary>An authorization request that stands, waiting for the authorization flow (and its consent stage) to finish.</summary>
/// <param name="ApplicationId">The application asked for.</param>
/// <param name="Permissions">Requested scopes with the text people consent to; scopes with an empty text are not shown.</param>
/// <param name="MustConsent">The client sent <c>prompt=consent</c>, or a device asks.</param>
internal sealed record PendingAuthorization(
    Guid ApplicationId, string ApplicationName, string FlowSlug, IReadOnlyList<ScopePermission> Permissions, bool MustConsent)
{
    /// <summary>The client registered itself, and the person has not agreed to what it asks for. Whoever runs the flow asks, even where consent is implicit: nobody vouches for it.</summary>
    public bool IsStranger { get; init; }

    /// <summary>What the client said of its privacy policy when it registered: an https URL; null means nothing.</summary>
    public string? PolicyUri { get; init; }

    /// <summary>The same of its terms.</summary>
    public string? TosUri { get; init; }

    /// <summary>URL of the application's picture; null when it has none.</summary>
    public string? Icon { get; init; }

    /// <summary>A device asks, so the browser goes nowhere afterwards.</summary>
    public bool IsDevice { get; init; }
}

/// <summary>A scope and what the consent page says of it.</summary>
internal sealed record ScopePermission(string Scope, string Description);

/// <summary>The border between the flow executor and OAuth: reads the request again from the page's query, and answers it at the end.</summary>
internal sealed class AuthorizationFlow(
    AuthorizeValidator validator,
    AuthorizationFlows flows,
    AuthorizeStanding standing,
    RoundMarkers markers,
    AuthorizationIssuer issuer,
    ApplicationAccess access,
    ClientDirectory clients,
    DeviceRequests devices)
{
    /// <summary>The request in <paramref name="query"/> (the authorize endpoint's query string, or the mark of a device), or null when it does not stand for this browser.</summary>
    public async Task<PendingAuthorization?> ReadAsync(HttpContext http, string query, SignedInBrowser browser, CancellationToken cancellationToken)
    {
        if (DeviceRequests.IsMarked(query))
        {
            return await ReadDeviceAsync(http, query, browser, cancellationToken);
        }

        return await StandingAsync(http, query, browser, cancellationToken) is { Client.Application: { } application } request
            && await flows.AuthorizationSlugAsync(request.Client, cancellationToken) is { } slug
            ? new PendingAuthorization(
                application.Id,
                application.Name,
                slug,
                AuthorizationFlows.PermissionsOf(request.Client, GrantRows.Grantable(request.Scopes, browser)),
                request.WantsConsent)
            {
                IsStranger = await flows.IsStrangerAsync(request, browser, cancellationToken),
                PolicyUri = Client.MetadataOf(request.Client.Provider, "policy_uri"),
                TosUri = Client.MetadataOf(request.Client.Provider, "tos_uri"),
                Icon = BrandLooks.Picture(application.Icon),
            }
            : null;
    }

    /// <summary>The picture that consent to <paramref name="query"/> would show; null means none. Judges nothing: the flow does, and shows it or not.</summary>
    public async Task<string?> IconAsync(string query, SignedInBrowser browser, CancellationToken cancellationToken)
    {
        var application = DeviceRequests.IsMarked(query) ? (await devices.FindMarkedAsync(query, browser, cancellationToken))?.Application
            : FlowQuery.Read(query)?.ClientId is { } client ? clients.Find(client)?.Application
            : null;
        return application is null ? null : BrandLooks.Picture(application.Icon);
    }

    /// <summary>Answers the request and returns the URL to send the browser to; a device is let in, and the URL is only good for a browser that comes too late.</summary>
    public async Task<string> FinishAsync(HttpContext http, string query, SignedInBrowser browser, CancellationToken cancellationToken)
    {
        if (DeviceRequests.IsMarked(query))
        {
            return await FinishDeviceAsync(http, query, browser, cancellationToken);
        }

        // The endpoint says what is wrong, or asks for the sign-in that has grown too old.
        var again = $"{AuthorizeQuery.Path}?{AuthorizeQuery.Clean(query)}";
        if (await StandingAsync(http, query, browser, cancellationToken) is not { } request)
        {
            return again;
        }

        if (request.Target.Mode == ResponseMode.FormPost)
        {
            // A URL can't carry a posted answer: the endpoint makes it, once told that this session has agreed.
            return $"{AuthorizeQuery.Path}?{request.Query}{AuthorizeStanding.KeptMarkers(request)}&{RoundMarkers.Consent}={markers.Agree(request, browser.Session)}";
        }

        return (await issuer.IssueAsync(request, browser, http, cancellationToken))?.Url ?? again;
    }

    private async Task<PendingAuthorization?> ReadDeviceAsync(HttpContext http, string query, SignedInBrowser browser, CancellationToken cancellationToken) =>
        await devices.FindMarkedAsync(query, browser, cancellationToken) is { } device
        && (await devices.JudgeAsync(device, browser, http, cancellationToken)).IsPassing
        && await flows.AuthorizationSlugAsync(device.Client, cancellationToken) is { } slug
            ? new PendingAuthorization(
                device.Application.Id,
                device.Application.Name,
                slug,
                AuthorizationFlows.PermissionsOf(device.Client, GrantRows.Grantable(device.Code.Scopes, browser)),
                MustConsent: true) // RFC 8628 §5.4: whoever was sent a link has to see whom they let in
            {
                IsDevice = true,
                Icon = BrandLooks.Picture(device.Application.Icon),
            }
            : null;

    private async Task<string> FinishDeviceAsync(HttpContext http, string query, SignedInBrowser browser, CancellationToken cancellationToken) =>
        await devices.FindMarkedAsync(query, browser, cancellationToken) is { } device && await devices.ApproveAsync(device, browser, http, cancellationToken)
            ? ""
            : DevicePage.Path;

    // Judged by where the browser is now: a session may have been begun where its owner may do more.
    private async Task<AuthorizeRequest?> StandingAsync(HttpContext http, string query, SignedInBrowser browser, CancellationToken cancellationToken) =>
        await validator.CheckAsync(query, cancellationToken) is AuthorizeCheck.Stands { Request: { IsSilent: false, Client.Application: not null } request }
        && standing.IsLoginFresh(request, browser)
        && standing.IsAccountChosen(request, browser)
        && await standing.IsExpectedAsync(request, browser, cancellationToken)
        && (await access.JudgeAsync(
            request.Client, browser.User.Id, AccessRequest.Of(http, request.Type.GrantType, request.Scopes) with { RedirectUri = request.Target.RedirectUri }, cancellationToken)).IsPassing
            ? request
            : null;
}
