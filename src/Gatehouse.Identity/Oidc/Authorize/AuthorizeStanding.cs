using Gatehouse.Identity.SignIn;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>Whether a sign-in is fresh enough for a request.</summary>
internal sealed class AuthorizeStanding(RoundMarkers markers, TimeProvider clock)
{
    /// <summary>True unless <c>prompt=login</c> or <c>max_age</c> ask for a newer sign-in than <paramref name="browser"/> has.</summary>
    public bool IsLoginFresh(AuthorizeRequest request, SignedInBrowser browser)
    {
        var isDemanded = request.WantsLogin || (request.MaxAge is { } age && clock.GetUtcNow() - browser.Session.AuthenticatedAt > age);
        return !isDemanded || markers.IsLoginDone(request, browser.Session);
    }

    /// <summary>The marker of this round as the end of a query, so that the authorization flow's page still has it.</summary>
    public static string KeptMarker(AuthorizeRequest request) =>
        request.Parameters[RoundMarkers.Login] is { } marker ? $"&{RoundMarkers.Login}={Uri.EscapeDataString(marker)}" : "";
}
