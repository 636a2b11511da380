using Gatehouse.Management.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>What Cloudflare serves for a zone as for an account (contract §3.1). There is one of each, so both are the same.</summary>
internal static class ZoneRoutes
{
    /// <summary>Where they stand.</summary>
    public const string Path = "/zones/{zone}/access";

    private static readonly string[] Resources = ["apps", "certificates", "groups", "identity_providers", "organizations", "service_tokens"];

    /// <summary>To be called when those of the account are there.</summary>
    public static void Map(ApiRoutes routes)
    {
        foreach (var resource in Resources)
        {
            routes.Mirror("/accounts/{account}/access/" + resource, $"{Path}/{resource}");
        }
    }
}
