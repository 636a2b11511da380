using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Flows;

namespace Gatehouse.Identity.Mfa;

/// <summary>Adding or removing an authenticator takes a sign-in of the last minutes: an open browser is not enough.</summary>
internal static class RecentSignIn
{
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(15);

    /// <summary>Whether whoever uses the browser has just proved who they are.</summary>
    public static bool Has(SignedInBrowser browser, TimeProvider clock) => clock.GetUtcNow() - browser.Session.AuthenticatedAt <= Recent;

    /// <summary>Where to do so; leads back to <paramref name="next"/>.</summary>
    public static string Link(string next) =>
        $"{FlowFinish.LoginPage}?{FlowQuery.SignInAgain}=1&next={Uri.EscapeDataString(NextUrl.IsSafe(next) ? next : FlowFinish.UserPage)}";
}
