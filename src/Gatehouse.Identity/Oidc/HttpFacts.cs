using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc;

/// <summary>What policies learn of a request. No query and no cookies: they hold secrets.</summary>
internal static class HttpFacts
{
    /// <summary>Path, method and user agent.</summary>
    public static Dictionary<string, object> Of(HttpContext http) => new()
    {
        ["path"] = http.Request.Path.Value ?? "",
        ["method"] = http.Request.Method,
        ["user_agent"] = http.Request.Headers.UserAgent.ToString() is { Length: <= 512 } agent ? agent : "",
    };
}
