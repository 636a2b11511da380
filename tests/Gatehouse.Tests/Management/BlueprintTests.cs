using System.Text.Json.Nodes;
using Gatehouse.Management.AuthentikV3;
using Gatehouse.Management.Blueprints;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>Blueprints (contract §4.16).</summary>
public class BlueprintTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Check20_a_blueprint_is_applied_whole_and_again_changes_what_it_names()
    {
        await using var host = await ApiHost.StartAsync();

        AssertDone(await ImportAsync(host, Guide("app")));
        (await host.AuthentikAsync("PATCH", "/core/applications/app/", new JsonObject { ["meta_description"] = "kept", ["name"] = "changed" })).Expect(200);
        AssertDone(await ImportAsync(host, Guide("app")));

        var application = (await host.AuthentikAsync("GET", "/core/applications/app/")).Expect(200);
        Assert.Equal(("App app", "kept", "provider-app"), (application.Text("name"), application.Text("meta_description"), application.Text("provider_obj.name")));
        Assert.Equal("1", (await host.AuthentikAsync("GET", "/providers/oauth2/")).Text("pagination.count"));
        Assert.Equal("1", (await host.AuthentikAsync("GET", "/events/events/?action=model_created&context_model_name=application")).Text("pagination.count"));
    }

    [Fact]
    public async Task Check20_one_entry_that_fails_undoes_all()
    {
        await using var host = await ApiHost.StartAsync();

        var reply = await ImportAsync(host, Guide("app") + """
              - model: authentik_core.application
                identifiers: {slug: second}
                attrs: {name: second, provider: !Find [authentik_providers_oauth2.oauth2provider, [name, nobody]]}
            """);

        Assert.Equal("false", reply.Expect(200).Text("success"));
        Assert.Contains("nobody", reply.Body!["logs"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("0", (await host.AuthentikAsync("GET", "/providers/oauth2/")).Text("pagination.count"));
        Assert.Equal("0", (await host.AuthentikAsync("GET", "/events/events/")).Text("pagination.count"));
        (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "after" })).Expect(201);
    }

    [Theory]
    [InlineData("!File /etc/passwd")]
    [InlineData("!Env HOME")]
    [InlineData("!Context nowhere")]
    [InlineData("!KeyOf nobody")]
    [InlineData("!Python 1")]
    [InlineData("!Format [\"%s\"]")]
    [InlineData("!Value 0")]
    public async Task A_tag_that_can_not_be_followed_changes_nothing(string value)
    {
        await using var host = await ApiHost.StartAsync();

        var reply = await ImportAsync(host, $"version: 1\nentries:\n  - model: authentik_core.group\n    identifiers: {{name: {value}}}\n");

        Assert.Equal("false", reply.Expect(200).Text("success"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("version: 2\nentries: []\n")]
    [InlineData("version: 1\n")]
    [InlineData("version: 1\nentries: [\n")]
    [InlineData("&a [*a]")]
    public async Task What_is_no_blueprint_is_said_to_be_none(string text)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal("false", (await ImportAsync(host, text)).Expect(200).Text("success"));
        Assert.NotEqual(201, (await host.AuthentikAsync("POST", "/managed/blueprints/", new JsonObject { ["name"] = "x", ["content"] = text })).Status);
    }

    [Fact]
    public async Task D01_nesting_and_repetition_are_bounded()
    {
        await using var host = await ApiHost.StartAsync();
        var bomb = "version: 1\ncontext:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + string.Concat("bcdefg".Select(c => $"  {c}: &{c} [{string.Join(", ", Enumerable.Repeat("*" + (char)(c - 1), 10))}]\n")) + "entries: []\n";

        Assert.Equal("false", (await ImportAsync(host, "version: 1\nentries: " + new string('[', 100_000))).Expect(200).Text("success"));
        Assert.Equal("false", (await ImportAsync(host, bomb)).Expect(200).Text("success"));
    }

    [Theory]
    [InlineData("!Enumerate [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], SEQ, [!Context big, !Context big, !Context big, !Context big, !Context big, !Context big, !Context big, !Context big, !Context big, !Context big]]")]
    [InlineData("!Enumerate [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], SEQ, !Format [\"%s%s%s%s%s%s%s%s%s%s\", *b, *b, *b, *b, *b, *b, *b, *b, *b, *b]]")]
    [InlineData("!Enumerate [[*b, *b, *b, *b, *b, *b, *b, *b, *b, *b], SEQ, !Enumerate [[*b, *b, *b, *b, *b, *b, *b, *b, *b, *b], SEQ, [!Value 0, !Value 1]]]")]
    public async Task D01_what_tags_make_is_bounded_in_size_too(string tags)
    {
        await using var host = await ApiHost.StartAsync();

        var reply = await ImportAsync(host, $"version: 1\ncontext: {{big: &b {new string('x', 100_000)}}}\nentries:\n  - model: authentik_core.group\n    identifiers: {{name: g}}\n    attrs: {{attributes: {{a: {tags}}}}}\n");

        Assert.Equal("false", reply.Expect(200).Text("success"));
        Assert.Contains("more text than it may", reply.Body!["logs"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tags_make_values()
    {
        await using var host = await ApiHost.StartAsync();

        AssertDone(await ImportAsync(host, """
            version: 1
            context: {teams: [red, blue], big: yes, pairs: {a: 1}}
            entries:
              - model: authentik_core.group
                identifiers: {name: !Format ["%s-%s", !AtIndex [!Context teams, 1], !If [!Context big, team, none]]}
                attrs:
                  attributes:
                    list: !Enumerate [!Context teams, SEQ, !Format ["%s:%s", !Index 0, !Value 0]]
                    map: !Enumerate [!Context pairs, MAP, [!Index 0, !Value 0]]
                    both: !Condition [AND, !Context big, true]
                    fallback: !Context [missing, there]
                    parsed: !ParseJSON '{"x": [1]}'
              - model: authentik_core.group
                conditions: [!Condition [NOR, !Context big]]
                identifiers: {name: never}
              - model: authentik_core.user
                identifiers: {username: carol}
                attrs: {name: Carol, password: a long password of carol}
              - model: authentik_core.group
                state: absent
                identifiers: {name: not-there}
            """));

        var group = (await host.AuthentikAsync("GET", "/core/groups/?name=blue-team")).Expect(200);
        Assert.Equal(
            """{"list":["0:red","1:blue"],"map":{"a":1},"both":true,"fallback":"there","parsed":{"x":[1]}}""", group.Text("results.0.attributes"));
        Assert.Equal("0", (await host.AuthentikAsync("GET", "/core/groups/?name=never")).Text("pagination.count"));
        Assert.Equal("1", (await host.AuthentikAsync("GET", "/events/events/?action=password_set")).Text("pagination.count"));
        Assert.DoesNotContain("a long password", (await host.AuthentikAsync("GET", "/events/events/?page_size=100")).Body!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_model_has_a_collection_that_is_served()
    {
        await using var host = await ApiHost.StartAsync();
        var served = host.Services.GetRequiredService<AuthentikRoutes>().Table.All.Where(r => r.Method == "GET").Select(r => r.Path).ToHashSet();

        Assert.DoesNotContain(BlueprintModels.Paths, p => !served.Contains(p));
    }

    [Fact]
    public async Task Kept_blueprints_say_how_they_ended()
    {
        await using var host = await ApiHost.StartAsync();
        var kept = (await host.AuthentikAsync("POST", "/managed/blueprints/", new JsonObject { ["name"] = "guide", ["content"] = Guide("app") })).Expect(201);
        Assert.Equal("unknown", kept.Text("status"));
        Assert.Equal("""["authentik_providers_oauth2.oauth2provider","authentik_core.application"]""", kept.Text("managed_models"));

        Assert.Equal("successful", (await host.AuthentikAsync("POST", $"/managed/blueprints/{kept.Text("pk")}/apply/", new JsonObject())).Expect(200).Text("status"));
        (await host.AuthentikAsync("PATCH", $"/managed/blueprints/{kept.Text("pk")}/", new JsonObject { ["content"] = Guide("app", "no-flow") })).Expect(200);
        Assert.Equal("error", (await host.AuthentikAsync("POST", $"/managed/blueprints/{kept.Text("pk")}/apply/", new JsonObject())).Expect(200).Text("status"));
        foreach (var path in new[] { "../root.key", "/etc/passwd", "oci://x/y", "nothing.yaml" })
        {
            Assert.NotNull((await host.AuthentikAsync("POST", "/managed/blueprints/", new JsonObject { ["name"] = "f", ["path"] = path })).Expect(400).Body!["path"]);
        }
    }

    [Fact]
    public async Task What_is_kept_is_applied_again_when_it_changes_and_every_hour_unless_it_is_switched_off()
    {
        await using var host = await ApiHost.StartAsync();
        var keeper = host.Services.GetRequiredService<KeepBlueprints>();
        var path = "/managed/blueprints/" + (await host.AuthentikAsync("POST", "/managed/blueprints/", new JsonObject { ["name"] = "guide", ["content"] = Guide("app") })).Expect(201).Text("pk") + "/";

        Assert.Equal((1, 0), (await keeper.RunAsync(Stop), await keeper.RunAsync(Stop)));
        Assert.Equal("successful", (await host.AuthentikAsync("GET", path)).Text("status"));

        (await host.AuthentikAsync("PATCH", path, new JsonObject { ["content"] = Guide("app").Replace("App app", "Renamed", StringComparison.Ordinal) })).Expect(200);
        Assert.Equal((1, 0), (await keeper.RunAsync(Stop), await keeper.RunAsync(Stop)));
        Assert.Equal("Renamed", (await host.AuthentikAsync("GET", "/core/applications/app/")).Text("name"));

        (await host.AuthentikAsync("PATCH", "/core/applications/app/", new JsonObject { ["name"] = "By hand" })).Expect(200);
        host.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(0, await keeper.RunAsync(Stop));
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await keeper.RunAsync(Stop));
        Assert.Equal("Renamed", (await host.AuthentikAsync("GET", "/core/applications/app/")).Text("name"));

        // What can't be applied is told once, and tried again with the next hour or text.
        (await host.AuthentikAsync("PATCH", path, new JsonObject { ["content"] = Guide("app", "no-flow") })).Expect(200);
        Assert.Equal((1, 0), (await keeper.RunAsync(Stop), await keeper.RunAsync(Stop)));
        Assert.Equal("error", (await host.AuthentikAsync("GET", path)).Text("status"));

        (await host.AuthentikAsync("PATCH", path, new JsonObject { ["content"] = Guide("app"), ["enabled"] = false })).Expect(200);
        host.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, await keeper.RunAsync(Stop));
    }

    [Fact]
    public async Task What_is_so_already_is_left_alone_whatever_the_hour()
    {
        await using var host = await ApiHost.StartAsync();
        var keeper = host.Services.GetRequiredService<KeepBlueprints>();
        var text = Guide("app") + $$"""
              - model: authentik_core.user
                identifiers: {username: eve}
                attrs: {name: Eve, password: "eve has a long password"}
              - model: authentik_core.user
                identifiers: {username: hal}
                attrs: {name: Hal, password_hash: {{Gatehouse.Model.Users.PasswordHash.Make("hal has a long password")}}}
              - model: authentik_core.token
                identifiers: {identifier: for-admin}
                attrs: {intent: api, user: {{host.AdminId}}, key: a-key-of-somebodys-choice}

            """;
        (await host.AuthentikAsync("POST", "/managed/blueprints/", new JsonObject { ["name"] = "guide", ["content"] = text })).Expect(201);
        Assert.Equal(1, await keeper.RunAsync(Stop));
        Assert.Equal("successful", (await host.AuthentikAsync("GET", "/managed/blueprints/")).Text("results.0.status"));
        var before = await SeenAsync();

        host.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal((1, 0), (await keeper.RunAsync(Stop), await keeper.RunAsync(Stop)));

        Assert.Equal("successful", (await host.AuthentikAsync("GET", "/managed/blueprints/")).Text("results.0.status"));
        Assert.Equal(before, await SeenAsync()); // no new password, which would end sessions, and no event

        async Task<(int Events, string Passwords, string Keys)> SeenAsync()
        {
            await using var db = host.Open();
            return (await db.Events.CountAsync(Stop),
                string.Join(' ', await db.Users.OrderBy(u => u.Id).Select(u => u.PasswordHash + u.PasswordChangedAt).ToListAsync(Stop)),
                string.Join(' ', await db.ApiTokens.OrderBy(t => t.Id).Select(t => t.KeyHash).ToListAsync(Stop)));
        }
    }

    [Fact]
    public async Task Files_in_the_folder_are_taken_up_and_followed_unless_they_say_otherwise()
    {
        var data = Directory.CreateTempSubdirectory("gatehouse-blueprints-");
        try
        {
            await using var host = await ApiHost.StartAsync(s => s.AddSingleton(new StoreOptions { DataFolder = data.FullName }));
            var keeper = host.Services.GetRequiredService<KeepBlueprints>();
            Assert.Equal(0, await keeper.RunAsync(Stop));
            var folder = data.CreateSubdirectory("blueprints").FullName;
            await File.WriteAllTextAsync(Path.Combine(folder, "app.yaml"), Guide("app"), Stop);
            await File.WriteAllTextAsync(Path.Combine(folder, "later.yaml"), Guide("later").Replace("{name: Guide}", "{name: Later, labels: {blueprints.goauthentik.io/instantiate: \"false\"}}", StringComparison.Ordinal), Stop);
            await File.WriteAllTextAsync(Path.Combine(folder, "none.yaml"), "no: blueprint", Stop);

            Assert.Equal((1, 0), (await keeper.RunAsync(Stop), await keeper.RunAsync(Stop)));
            var kept = (await host.AuthentikAsync("GET", "/managed/blueprints/")).Expect(200);
            Assert.Equal(("1", "Guide", "app.yaml", "successful"), (kept.Text("pagination.count"), kept.Text("results.0.name"), kept.Text("results.0.path"), kept.Text("results.0.status")));

            await File.WriteAllTextAsync(Path.Combine(folder, "app.yaml"), Guide("app").Replace("App app", "Renamed", StringComparison.Ordinal), Stop);
            Assert.Equal(1, await keeper.RunAsync(Stop));
            Assert.Equal("Renamed", (await host.AuthentikAsync("GET", "/core/applications/app/")).Text("name"));

            File.Delete(Path.Combine(folder, "app.yaml"));
            host.Clock.Advance(TimeSpan.FromHours(2));
            Assert.Equal(0, await keeper.RunAsync(Stop)); // gone, or on another node: nothing is undone
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static void AssertDone(ApiReply reply) => Assert.True(reply.Expect(200).Text("success") == "true", reply.Body!.ToJsonString());

    private static async Task<ApiReply> ImportAsync(ApiHost host, string text)
    {
        using var form = new MultipartFormDataContent { { new StringContent(text), "file", "blueprint.yaml" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v3/managed/blueprints/import/") { Content = form };
        request.Headers.Authorization = new("Bearer", ApiHost.AdminKey);
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await ApiReply.ReadAsync(response);
    }

    private static string Guide(string name, string flow = "default-provider-authorization-implicit-consent") => $$"""
        version: 1
        metadata: {name: Guide}
        entries:
          - model: authentik_providers_oauth2.oauth2provider
            id: provider
            identifiers: {name: provider-{{name}}}
            attrs:
              authorization_flow: !Find [authentik_flows.flow, [slug, {{flow}}]]
              invalidation_flow: !Find [authentik_flows.flow, [slug, {{flow}}]]
              redirect_uris: [{matching_mode: strict, url: "https://rp.example/cb"}]
          - model: authentik_core.application
            identifiers: {slug: {{name}}}
            attrs: {name: App {{name}}, provider: !KeyOf provider}

        """;
}
