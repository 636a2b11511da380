using Gatehouse.Identity.Mfa;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Hosts;
using Gatehouse.Web.Sessions;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.SignIn;

/// <summary>Tells the API which signed-in browser calls, and whether a page of ours made it call.</summary>
internal sealed class BrowserCallers(BrowserSessions sessions, CrossSite crossSite, PublicUrls urls, TimeProvider clock) : IBrowserCallers
{
    /// <inheritdoc/>
    public Uri SignInAgain => new(urls.Identity + RecentSignIn.Link(FlowFinish.UserPage));

    /// <inheritdoc/>
    public async Task<BrowserCaller?> FindAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (crossSite.IsForeign(context.Request) || await sessions.FindAsync(context.Request, cancellationToken) is not { } browser)
        {
            return null;
        }

        return new BrowserCaller(browser.User.Id, browser.Session.UserId, browser.Session.Uuid, crossSite.IsProven(context.Request, browser.Session.Id))
        {
            IsFresh = RecentSignIn.Has(browser, clock),
        };
    }
}
