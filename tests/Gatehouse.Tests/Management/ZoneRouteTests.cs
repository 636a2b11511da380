using System.Text.Json.Nodes;

namespace Gatehouse.Tests.Management;

/// <summary>Access's resources below a zone, and the bookmarks of old (contract §3.1, §3.4).</summary>
public class ZoneRouteTests
{
    [Fact]
    public async Task A_zone_has_the_same_resources_as_the_account()
    {
        await using var host = await ApiHost.StartAsync();
        var zone = (await host.SendAsync("GET", "/client/v4/zones", null, ApiHost.AdminKey)).Text("result.0.id");
        var path = $"/client/v4/zones/{zone}/access";
        var made = (await host.SendAsync("POST", path + "/apps", """{"type":"self_hosted","domain":"a.example.com"}""", ApiHost.AdminKey)).Expect(201);
        Assert.Equal(made.Text("result.aud"), (await host.CloudflareAsync("GET", $"/access/apps/{made.Text("result.id")}")).Expect(200).Text("result.aud"));
        var policy = (await host.SendAsync("POST", $"{path}/apps/{made.Text("result.id")}/policies", """{"name":"p","decision":"allow","include":[{"everyone":{}}]}""", ApiHost.AdminKey)).Expect(201);
        Assert.Equal("p", (await host.CloudflareAsync("GET", $"/access/apps/{made.Text("result.id")}/policies/{policy.Text("result.id")}")).Text("result.name"));
        foreach (var resource in new[] { "groups", "identity_providers", "organizations", "service_tokens", "certificates" })
        {
            (await host.SendAsync("GET", $"{path}/{resource}", null, ApiHost.AdminKey)).Expect(200);
        }

        foreach (var resource in new[] { "policies", "tags", "custom_pages", "users", "keys", "logs/access_requests" })
        {
            (await host.SendAsync("GET", $"{path}/{resource}", null, ApiHost.AdminKey)).Expect(404); // the account's alone
        }
    }

    [Theory]
    [InlineData("00000000000000000000000000000000")]
    [InlineData(ApiHost.Account)]
    public async Task A04_another_zone_leads_nowhere_and_a_user_gets_nothing(string zone)
    {
        await using var host = await ApiHost.StartAsync();
        (await host.SendAsync("GET", $"/client/v4/zones/{zone}/access/apps", null, ApiHost.AdminKey)).Expect(404);
        (await host.SendAsync("GET", $"/client/v4/zones/{zone}/access/apps", null, ApiHost.UserKey)).Expect(403);
        (await host.SendAsync("POST", $"/client/v4/zones/{zone}/access/groups", "{}", null)).Expect(400);
    }

    [Fact]
    public async Task A_scoped_token_needs_the_same_permission_at_either_place()
    {
        await using var host = await ApiHost.StartAsync();
        var zone = (await host.SendAsync("GET", "/client/v4/zones", null, ApiHost.AdminKey)).Text("result.0.id");
        var groups = (await host.CloudflareAsync("GET", "/tokens/permission_groups")).Expect(200).Result.AsArray();
        foreach (var (name, apps, records) in ((string, int, int)[])[("Access: Apps and Policies Read", 200, 403), ("DNS Read", 403, 200)])
        {
            var id = groups.First(g => g!["name"]!.ToString() == name)!["id"]!.ToString();
            var body = new JsonObject
            {
                ["name"] = name,
                ["policies"] = new JsonArray(new JsonObject
                {
                    ["effect"] = "allow",
                    ["permission_groups"] = new JsonArray(new JsonObject { ["id"] = id }),
                    ["resources"] = new JsonObject { ["com.cloudflare.api.account." + ApiHost.Account] = "*" },
                }),
            };
            var key = (await host.CloudflareAsync("POST", "/tokens", body)).Text("result.value");
            Assert.Equal(apps, (await host.SendAsync("GET", $"/client/v4/zones/{zone}/access/apps", null, key)).Status);
            Assert.Equal(records, (await host.SendAsync("GET", $"/client/v4/zones/{zone}/dns_records", null, key)).Status);
        }
    }

    [Fact]
    public async Task Bookmarks_of_old_are_read_and_deleted_and_none_is_made()
    {
        await using var host = await ApiHost.StartAsync();
        (await host.CloudflareAsync("POST", "/access/apps", new JsonObject { ["type"] = "self_hosted", ["domain"] = "a.example.com" })).Expect(201);
        var app = (await host.CloudflareAsync("POST", "/access/apps", new JsonObject { ["type"] = "bookmark", ["name"] = "Wiki", ["domain"] = "https://wiki.example.com/" })).Expect(201).Text("result.id");
        var list = (await host.CloudflareAsync("GET", "/access/bookmarks")).Expect(200);
        Assert.Equal(("Wiki", "https://wiki.example.com/"), (list.Text("result.0.name"), list.Text("result.0.domain")));
        Assert.Single(list.Result.AsArray());
        Assert.Equal("Wiki", (await host.CloudflareAsync("GET", $"/access/bookmarks/{app}")).Expect(200).Text("result.name"));
        Assert.Equal("11021", (await host.CloudflareAsync("POST", $"/access/bookmarks/{Guid.CreateVersion7()}", new JsonObject())).Expect(404).Text("errors.0.code"));
        (await host.CloudflareAsync("PUT", $"/access/bookmarks/{app}", new JsonObject())).Expect(404);
        (await host.CloudflareAsync("DELETE", $"/access/bookmarks/{app}")).Expect(200);
        (await host.CloudflareAsync("GET", $"/access/bookmarks/{app}")).Expect(404);
        (await host.CloudflareAsync("GET", $"/access/apps/{app}")).Expect(404);
    }
}
