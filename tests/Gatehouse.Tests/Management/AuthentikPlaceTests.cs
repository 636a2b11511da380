using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>What a database of places changes in authentik's API (contract §2.7, §3.5, §4.13).</summary>
public class AuthentikPlaceTests
{
    [Fact]
    public async Task Capabilities_say_which_databases_there_are()
    {
        await using var without = await ApiHost.StartAsync();
        await using var with = await StartAsync();

        Assert.Equal("""["can_impersonate"]""", (await without.AuthentikAsync("GET", "/root/config/", key: null)).Expect(200).Text("capabilities"));
        Assert.Equal("""["can_impersonate","can_geo_ip","can_asn"]""", (await with.AuthentikAsync("GET", "/root/config/", key: null)).Expect(200).Text("capabilities"));
    }

    [Fact]
    public async Task Events_and_scores_say_where_the_address_is()
    {
        await using var host = await StartAsync();
        var made = (await host.AuthentikAsync("POST", "/events/events/", new JsonObject { ["action"] = "custom_x", ["app"] = "test", ["context"] = new JsonObject { ["mine"] = 1 } })).Expect(201);
        await using (var db = host.Open())
        {
            db.Reputations.Add(new Reputation
            {
                Id = Guid.CreateVersion7(),
                Identifier = "ada",
                Ip = "127.0.0.1",
                Score = -1,
                UpdatedAt = host.Clock.GetUtcNow(),
                ExpiresAt = host.Clock.GetUtcNow().AddDays(1),
            });
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(("Paris", "48.5", "2.5", "FR", "EU"), (
            made.Text("context.geo.city"), made.Text("context.geo.lat"), made.Text("context.geo.long"), made.Text("context.geo.country"), made.Text("context.geo.continent")));
        Assert.Equal(("64500", "Example", "127.0.0.0/8"), (made.Text("context.asn.asn"), made.Text("context.asn.as_org"), made.Text("context.asn.network")));
        var score = (await host.AuthentikAsync("GET", "/policies/reputation/scores/")).Expect(200);
        Assert.Equal(("Paris", "64500"), (score.Text("results.0.ip_geo_data.city"), score.Text("results.0.ip_asn_data.asn")));
    }

    [Fact]
    public async Task A_policy_looks_at_the_sign_ins_of_before()
    {
        await using var host = await StartAsync();
        var near = (await PolicyAsync(host, "near", ("check_history_distance", true))).Expect(201).Text("pk");
        var travel = (await PolicyAsync(host, "travel", ("check_impossible_travel", true))).Expect(201).Text("pk");
        Assert.Equal("true", await TestAsync(host, near)); // nothing is known of before

        await SignedInAsync(host, 52.52, 13.405, TimeSpan.FromMinutes(30)); // from Berlin

        Assert.Equal("false", await TestAsync(host, near));
        Assert.Equal("false", await TestAsync(host, travel));
        host.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal("true", await TestAsync(host, travel));
        Assert.Equal("false", await TestAsync(host, near));
    }

    [Fact]
    public async Task Countries_have_names_and_only_they_are_countries()
    {
        await using var host = await StartAsync();

        var policy = (await PolicyAsync(host, "here", ("countries", new JsonArray("FR", "XK")))).Expect(201);
        Assert.Equal("""[{"code":"FR","name":"France"},{"code":"XK","name":"Kosovo"}]""", policy.Text("countries_obj"));
        Assert.NotNull((await PolicyAsync(host, "nowhere", ("countries", new JsonArray("ZZ")))).Expect(400).Body!["countries"]);
        var all = (await host.AuthentikAsync("GET", "/policies/geoip_iso3166/", key: ApiHost.UserKey)).Expect(200).Body!.AsArray();
        Assert.Equal(250, all.Count);
        Assert.Contains(all, c => c!["code"]!.GetValue<string>() == "CI" && c["name"]!.GetValue<string>() == "Côte d'Ivoire");
        Assert.Equal(all.Count, all.Select(c => c!["code"]!.GetValue<string>()).Distinct().Count());
    }

    [Theory]
    [InlineData("network_binding", "bind_asn", "--asn")]
    [InlineData("geoip_binding", "bind_continent_country", "--geoip")]
    public async Task Sessions_are_bound_to_places_only_where_places_are_known(string name, string value, string flag)
    {
        await using var without = await ApiHost.StartAsync();
        await using var with = await StartAsync();
        var stage = new JsonObject { ["name"] = "login", [name] = value };

        Assert.Contains(flag, (await without.AuthentikAsync("POST", "/stages/user_login/", stage.DeepClone())).Expect(400).Text(name + ".0"), StringComparison.Ordinal);
        Assert.Equal(value, (await with.AuthentikAsync("POST", "/stages/user_login/", stage)).Expect(201).Text(name));
    }

    private static Task<ApiHost> StartAsync() => ApiHost.StartAsync(s => s.AddSingleton<IGeoReader>(new Paris()));

    private static Task<ApiReply> PolicyAsync(ApiHost host, string name, (string Name, JsonNode Value) setting) =>
        host.AuthentikAsync("POST", "/policies/geoip/", new JsonObject { ["name"] = name, [setting.Name] = setting.Value });

    private static async Task<string?> TestAsync(ApiHost host, string? policy) =>
        (await host.AuthentikAsync("POST", $"/policies/all/{policy}/test/", new JsonObject { ["user"] = host.UserId })).Expect(200).Text("passing");

    private static async Task SignedInAsync(ApiHost host, double latitude, double longitude, TimeSpan ago)
    {
        var now = host.Clock.GetUtcNow() - ago;
        await using var db = host.Open();
        db.Events.Add(EventRow.Of(
            new NewEvent(EventActions.Login, new EventActor(host.UserId, "bob", ""), "192.0.2.1", new JsonObject { ["geo"] = new JsonObject { ["lat"] = latitude, ["long"] = longitude } }), now, TimeSpan.FromDays(1)));
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    private sealed class Paris : IGeoReader
    {
        public bool IsAvailable => true;

        public bool KnowsNetworks => true;

        public GeoFacts? Find(IPAddress address) => new("FR", "Paris", "EU", 64500, "Example") { Latitude = 48.5, Longitude = 2.5, Network = "127.0.0.0/8" };
    }
}
