using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Access.Gateway;

/// <summary>What a browser means by a request, told from its headers.</summary>
internal static class RequestKind
{
    /// <summary>
    /// Whether a redirect to the login page would be of use: false for what is clearly not a person's way to a page. Whoever says nothing about it
    /// is redirected; programs such as cloudflared look for that.
    /// </summary>
    public static bool IsNavigation(HttpRequest request, AppEntry app)
    {
        var headers = request.Headers;
        if (headers.XRequestedWith is [{ } with] && with.Equals("XMLHttpRequest", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        // Browsers say whose request it is together with what it is for; a program that sends the one alone is no browser.
        if (headers["Sec-Fetch-Site"].Count > 0 && headers["Sec-Fetch-Mode"] is [{ } mode])
        {
            return mode.Equals("navigate", StringComparison.OrdinalIgnoreCase);
        }

        return headers.Accept.Count == 0 ? app.App.Agents is null : AcceptsPages(headers.Accept.ToString(), app.App.Agents is null);
    }

    // Where agents have a way of their own to sign in, only what asks for a page by name is a browser.
    private static bool AcceptsPages(string accept, bool isAnythingAPage) =>
        accept.Contains("text/html", StringComparison.OrdinalIgnoreCase) || accept.Contains("application/xhtml", StringComparison.OrdinalIgnoreCase)
        || (isAnythingAPage && (accept.Contains("*/*", StringComparison.Ordinal) || accept.Contains("text/*", StringComparison.OrdinalIgnoreCase)));

    /// <summary>A WebSocket that a page of another origin opens.</summary>
    public static bool IsForeignWebSocket(HttpContext context) => IsWebSocket(context) && IsCrossOrigin(context.Request);

    /// <summary>A CORS preflight (Fetch §4.8) and nothing more: one with a body is not, nor one that asks to go on as another protocol, which would reach the origin as a GET.</summary>
    public static bool IsPreflight(HttpContext context) =>
        HttpMethods.IsOptions(context.Request.Method)
        && context.Request.Headers.Origin.Count == 1
        && context.Request.Headers.AccessControlRequestMethod.Count == 1
        && context.Request.Headers.Upgrade.Count == 0
        && context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true }
        && context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true };

    /// <summary>A WebSocket handshake over HTTP/1.1 (RFC 6455) or HTTP/2 (RFC 8441).</summary>
    public static bool IsWebSocket(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true }
        || (context.Request.Headers.Upgrade is { Count: > 0 } upgrade && upgrade.ToString().Contains("websocket", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a page of another origin sent it. Browsers name the origin on each WebSocket; programs need not.</summary>
    public static bool IsCrossOrigin(HttpRequest request)
    {
        var origin = request.Headers.Origin;
        if (origin.Count == 0)
        {
            return false;
        }

        // Another port of the same host is another origin.
        return origin is not [{ } text]
            || !Uri.TryCreate(text, UriKind.Absolute, out var from)
            || !Uri.TryCreate($"{request.Scheme}://{request.Headers.Host}", UriKind.Absolute, out var to)
            || from.UserInfo.Length > 0
            || !from.Authority.Equals(to.Authority, StringComparison.OrdinalIgnoreCase)
            || !IsWeb(from.Scheme);
    }

    private static bool IsWeb(string scheme) => scheme is "https" or "http";
}
