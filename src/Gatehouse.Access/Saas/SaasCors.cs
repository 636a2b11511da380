using Gatehouse.Model.Apps;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Saas;

/// <summary>Which scripts of other origins may read answers to a SaaS application: those of its own redirect URIs. None of these endpoints looks at a cookie.</summary>
internal static class SaasCors
{
    /// <summary>Lets the request's origin read the answer when <paramref name="app"/> has a redirect URI there.</summary>
    public static void Allow(HttpContext context, AppEntry app)
    {
        var headers = context.Response.Headers;
        headers.Append("Vary", "Origin");
        if (context.Request.Headers.Origin is [{ Length: > 0 } origin] && app.App.Saas?.Oidc?.RedirectUris.Exists(r => SaasRedirects.OriginOf(r) == origin) == true)
        {
            headers.AccessControlAllowOrigin = origin;
            headers.AccessControlExposeHeaders = "WWW-Authenticate";
        }
    }

    /// <summary>Answers a preflight in the same way.</summary>
    public static IResult Preflight(HttpContext context, AccessTable table, string clientId)
    {
        if (SsoPaths.OidcApp(table, clientId) is { } app)
        {
            Allow(context, app);
            context.Response.Headers.AccessControlAllowMethods = "GET, POST";
            context.Response.Headers.AccessControlAllowHeaders = "Authorization, Content-Type";
            context.Response.Headers.AccessControlMaxAge = "600";
        }

        return TypedResults.NoContent();
    }
}
