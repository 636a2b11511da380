using Gatehouse.Identity.Oidc.Authorize;
using Gatehouse.Identity.SignIn;

namespace Gatehouse.Identity.Oidc;

/// <summary>An authorization request that stands, waiting for the authorization flow (and its consent stage) to finish.</summary>
/// <param name="ApplicationId">The application asked for.</param>
/// <param name="Permissions">Requested scopes with the text people consent to; scopes with an empty text are not shown.</param>
/// <param name="MustConsent">The client sent <c>prompt=consent</c>.</param>
internal sealed record PendingAuthorization(
    Guid ApplicationId, string ApplicationName, string FlowSlug, IReadOnlyList<ScopePermission> Permissions, bool MustConsent);

/// <summary>A scope and what the consent page says of it.</summary>
internal sealed record ScopePermission(string Scope, string Description);

/// <summary>The border between the flow executor and OAuth: reads the request again from the page's query, and answers it at the end.</summary>
internal sealed class AuthorizationFlow(
    AuthorizeValidator validator, AuthorizationFlows flows, AuthorizeStanding standing, ApplicationAccess access, RoundMarkers markers, CodeIssuer codes)
{
    /// <summary>The request in <paramref name="query"/> (the authorize endpoint's query string), or null when it does not stand for this browser.</summary>
    public async Task<PendingAuthorization?> ReadAsync(string query, SignedInBrowser browser, CancellationToken cancellationToken) =>
        await StandingAsync(query, browser, cancellationToken) is { Client.Application: { } application } request
        && await flows.AuthorizationSlugAsync(request, cancellationToken) is { } slug
            ? new PendingAuthorization(
                application.Id,
                application.Name,
                slug,
                AuthorizationFlows.PermissionsOf(request),
                request.WantsConsent)
            : null;

    /// <summary>Issues the code and returns the URL to send the browser to.</summary>
    public async Task<string> FinishAsync(string query, SignedInBrowser browser, CancellationToken cancellationToken)
    {
        if (await StandingAsync(query, browser, cancellationToken) is not { } request)
        {
            // The endpoint says what is wrong, or asks for the sign-in that has grown too old.
            return $"{AuthorizeQuery.Path}?{AuthorizeQuery.Clean(query)}";
        }

        if (request.Target.Mode == ResponseMode.FormPost)
        {
            // A URL can't carry a posted answer: the endpoint makes it, once told that this session has agreed.
            return $"{AuthorizeQuery.Path}?{request.Query}{AuthorizeStanding.KeptMarker(request)}&{RoundMarkers.Consent}={markers.Agree(request, browser.Session)}";
        }

        return (await codes.IssueAsync(request, browser, cancellationToken)).Url;
    }

    private async Task<AuthorizeRequest?> StandingAsync(string query, SignedInBrowser browser, CancellationToken cancellationToken) =>
        await validator.CheckAsync(query, cancellationToken) is AuthorizeCheck.Stands { Request: { IsSilent: false, Client.Application: not null } request }
        && standing.IsLoginFresh(request, browser)
        && (await access.JudgeAsync(request, browser.User, cancellationToken)).IsPassing // the endpoint shows why not
            ? request
            : null;
}
