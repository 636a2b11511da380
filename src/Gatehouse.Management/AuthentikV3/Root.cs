using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Model.Bindings;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/root/config/ and /admin/version/ (contract §4.15): what clients ask first.</summary>
internal sealed class Root(IGeoReader places)
{
    // The release whose API this is; clients compare it with their own.
    public const string Spoken = "2026.8.3";

    private static readonly string Build = "gatehouse-" + (typeof(Root).Assembly.GetName().Version?.ToString(3) ?? "0");

    public static void Map(ApiRoutes routes) => routes
        .Get<Root>("/root/config/", Need.Nobody, (r, _) => Task.FromResult(r.Config()))
        .Get<Root>("/admin/version/", Need.User, (_, _) => Task.FromResult(Version()));

    private IResult Config() => Answer.Ok(new JsonObject
    {
        ["error_reporting"] = new JsonObject
        {
            ["enabled"] = false,
            ["sentry_dsn"] = "",
            ["environment"] = "gatehouse",
            ["send_pii"] = false,
            ["traces_sample_rate"] = 0,
        },
        ["capabilities"] = JsonList.Of((string[])["can_impersonate", .. places.IsAvailable ? ["can_geo_ip"] : Array.Empty<string>(), .. places.KnowsNetworks ? ["can_asn"] : Array.Empty<string>()]),
        ["cache_timeout"] = 300,
        ["cache_timeout_flows"] = 300,
        ["cache_timeout_policies"] = 300,
    });

    private static IResult Version() => Answer.Ok(new JsonObject
    {
        ["version_current"] = Spoken,
        ["version_latest"] = Spoken,
        ["version_latest_valid"] = false,
        ["build_hash"] = Build,
        ["outdated"] = false,
        ["outpost_outdated"] = false,
    });
}
