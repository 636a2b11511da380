using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Web.Http;

/// <summary>The headers that keep our own answers from being framed, sniffed, cached or leaked.</summary>
public static class SecurityHeaders
{
    /// <summary>For pages. Without scripts unless <paramref name="scriptSource"/> names their source.</summary>
    public static void ForPage(HttpResponse response, string? scriptSource = null, string? formTargets = null, string? frameSources = null, BrandLook? look = null)
    {
        NoStore(response);
        response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; style-src {Theme.StyleHash}{(look?.StylePath is null ? "" : " 'self'")}; img-src 'self' data:{Join(look?.ImageOrigins)}; connect-src 'self'; script-src {scriptSource ?? "'none'"}; " +
            $"frame-src {frameSources ?? "'none'"}; form-action 'self'{(formTargets is null ? "" : " " + formTargets)}; base-uri 'none'; frame-ancestors 'none'";
        response.Headers.XFrameOptions = "DENY";
        response.Headers["Referrer-Policy"] = "no-referrer";
    }

    private static string Join(IReadOnlyList<string>? origins) => origins is [_, ..] ? " " + string.Join(' ', origins) : "";

    /// <summary>For every answer that is about one person (RFC 6749 §5.1).</summary>
    public static void NoStore(HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers.Pragma = "no-cache";
        response.Headers.XContentTypeOptions = "nosniff";
    }
}
