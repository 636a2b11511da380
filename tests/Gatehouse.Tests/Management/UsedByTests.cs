using System.Text.Json.Nodes;

namespace Gatehouse.Tests.Management;

/// <summary><c>used_by/</c> of the parts of flows.</summary>
public class UsedByTests
{
    [Fact]
    public async Task Stages_prompts_policies_and_bindings_tell_what_names_them()
    {
        await using var host = await ApiHost.StartAsync();
        var flow = await MakeAsync(host, "/flows/instances/", new JsonObject { ["name"] = "f", ["slug"] = "f", ["title"] = "t", ["designation"] = "authentication" });
        var prompt = await MakeAsync(host, "/stages/prompt/prompts/", new JsonObject { ["name"] = "q", ["field_key"] = "k", ["label"] = "l", ["type"] = "text" });
        var policy = await MakeAsync(host, "/policies/expression/", new JsonObject { ["name"] = "p", ["expression"] = "return True" });
        var asks = await MakeAsync(host, "/stages/prompt/stages/", new JsonObject { ["name"] = "asks", ["fields"] = new JsonArray(prompt), ["validation_policies"] = new JsonArray(policy) });
        var password = await MakeAsync(host, "/stages/password/", new JsonObject { ["name"] = "pw", ["backends"] = new JsonArray("authentik.core.auth.InbuiltBackend") });
        await MakeAsync(host, "/stages/identification/", new JsonObject { ["name"] = "who", ["password_stage"] = password });
        var binding = await MakeAsync(host, "/flows/bindings/", new JsonObject { ["target"] = flow, ["stage"] = asks, ["order"] = 0 });
        var rule = await MakeAsync(host, "/policies/bindings/", new JsonObject { ["target"] = binding, ["policy"] = policy, ["order"] = 3 });

        Assert.Equal([$"flowstagebinding {binding} cascade"], await UsesAsync(host, $"/stages/prompt/stages/{asks}/"));
        Assert.Equal([$"flowstagebinding {binding} cascade"], await UsesAsync(host, $"/stages/all/{asks}/"));
        Assert.Equal(["who left_dangling"], await NamesAsync(host, $"/stages/password/{password}/"));
        Assert.Equal(["asks cascade_many"], await NamesAsync(host, $"/stages/prompt/prompts/{prompt}/"));
        Assert.Equal([$"policybinding {rule} cascade"], await UsesAsync(host, $"/flows/bindings/{binding}/"));
        Assert.Equal(["Policy Binding #3 set_null", "asks left_dangling"], await NamesAsync(host, $"/policies/expression/{policy}/"));
        Assert.Equal(2, (await UsesAsync(host, $"/policies/all/{policy}/")).Count);
        Assert.Empty(await UsesAsync(host, $"/policies/bindings/{rule}/"));

        // Of its own kind only, and for superusers only.
        (await host.AuthentikAsync("GET", $"/stages/password/{asks}/used_by/")).Expect(404);
        (await host.AuthentikAsync("GET", $"/policies/reputation/{policy}/used_by/")).Expect(404);
        (await host.AuthentikAsync("GET", $"/policies/all/{policy}/used_by/", key: ApiHost.UserKey)).Expect(403);
    }

    private static async Task<string> MakeAsync(ApiHost host, string path, JsonObject body) => (await host.AuthentikAsync("POST", path, body)).Expect(201).Text("pk")!;

    private static async Task<List<string>> UsesAsync(ApiHost host, string path) =>
        [.. (await host.AuthentikAsync("GET", path + "used_by/")).Expect(200).Body!.AsArray().Select(u => $"{u!["model_name"]} {u["pk"]} {u["action"]}")];

    private static async Task<List<string>> NamesAsync(ApiHost host, string path) =>
        [.. (await host.AuthentikAsync("GET", path + "used_by/")).Expect(200).Body!.AsArray().Select(u => $"{u!["name"]} {u["action"]}")];
}
