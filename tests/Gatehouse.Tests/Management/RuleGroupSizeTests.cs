using System.Text.Json.Nodes;

namespace Gatehouse.Tests.Management;

/// <summary>Groups that would be too large with those they name are refused when they are saved.</summary>
public class RuleGroupSizeTests
{
    [Fact]
    public async Task Groups_and_policies_that_come_to_too_many_rules_are_refused()
    {
        await using var host = await ApiHost.StartAsync();
        var people = await SaveAsync(host, "people", Emails(1000));
        var nine = new List<string>();
        for (var n = 0; n < 9; n++)
        {
            nine.Add(await SaveAsync(host, $"n {n}", [.. Emails(1), Of(people)]));
        }

        var all = await SaveAsync(host, "all", [.. nine.Select(Of)]);
        var few = await SaveAsync(host, "few", Emails(1));
        (await host.CloudflareAsync("POST", "/access/policies", Policy("Staff", [Of(all), Of(few)]))).Expect(201);

        Refused(await host.CloudflareAsync("POST", "/access/groups", Group("more", [Of(all), Of(people)])), "the group comes to more than 10000 rules");
        Refused(await host.CloudflareAsync("PUT", "/access/groups/" + nine[0], Group("n 0", [.. Emails(999), Of(people)])), $"group {all}, which names this one, comes to more than 10000 rules");
        Refused(await host.CloudflareAsync("PUT", "/access/groups/" + few, Group("few", Emails(1000))), "policy 'Staff' uses this group and comes to more than 10000 rules");
        Refused(await host.CloudflareAsync("POST", "/access/policies", Policy("More", [Of(all), Of(people)])), "at most 10000 rules are allowed");
        Assert.Equal("1", (await host.CloudflareAsync("GET", "/access/policies")).Text("result_info.total_count"));
    }

    [Fact]
    public async Task Groups_nest_ten_deep()
    {
        await using var host = await ApiHost.StartAsync();
        var bottom = await SaveAsync(host, "bottom", Emails(1));
        var last = bottom;
        for (var n = 2; n <= 10; n++)
        {
            last = await SaveAsync(host, $"n {n}", [Of(last)]);
        }

        Refused(await host.CloudflareAsync("POST", "/access/groups", Group("n 11", [Of(last)])), "the group is nested over 10 deep");
        var beneath = await SaveAsync(host, "beneath", Emails(1));
        Refused(await host.CloudflareAsync("PUT", "/access/groups/" + bottom, Group("bottom", [Of(beneath)])), "which names this one, is nested over 10 deep");
        Refused(await host.CloudflareAsync("PUT", "/access/groups/" + bottom, Group("bottom", [Of(last)])), "can't contain itself");
    }

    [Fact]
    public async Task A_rule_stands_once_in_a_block()
    {
        await using var host = await ApiHost.StartAsync();
        Refused(await host.CloudflareAsync("POST", "/access/groups", Group("twice", [.. Emails(2), .. Emails(1)])), "a rule stands there twice");

        var apart = Group("apart", Emails(1));
        apart["require"] = new JsonArray([.. Emails(1)]);
        (await host.CloudflareAsync("POST", "/access/groups", apart)).Expect(201);
    }

    private static async Task<string> SaveAsync(ApiHost host, string name, List<JsonNode> include) =>
        (await host.CloudflareAsync("POST", "/access/groups", Group(name, include))).Expect(201).Text("result.id")!; // a group that was saved has one

    private static void Refused(ApiReply reply, string why)
    {
        Assert.Equal("12130", reply.Expect(400).Text("errors.0.code"));
        Assert.Contains(why, reply.Text("errors.0.message"), StringComparison.Ordinal);
    }

    private static JsonObject Group(string name, List<JsonNode> include) => new() { ["name"] = name, ["include"] = new JsonArray([.. include]) };

    private static JsonObject Policy(string name, List<JsonNode> include) => new() { ["name"] = name, ["decision"] = "allow", ["include"] = new JsonArray([.. include]) };

    private static JsonNode Of(string group) => new JsonObject { ["group"] = new JsonObject { ["id"] = group } };

    private static List<JsonNode> Emails(int count) => [.. Enumerable.Range(0, count).Select(n => new JsonObject { ["email"] = new JsonObject { ["email"] = $"a{n}@example.com" } })];
}
