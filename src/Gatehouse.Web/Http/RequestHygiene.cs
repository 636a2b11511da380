using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Web.Http;

/// <summary>
/// Turns away requests that two readers could read in two ways, before any host's pipeline sees them: the server's own checks leave
/// these through (RFC 9112 §3.2, §5.5, §6.1).
/// </summary>
public sealed partial class RequestHygiene(RequestDelegate next, ILogger<RequestHygiene> logger)
{
    // RFC 9110 §5.6.2.
    private static readonly SearchValues<char> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> Control = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Where(c => c != '\t').Select(c => (char)c), '\u007f']);

    /// <summary>Passes clean requests on; answers the others itself.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var (status, fault) = Fault(context);
        return fault is null ? next(context) : RefuseAsync(context, status, fault);
    }

    private static (int Status, string? Fault) Fault(HttpContext context)
    {
        var request = context.Request;
        if (RequestHost.Of(request) is null)
        {
            return (StatusCodes.Status400BadRequest, "the Host header is missing, repeated or not a plain host name");
        }

        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget;
        if (target is not ['/', ..])
        {
            return (StatusCodes.Status400BadRequest, "the request target must begin with a slash");
        }

        if (target.AsSpan().ContainsAnyExceptInRange('!', '~') || target.Contains('#', StringComparison.Ordinal))
        {
            return (StatusCodes.Status400BadRequest, "the request target holds a fragment or a character that must be escaped");
        }

        if (HttpMethods.IsTrace(request.Method) || (HttpMethods.IsConnect(request.Method) && !IsWebSocketConnect(context)))
        {
            return (StatusCodes.Status405MethodNotAllowed, "this method is not served");
        }

        // RFC 6455 §4.1. On the way to an origin it would become one.
        if (request.Headers.Upgrade.Count > 0 && !HttpMethods.IsGet(request.Method) && request.Headers.Upgrade.ToString().Contains("websocket", StringComparison.OrdinalIgnoreCase))
        {
            return (StatusCodes.Status400BadRequest, "a WebSocket is asked for with GET");
        }

        return Framing(request) is { } framing ? (StatusCodes.Status400BadRequest, framing) : (StatusCodes.Status400BadRequest, Headers(request));
    }

    // A websocket over HTTP/2 arrives as CONNECT with a path (RFC 8441 §4).
    private static bool IsWebSocketConnect(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: var protocol }
        && string.Equals(protocol, "websocket", StringComparison.OrdinalIgnoreCase);

    // The server keeps the length of a chunked request under another name; such a request is an attempt at smuggling.
    private static string? Framing(HttpRequest request)
    {
        var coding = request.Headers.TransferEncoding;
        if (!request.Protocol.StartsWith("HTTP/1", StringComparison.Ordinal))
        {
            // RFC 9113 §8.2.2: these belong to HTTP/1 and would come to life there.
            return coding.Count > 0 || request.Headers.Upgrade.Count > 0 || request.Headers.Connection.Count > 0
                ? "a header of HTTP/1.1 connections is not for HTTP/2"
                : null;
        }

        if (coding.Count == 0)
        {
            return null;
        }

        return coding.Count > 1 || !string.Equals(coding[0], "chunked", StringComparison.OrdinalIgnoreCase)
            || request.Headers.ContentLength is not null || request.Headers.ContainsKey("X-Content-Length")
            ? "the body's framing can be read in two ways"
            : null;
    }

    private static string? Headers(HttpRequest request)
    {
        foreach (var (name, values) in request.Headers)
        {
            // The pseudo-headers of HTTP/2 are listed too; HTTP/1.1 can't send a name that begins with a colon.
            if (name is not [':', ..] && (name.Length == 0 || name.AsSpan().ContainsAnyExcept(Token)))
            {
                return "a header's name holds a character that names can't hold";
            }

            for (var n = 0; n < values.Count; n++)
            {
                if (values[n].AsSpan().ContainsAny(Control))
                {
                    return "a header's value holds a control character";
                }
            }
        }

        return null;
    }

    private Task RefuseAsync(HttpContext context, int status, string fault)
    {
        LogRefused(fault);
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "text/plain; charset=utf-8";
        SecurityHeaders.NoStore(response);

        // What follows on this connection is not worth guessing.
        if (HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol))
        {
            response.Headers.Connection = "close";
        }

        return response.Body.WriteAsync(Encoding.UTF8.GetBytes($"Refused: {fault}.\n"), context.RequestAborted).AsTask();
    }

    [LoggerMessage(EventId = 1101, Level = LogLevel.Debug, Message = "Request refused before routing: {Reason}")]
    private partial void LogRefused(string reason);
}

/// <summary>Puts <see cref="RequestHygiene"/> into a pipeline.</summary>
public static class RequestHygieneExtensions
{
    /// <summary>Must come first, for every host.</summary>
    public static IApplicationBuilder UseRequestHygiene(this IApplicationBuilder app) => app.UseMiddleware<RequestHygiene>();
}
