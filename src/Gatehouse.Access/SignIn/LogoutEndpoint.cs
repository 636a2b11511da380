using Gatehouse.Model.Hosts;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>GET <c>/cdn-cgi/access/logout</c> on any of our hosts: ends the session for every app, and with it what programs were granted in it.</summary>
internal sealed class LogoutEndpoint(RequestTokens tokens, IAccessSessions sessions, PublicUrls urls)
{
    /// <summary>Answers for <paramref name="host"/>; null means the team domain.</summary>
    public async Task<IResult> HandleAsync(HttpContext context, AccessTable table, string? host)
    {
        if (!IsMeant(context.Request))
        {
            return Page.Message(
                StatusCodes.Status403Forbidden, "You are still signed in", "Another site asked to sign you out in the background. Open this address yourself to do it.", brand: table.Organization.Name);
        }

        var ended = 0;
        await foreach (var (_, session) in tokens.AllAsync(context, table, host))
        {
            if (session is not null)
            {
                await sessions.RevokeAsync(session.Nonce, context.RequestAborted);
                ended++;
            }
        }

        foreach (var path in host is null ? ["/"] : AppHosts.CookiePaths(table, host))
        {
            AccessCookies.Clear(context, AccessCookies.Authorization, path);
        }

        return ended > 0
            ? Page.Message(
                StatusCodes.Status200OK,
                "You are signed out",
                "Your session has ended for every application here, and so has what you let programs and the command line do in it. Your identity provider may still remember you; sign out there too on a shared computer.",
                brand: table.Organization.Name)
            : Page.Message(
                StatusCodes.Status200OK,
                "No session was found on this host",
                "There was nothing here to end. A session that other hosts know may still be open.",
                action: host is null ? null : (urls.Access + "/cdn-cgi/access/logout", "Sign out everywhere"),
                brand: table.Organization.Name);
    }

    // A picture or a frame on another site must not be able to sign people out, nor a browser that fetches ahead. An app beside this host is
    // another site when it comes to frames: anybody may publish one.
    private static bool IsMeant(HttpRequest request)
    {
        var (site, mode, target) = (request.Headers["Sec-Fetch-Site"], request.Headers["Sec-Fetch-Mode"], request.Headers["Sec-Fetch-Dest"]);
        var isPage = mode is ["navigate"] && target is [] or ["document"];
        return HttpMethods.IsGet(request.Method)
            && request.Headers["Sec-Purpose"].Count == 0
            && (site is [] or ["same-origin"] or ["none"] || isPage || (site is ["same-site"] && mode is not ["navigate"]));
    }
}
