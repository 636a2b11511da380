using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Brands;
using Gatehouse.Store;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Pages;

/// <summary>The brand of a host: how its pages look, and which flows it runs.</summary>
internal sealed record BrandOfHost(BrandLook Shown, Brand? Brand)
{
    /// <summary>Name of the house.</summary>
    public string Title => Shown.Title;

    /// <summary>The flow it names for a designation; null means none.</summary>
    public Guid? FlowFor(string designation) => designation switch
    {
        "authentication" => Brand?.AuthenticationFlowId,
        "invalidation" => Brand?.InvalidationFlowId,
        "recovery" => Brand?.RecoveryFlowId,
        "unenrollment" => Brand?.UnenrollmentFlowId,
        _ => null,
    };
}

/// <summary>Finds the brand of a host. Its style sheet is a file of its own: whatever stands in it is never markup.</summary>
internal sealed class BrandLooks(GatehouseDb db)
{
    /// <summary>Where a brand's style sheet is.</summary>
    public const string StylePath = "/static/gatehouse/brand.css";

    private const int LongestPicture = 20_000;

    /// <summary>The brand of the host that <paramref name="request"/> asks for: the longest domain that fits, else the default.</summary>
    public async Task<BrandOfHost> OfAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var host = RequestHost.Of(request) ?? "";
        var brands = await db.Brands.AsNoTracking().ToListAsync(cancellationToken);
        var brand = brands.Where(b => host == b.Domain || host.EndsWith("." + b.Domain, StringComparison.Ordinal)).OrderByDescending(b => b.Domain.Length).FirstOrDefault()
            ?? brands.Find(b => b.IsDefault);
        return brand is null
            ? new BrandOfHost(new BrandLook("Gatehouse"), null)
            : new BrandOfHost(new BrandLook(
                brand.Title.Length > 0 ? brand.Title : "Gatehouse", Picture(brand.Logo), Picture(brand.Favicon),
                brand.CustomCss.Length > 0 ? $"{StylePath}?v={Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(brand.CustomCss)))[..16]}" : null), brand);
    }

    /// <summary>The style sheet.</summary>
    public async Task<IResult> StyleAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var found = await OfAsync(request, cancellationToken);
        var headers = request.HttpContext.Response.Headers;
        headers.CacheControl = "public, max-age=300";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        return Results.Text(found.Brand?.CustomCss ?? "", "text/css; charset=utf-8");
    }

    /// <summary>A picture and nothing else: a page must not load what a browser would run. Null when <paramref name="url"/> is none.</summary>
    public static string? Picture(string url) =>
        url.Length is 0 or > LongestPicture ? null
        : url.StartsWith("data:image/", StringComparison.Ordinal) || (url[0] == '/' && !url.StartsWith("//", StringComparison.Ordinal)) ? url
        : PictureOrigin.Of(url) is null ? null
        : new Uri(url).AbsoluteUri;
}
