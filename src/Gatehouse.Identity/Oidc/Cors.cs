using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc;

/// <summary>Which scripts of other origins may read our answers: those of a client's own redirect URIs. None of these endpoints looks at a cookie.</summary>
internal static class Cors
{
    /// <summary>Lets the request's origin read the answer when <paramref name="client"/> has a redirect URI there.</summary>
    public static void Allow(HttpContext context, Client client)
    {
        var headers = context.Response.Headers;
        headers.Append("Vary", "Origin");
        var origins = context.Request.Headers.Origin;
        if (origins.Count == 1 && origins[0] is { } origin && client.Provider.RedirectUris.Exists(r => IsAt(r, origin)))
        {
            headers.AccessControlAllowOrigin = origin;
            headers.AccessControlAllowCredentials = "true";
            headers.AccessControlExposeHeaders = "WWW-Authenticate";
        }
    }

    /// <summary>Answers a preflight. No client is known yet, so any origin may ask; reading the answer is decided by <see cref="Allow"/>.</summary>
    public static IResult Preflight(HttpContext context, string methods)
    {
        var headers = context.Response.Headers;
        headers.Append("Vary", "Origin");
        var origins = context.Request.Headers.Origin;
        if (origins.Count == 1 && origins[0] is { Length: > 0 and <= 512 } origin && !origin.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            headers.AccessControlAllowOrigin = origin;
            headers.AccessControlAllowMethods = methods;
            headers.AccessControlAllowHeaders = "Authorization, Content-Type, DPoP";
            headers.AccessControlMaxAge = "600";
        }

        return TypedResults.NoContent();
    }

    private static bool IsAt(RedirectUri registered, string origin) =>
        registered is { Type: RedirectUriType.Authorization, Mode: MatchingMode.Strict } && RedirectUris.OriginOf(registered.Url) == origin;
}
