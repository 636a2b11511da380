using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Access.Gateway;

/// <summary>What a browser means by a request, told from its headers.</summary>
internal static class RequestKind
{
    /// <summary>A script that asked to be told 401 rather than be redirected.</summary>
    public static bool IsScript(HttpRequest request) =>
        request.Headers.XRequestedWith is [{ } with] && with.Equals("XMLHttpRequest", StringComparison.OrdinalIgnoreCase);

    /// <summary>A CORS preflight (Fetch §4.8) and nothing more: one with a body is not.</summary>
    public static bool IsPreflight(HttpContext context) =>
        HttpMethods.IsOptions(context.Request.Method)
        && context.Request.Headers.Origin.Count == 1
        && context.Request.Headers.AccessControlRequestMethod.Count == 1
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
