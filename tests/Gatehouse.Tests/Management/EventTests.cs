using System.Text.Json.Nodes;

namespace Gatehouse.Tests.Management;

/// <summary>What the API writes down, and how it is found again (contract §5.1).</summary>
public class EventTests
{
    [Fact]
    public async Task L05_every_write_is_an_event_with_actor_address_and_target()
    {
        await using var host = await ApiHost.StartAsync();

        var group = (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "devs" })).Expect(201).Text("pk")!;
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        (await host.AuthentikAsync("PATCH", $"/core/groups/{group}/", new JsonObject { ["name"] = "developers" })).Expect(200);
        (await host.AuthentikAsync("POST", $"/core/groups/{group}/add_user/", new JsonObject { ["pk"] = host.UserId })).Expect(204);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        (await host.AuthentikAsync("DELETE", $"/core/groups/{group}/")).Expect(204);

        var told = (await host.AuthentikAsync("GET", $"/events/events/?context_model_pk={group}&ordering=created")).Expect(200).Body!["results"]!.AsArray();
        Assert.Equal(["model_created", "model_updated", "model_updated", "model_deleted"], told.Select(e => e!["action"]!.GetValue<string>()));
        Assert.All(told, e =>
        {
            Assert.Equal("akadmin", e!["user"]!["username"]!.GetValue<string>());
            Assert.Equal("127.0.0.1", e["client_ip"]!.GetValue<string>());
            Assert.Equal(("authentik_core", "group"), (e["context"]!["model"]!["app"]!.GetValue<string>(), e["context"]!["model"]!["model_name"]!.GetValue<string>()));
            Assert.NotNull(e["context"]!["http_request"]!["path"]);
        });
    }

    [Fact]
    public async Task A_user_that_was_just_made_is_named_by_the_key_that_the_database_gave()
    {
        await using var host = await ApiHost.StartAsync();

        var pk = (await host.AuthentikAsync("POST", "/core/users/", new JsonObject { ["username"] = "carol", ["name"] = "" })).Expect(201).Text("pk");

        Assert.Equal("1", (await host.AuthentikAsync("GET", $"/events/events/?action=model_created&context_model_pk={pk}&context_model_name=user")).Text("pagination.count"));
    }

    [Fact]
    public async Task A_write_that_was_refused_is_no_event()
    {
        await using var host = await ApiHost.StartAsync();

        (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "authentik Admins" })).Expect(400);

        Assert.Equal("0", (await host.AuthentikAsync("GET", "/events/events/")).Text("pagination.count"));
    }

    [Fact]
    public async Task What_happened_can_not_be_changed()
    {
        await using var host = await ApiHost.StartAsync();
        var made = (await host.AuthentikAsync("POST", "/events/events/", new JsonObject
        {
            ["action"] = "custom_backup",
            ["app"] = "backup",
            ["context"] = new JsonObject { ["message"] = "done", ["password"] = "hunter2" },
            ["user"] = new JsonObject { ["username"] = "somebody else" },
        })).Expect(201);

        Assert.Equal("akadmin", made.Text("user.username"));
        Assert.Equal("********************", made.Text("context.password"));
        (await host.AuthentikAsync("PUT", $"/events/events/{made.Text("pk")}/", new JsonObject())).Expect(405);
        (await host.AuthentikAsync("DELETE", $"/events/events/{made.Text("pk")}/")).Expect(405);
        Assert.NotNull((await host.AuthentikAsync("POST", "/events/events/", new JsonObject { ["action"] = "model_invented", ["app"] = "x" })).Expect(400).Body!["action"]);
    }

    [Fact]
    public async Task Volumes_and_actions_are_counted_and_named()
    {
        await using var host = await ApiHost.StartAsync();
        (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "one" })).Expect(201);
        (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "two" })).Expect(201);

        var volume = (await host.AuthentikAsync("GET", "/events/events/volume/?history_days=7")).Expect(200).Body!.AsArray();
        Assert.Equal(("model_created", 2), (volume[0]!["action"]!.GetValue<string>(), volume[0]!["count"]!.GetValue<int>()));
        Assert.Contains("login_failed", (await host.AuthentikAsync("GET", "/events/events/actions/")).Body!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("[]", (await host.AuthentikAsync("GET", "/events/events/top_per_user/")).Expect(200).Body!.ToJsonString());
    }

    [Fact]
    public async Task Deleting_a_user_forgets_what_they_did_where_the_settings_say_so()
    {
        await using var host = await ApiHost.StartAsync();
        (await host.AuthentikAsync("POST", "/core/tokens/", new JsonObject { ["identifier"] = "bobs" }, ApiHost.UserKey)).Expect(201);
        Assert.Equal("1", (await host.AuthentikAsync("GET", "/events/events/?username=bob")).Text("pagination.count"));

        (await host.AuthentikAsync("DELETE", $"/core/users/{host.UserId}/")).Expect(204);

        Assert.Equal("0", (await host.AuthentikAsync("GET", "/events/events/?username=bob")).Text("pagination.count"));
    }

    [Fact]
    public async Task A02_superuser_is_not_to_be_had_by_whoever_is_none()
    {
        await using var host = await ApiHost.StartAsync();
        var admins = (await host.AuthentikAsync("GET", "/core/groups/?name=authentik%20Admins")).Text("results.0.pk");
        var mine = (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "mine", ["users"] = new JsonArray(host.UserId) })).Expect(201).Text("pk");

        foreach (var (method, path, body) in new (string, string, JsonObject)[]
        {
            ("PATCH", $"/core/groups/{mine}/", new JsonObject { ["parents"] = new JsonArray(admins) }),
            ("PATCH", $"/core/groups/{mine}/", new JsonObject { ["is_superuser"] = true }),
            ("POST", $"/core/groups/{admins}/add_user/", new JsonObject { ["pk"] = host.UserId }),
            ("PATCH", $"/core/users/{host.UserId}/", new JsonObject { ["groups"] = new JsonArray(admins) }),
            ("POST", "/core/users/service_account/", new JsonObject { ["name"] = "x" }),
        })
        {
            (await host.AuthentikAsync(method, path, body, ApiHost.UserKey)).Expect(403);
        }

        Assert.Equal("false", (await host.AuthentikAsync("GET", "/core/users/me/", key: ApiHost.UserKey)).Text("user.is_superuser"));
    }
}
