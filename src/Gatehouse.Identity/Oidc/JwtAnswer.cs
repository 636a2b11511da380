using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc;

/// <summary>Answers with a signed document that nobody may keep.</summary>
internal sealed class JwtAnswer(string token) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        SecurityHeaders.NoStore(httpContext.Response);
        httpContext.Response.Headers.XContentTypeOptions = "nosniff";
        httpContext.Response.ContentType = "application/jwt";
        return httpContext.Response.WriteAsync(token, httpContext.RequestAborted);
    }
}
