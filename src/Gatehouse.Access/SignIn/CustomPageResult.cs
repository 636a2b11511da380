using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>A page that an administrator wrote. In a sandbox: it runs no scripts, sends no forms and has the origin of nobody (RFC 6454 §4).</summary>
internal sealed class CustomPageResult(string html, int status, string? decisionId = null) : IResult
{
    /// <summary>Where the decision's id stands, since the page itself is the same for everybody.</summary>
    public const string DecisionHeader = "X-Gatehouse-Decision";

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        SecurityHeaders.NoStore(response);
        response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; font-src https: data:; base-uri 'none'; frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation";
        response.Headers.XFrameOptions = "DENY";
        response.Headers["Referrer-Policy"] = "no-referrer";
        if (decisionId is not null)
        {
            response.Headers[DecisionHeader] = decisionId;
        }

        response.StatusCode = status;
        response.ContentType = "text/html; charset=utf-8";
        return response.WriteAsync(decisionId is null ? html : html.Replace("{{DecisionId}}", decisionId, StringComparison.Ordinal), httpContext.RequestAborted);
    }
}
