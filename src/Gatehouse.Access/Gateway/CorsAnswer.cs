using System.Globalization;
using Gatehouse.Model.Apps;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gatehouse.Access.Gateway;

/// <summary>Answers CORS preflights in place of the origin (contract 1.11).</summary>
internal static class CorsAnswer
{
    private const string EveryMethod = "GET, POST, HEAD, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH";

    /// <summary>200 with what the app allows; for a page it does not allow, 200 without, which browsers take for a no.</summary>
    public static void Write(HttpContext context, CorsRules rules)
    {
        var (request, response) = (context.Request, context.Response);
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentLength = 0;
        var headers = response.Headers;
        headers.Vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        var origin = request.Headers.Origin.ToString();
        if (!rules.Takes(origin))
        {
            return;
        }

        headers.AccessControlAllowOrigin = rules.AllowAllOrigins ? "*" : origin;
        headers.AccessControlAllowMethods = rules.AllowAllMethods ? EveryMethod : string.Join(", ", rules.AllowedMethods);

        // With cookies a star is a name like any other (Fetch §3.2.3), so what was asked for is said.
        headers.AccessControlAllowHeaders = rules.AllowAllHeaders ? Asked(request) : string.Join(", ", rules.AllowedHeaders);
        if (rules.AllowCredentials)
        {
            headers.AccessControlAllowCredentials = "true";
        }

        if (rules.MaxAge is { } seconds)
        {
            headers.AccessControlMaxAge = seconds.ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Lets a page that may call the app read an answer of ours, such as that it has to sign in.</summary>
    public static void LetRead(HttpContext context, CorsRules? rules)
    {
        if (rules is null || context.Request.Headers.Origin is not [{ } origin] || !rules.Takes(origin))
        {
            return;
        }

        var headers = context.Response.Headers;
        headers.Vary = "Origin";
        headers.AccessControlAllowOrigin = rules.AllowAllOrigins ? "*" : origin;
        headers.AccessControlExposeHeaders = "WWW-Authenticate";
        if (rules.AllowCredentials)
        {
            headers.AccessControlAllowCredentials = "true";
        }
    }

    private static StringValues Asked(HttpRequest request) =>
        request.Headers.AccessControlRequestHeaders is [{ Length: > 0 and <= 2048 } names] && names.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or ',' or ' ') ? names : "*";
}
