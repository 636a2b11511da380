using System.Buffers;
using System.Text.Json.Nodes;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Access.SignIn;

/// <summary>Sends a visitor without a session from an app host to the login page of the team domain.</summary>
internal sealed class LoginRedirect(PublicUrls urls, TokenIssuer issuer, ClientCertificates certificates, TimeProvider clock)
{
    /// <summary>Claim of <c>meta</c> that holds the SHA-256 of the redirect URL, so that it can't be exchanged on the way.</summary>
    public const string RedirectHashClaim = "redirect_hash";

    /// <summary>Claim of <c>meta</c> that holds the common name of a client certificate that counts on the app's host.</summary>
    public const string CommonNameClaim = "mtls_common_name";

    /// <summary>Asks for a person other than the one signed in.</summary>
    public const string SwitchParameter = "switch";

    // A login page may stay open over lunch.
    private static readonly TimeSpan MetaLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan AppSessionLife = TimeSpan.FromHours(24);

    /// <summary>Answers 302 for the request as it was sent; its path and query are where the person comes back to.</summary>
    public void Write(HttpContext context, AccessTable table, AppEntry app, string host) =>
        Write(context, table, app, host, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, switchPerson: false);

    /// <summary>Answers 302; the person comes back to <paramref name="target"/>.</summary>
    public void Write(HttpContext context, AccessTable table, AppEntry app, string host, string target, bool switchPerson, string? round = null)
    {
        var returnTo = ReturnPath.OrRoot(target);
        var appSession = AccessCookies.Keep(context, AccessCookies.AppSession, SameSiteMode.None, clock.GetUtcNow() + AppSessionLife);
        var meta = issuer.IssueStatement(table, Meta(context, table, app, host, returnTo, appSession), MetaLife);

        var response = context.Response;
        response.StatusCode = StatusCodes.Status302Found;
        response.Headers.Location = LoginUrl(host, app, returnTo) + "&meta=" + meta + (switchPerson ? $"&{SwitchParameter}=1" : "") + (round is null ? "" : $"&{EagerRounds.Parameter}={round}");
        response.Headers.WWWAuthenticate = $"Cloudflare-Access resource_metadata=\"{ResourceOf(host, returnTo)}\"";
        response.Headers.AccessControlAllowCredentials = "true";
        response.Headers.CacheControl = "private, max-age=0, no-store, no-cache, must-revalidate, post-check=0, pre-check=0";
        response.Headers.Expires = "Thu, 01 Jan 1970 00:00:01 GMT";
        WriteBody(context);
    }

    /// <summary>Answers 401 to a program that asks without a session, and says where one is to be had.</summary>
    public Task ChallengeAsync(HttpContext context, AppEntry app, string host)
    {
        var resource = ResourceOf(host, ReturnPath.OrRoot(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget));
        context.Response.Headers.WWWAuthenticate = app.App.Agents is null
            ? $"Cloudflare-Access resource_metadata=\"{resource}\""
            : $"Bearer realm=\"OAuth\", error=\"invalid_token\", resource_metadata=\"{resource}\"";
        context.Response.Headers["CF-Access-Aud"] = app.App.Aud;
        context.Response.Headers["CF-Access-Domain"] = AppHosts.Domain(app);
        if (app.App.Agents is null)
        {
            return GatewayPages.ShortAsync(context, StatusCodes.Status401Unauthorized, "Not signed in. Load the page again to sign in.");
        }

        SecurityHeaders.NoStore(context.Response);
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(
            new JsonObject
            {
                ["error"] = "invalid_token",
                ["error_description"] = "this application asks for an access token; the resource metadata says where to get one",
                ["resource_metadata"] = resource,
            }.ToJsonString(),
            context.RequestAborted);
    }

    private string ResourceOf(string host, string target) =>
        $"{urls.UrlOf(host)}{ProtectedResource.Path}{ReturnPath.WithoutQuery(target)}".Replace("\"", "%22", StringComparison.Ordinal);

    private string LoginUrl(string host, AppEntry app, string returnTo) =>
        $"{urls.Access}/cdn-cgi/access/login/{host}?kid={app.App.Aud}&redirect_url={Uri.EscapeDataString(returnTo)}";

    private JsonObject Meta(HttpContext context, AccessTable table, AppEntry app, string host, string returnTo, string appSession)
    {
        var meta = Meta(app, host, returnTo, appSession);
        meta["service_token_status"] = JudgeService.HasGoodToken(context);

        // The team domain sees no certificate for the app's host, and has to take the gateway's word for it.
        if (certificates.CommonNameOf(context, table, host) is { } commonName)
        {
            meta[CommonNameClaim] = commonName;
        }

        return meta;
    }

    private static JsonObject Meta(AppEntry app, string host, string returnTo, string appSession) => new()
    {
        ["type"] = "meta",
        ["aud"] = app.App.Aud,
        ["hostname"] = host,
        [RedirectHashClaim] = AccessCookies.HashOf(returnTo),
        ["app_session_hash"] = AccessCookies.HashOf(appSession),
        ["auth_status"] = "NONE",
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
