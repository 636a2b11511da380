using System.Text.Json.Nodes;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Access.SignIn;

/// <summary>GET <c>/.well-known/cloudflare-access-protected-resource</c> on an app host: says, to whoever was sent to sign in, where that is (after RFC 9728).</summary>
internal sealed class ProtectedResource(PublicUrls urls)
{
    /// <summary>The path's beginning; the resource's own path follows.</summary>
    public const string Path = "/.well-known/cloudflare-access-protected-resource";

    /// <summary>Answers for the path that follows <paramref name="under"/>, as it was sent.</summary>
    public IResult Handle(HttpContext context, AccessTable table, string host, string under)
    {
        var asked = ReturnPath.WithoutQuery(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        if (!table.Apps.Covers(host) || !asked.StartsWith(under, StringComparison.Ordinal) || (asked.Length > under.Length && asked[under.Length] != '/'))
        {
            return SignInPages.NotFound(table);
        }

        var body = new JsonObject
        {
            ["resource"] = urls.UrlOf(host) + (asked.Length == under.Length ? "/" : asked[under.Length..]),
            ["protected"] = true,
            ["authorization_servers"] = new JsonArray(urls.Access),
        };
        return Results.Text(body.ToJsonString(), "application/json");
    }
}
