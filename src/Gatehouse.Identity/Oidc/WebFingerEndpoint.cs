using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Hosts;
using Gatehouse.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc;

/// <summary>/.well-known/webfinger (RFC 7033, OpenID Connect Discovery §2): the issuer of the brand's default application, for any resource. Tells nobody who exists.</summary>
internal sealed class WebFingerEndpoint(GatehouseDb db, ClientDirectory clients, PublicUrls urls)
{
    private const int LongestResource = 2048;

    public async Task<IResult> HandleAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (context.Request.Query["resource"] is not [{ Length: > 0 and <= LongestResource } resource])
        {
            return TypedResults.StatusCode(StatusCodes.Status400BadRequest); // RFC 7033 §4.2
        }

        var host = context.Request.Host.Host;
        var slug = await (
            from brand in db.Brands
            join application in db.ProviderApplications on brand.DefaultApplicationId equals application.Id
            where brand.IsDefault || brand.Domain == host
            orderby brand.IsDefault // the host's own brand first
            select application.Slug).FirstOrDefaultAsync(cancellationToken);
        if (slug is null || clients.FindBySlug(slug)?.Issuer(urls) is not { } issuer)
        {
            return TypedResults.NotFound();
        }

        context.Response.Headers.AccessControlAllowOrigin = "*"; // RFC 7033 §5
        return new JsonAnswer(StatusCodes.Status200OK, new JsonObject
        {
            ["subject"] = resource,
            ["links"] = new JsonArray(new JsonObject { ["rel"] = "http://openid.net/specs/connect/1.0/issuer", ["href"] = issuer }),
        })
        { IsPublic = true, ContentType = "application/jrd+json" };
    }
}
