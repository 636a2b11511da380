using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Identity.SignIn;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>Whether a sign-in is fresh enough for a request, and whether it is the right person's.</summary>
internal sealed class AuthorizeStanding(RoundMarkers markers, IdTokenHints hints, TimeProvider clock)
{
    /// <summary>True unless <c>prompt=login</c> or <c>max_age</c> ask for a newer sign-in than <paramref name="browser"/> has.</summary>
    public bool IsLoginFresh(AuthorizeRequest request, SignedInBrowser browser)
    {
        var isDemanded = request.WantsLogin || (request.MaxAge is { } age && clock.GetUtcNow() - browser.Session.AuthenticatedAt > age);
        return !isDemanded || markers.IsLoginDone(request, browser.Session);
    }

    /// <summary>True unless <c>prompt=select_account</c> asks who it shall be, and nobody has said so in this round: by choosing, or by signing in.</summary>
    public bool IsAccountChosen(AuthorizeRequest request, SignedInBrowser browser) =>
        !request.WantsAccount || markers.IsChosen(request, browser.Session) || markers.IsLoginDone(request, browser.Session);

    /// <summary>False when the client names somebody else with an ID token of theirs (OpenID Connect Core §3.1.2.1). What is none of the client's says nothing.</summary>
    public async Task<bool> IsExpectedAsync(AuthorizeRequest request, SignedInBrowser browser, CancellationToken cancellationToken) =>
        request.Parameters[AuthorizeRequest.HintName] is not { } token
        || await hints.ReadAsync(token, request.Client, cancellationToken) is not { } hint
        || await hints.IsOfAsync(hint, request.Client, browser.User, cancellationToken);

    /// <summary>Whether <paramref name="browser"/> signed in since this round began.</summary>
    public bool IsLoginDone(AuthorizeRequest request, SignedInBrowser browser) => markers.IsLoginDone(request, browser.Session);

    /// <summary>The markers of this round as the end of a query, so that the authorization flow's page still has them.</summary>
    public static string KeptMarkers(AuthorizeRequest request) => Kept(request, RoundMarkers.Login) + Kept(request, RoundMarkers.Account);

    private static string Kept(AuthorizeRequest request, string name) => request.Parameters[name] is { } marker ? $"&{name}={Uri.EscapeDataString(marker)}" : "";
}
