using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Providers;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Identity.Oidc.Logout;

/// <summary>A logout request that stands (OpenID Connect RP-Initiated Logout §2).</summary>
/// <param name="Hint">The ID token it came with; null means none.</param>
/// <param name="Target">Where to go at the end, with the state; null means nowhere.</param>
internal sealed record LogoutRequest(Client Client, ClientApplication Application, OAuthParameters Parameters, JsonWebToken? Hint, string? Target);

/// <summary>What the checks of a request found: it stands, or why not.</summary>
internal readonly record struct LogoutCheck(LogoutRequest? Request, string? Fault);

/// <summary>Checks logout requests, and whether they may be followed without asking.</summary>
internal sealed class LogoutRequests(IdTokenHints hints, RedirectUris redirects)
{
    private static readonly string[] Known =
        ["id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales", LogoutConfirmations.Confirmation, LogoutConfirmations.Everything];

    /// <summary>Checks all that does not depend on the browser.</summary>
    public async Task<LogoutCheck> CheckAsync(Client client, ClientApplication application, OAuthParameters? parameters, CancellationToken cancellationToken)
    {
        if (parameters is null || parameters.FirstRepeated(Known) is not null)
        {
            return new(null, "the request can't be read, or holds a parameter twice");
        }

        if (parameters["client_id"] is { } clientId && clientId != client.Provider.ClientId)
        {
            return new(null, "the client_id is another application's");
        }

        JsonWebToken? hint = null;
        if (parameters["id_token_hint"] is { } token && (hint = await hints.ReadAsync(token, client, cancellationToken)) is null)
        {
            return new(null, "the id_token_hint is not an ID token of this application");
        }

        return TargetFault(client, parameters, hint, out var target) is { } fault ? new(null, fault) : new(new(client, application, parameters, hint, target), null);
    }

    /// <summary>Whether the hint shows that the application had signed in the person of <paramref name="browser"/>. Without one, any site may have sent them here.</summary>
    public async Task<bool> IsProvenAsync(LogoutRequest request, SignedInBrowser browser, CancellationToken cancellationToken) =>
        request.Hint is { } hint && await hints.IsOfAsync(hint, request.Client, browser.User, cancellationToken);

    // Where to go afterwards: ignored by providers without such URIs (authentik), else registered and proven by a hint.
    private string? TargetFault(Client client, OAuthParameters parameters, JsonWebToken? hint, out string? target)
    {
        target = null;
        if (parameters["post_logout_redirect_uri"] is not { } uri || !client.Provider.RedirectUris.Exists(r => r.Type == RedirectUriType.Logout))
        {
            return null;
        }

        if (hint is null)
        {
            return "post_logout_redirect_uri needs an id_token_hint";
        }

        if (redirects.Fault(uri, client.Provider, RedirectUriType.Logout) is { } fault)
        {
            return $"the post_logout_redirect_uri can't be used: {fault}";
        }

        var joint = uri.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        target = parameters["state"] is { } state ? $"{uri}{joint}state={Uri.EscapeDataString(state)}" : uri;
        return null;
    }
}
