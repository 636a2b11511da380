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
internal sealed class AuthorizationFlow(TimeProvider clock)
{
    /// <summary>The request in <paramref name="query"/> (the authorize endpoint's query string), or null when it does not stand for this browser.</summary>
    public Task<PendingAuthorization?> ReadAsync(string query, SignedInBrowser browser, CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{clock} {query} {browser} {cancellationToken}");

    /// <summary>Issues the code and returns the URL to send the browser to.</summary>
    public Task<string> FinishAsync(string query, SignedInBrowser browser, CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{clock} {query} {browser} {cancellationToken}");
}
