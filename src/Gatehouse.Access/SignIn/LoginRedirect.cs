using System.Buffers;
using System.Text.Json.Nodes;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Access.SignIn;

/// <summary>Sends a visitor without a session from an app host to the login page of the team domain.</summary>
internal sealed class LoginRedirect(PublicUrls urls, TokenIssuer issuer, TimeProvider clock)
{
    /// <summary>Claim of <c>meta</c> that holds the SHA-256 of the redirect URL, so that it can't be exchanged on the way.</summary>
    public const string RedirectHashClaim = "redirect_hash";

    /// <summary>Asks for a person other than the one signed in.</summary>
    public const string SwitchParameter = "switch";

    // A login page may stay open over lunch.
    private static readonly TimeSpan MetaLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan AppSessionLife = TimeSpan.FromHours(24);

    /// <summary>Answers 302 for the request as it was sent; its path and query are where the person comes back to.</summary>
    public void Write(HttpContext context, AccessTable table, AppEntry app, string host) =>
        Write(context, table, app, host, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, switchPerson: false);

    /// <summary>Answers 302; the person comes back to <paramref name="target"/>.</summary>
    public void Write(HttpContext context, AccessTable table, AppEntry app, string host, string target, bool switchPerson)
    {
        var returnTo = ReturnPath.OrRoot(target);
        var appSession = AccessCookies.Keep(context, AccessCookies.AppSession, SameSiteMode.None, clock.GetUtcNow() + AppSessionLife);
        var meta = issuer.IssueStatement(table, Meta(app, host, returnTo, appSession), MetaLife);
        var resource = $"{urls.UrlOf(host)}{ProtectedResource.Path}{ReturnPath.WithoutQuery(returnTo)}".Replace("\"", "%22", StringComparison.Ordinal);

        var response = context.Response;
        response.StatusCode = StatusCodes.Status302Found;
        response.Headers.Location = LoginUrl(host, app, returnTo) + "&meta=" + meta + (switchPerson ? $"&{SwitchParameter}=1" : "");
        response.Headers.WWWAuthenticate = $"Cloudflare-Access resource_metadata=\"{resource}\"";
        response.Headers.AccessControlAllowCredentials = "true";
        response.Headers.CacheControl = "private, max-age=0, no-store, no-cache, must-revalidate, post-check=0, pre-check=0";
        response.Headers.Expires = "Thu, 01 Jan 1970 00:00:01 GMT";
        WriteBody(context);
    }

    private string LoginUrl(string host, AppEntry app, string returnTo) =>
        $"{urls.Access}/cdn-cgi/access/login/{host}?kid={app.App.Aud}&redirect_url={Uri.EscapeDataString(returnTo)}";

    private static JsonObject Meta(AppEntry app, string host, string returnTo, string appSession) => new()
    {
        ["type"] = "meta",
        ["aud"] = app.App.Aud,
        ["hostname"] = host,
        [RedirectHashClaim] = AccessCookies.HashOf(returnTo),
        ["app_session_hash"] = AccessCookies.HashOf(appSession),
        ["auth_status"] = "NONE",
        ["service_token_status"] = false,
        ["is_warp"] = false,
        ["is_gateway"] = false,
    };

    private static void WriteBody(HttpContext context)
    {
        var body = "<!DOCTYPE html><title>302 Found</title><h1>302 Found</h1>\n"u8;
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.BodyWriter.Write(body);
        }
    }
}
