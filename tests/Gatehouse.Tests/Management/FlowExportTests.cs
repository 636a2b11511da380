using System.Text.Json.Nodes;
using Gatehouse.Model.Bindings;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary>Flows as blueprints: written, and read back (contract §4.11, §4.16).</summary>
public class FlowExportTests
{
    [Fact]
    public async Task What_is_written_changes_nothing_where_it_was_written()
    {
        await using var host = await ApiHost.StartAsync();
        await LayAsync(host);
        var text = await ExportAsync(host, "enrol");
        var before = await CountEventsAsync(host);

        Assert.Equal("true", (await ImportAsync(host, text)).Expect(200).Text("success"));

        Assert.Equal(text, await ExportAsync(host, "enrol"));
        Assert.Equal(before, await CountEventsAsync(host));
    }

    [Fact]
    public async Task What_is_written_makes_the_same_flow_elsewhere()
    {
        await using var host = await ApiHost.StartAsync();
        await using var other = await ApiHost.StartAsync();
        await LayAsync(host);
        var text = await ExportAsync(host, "enrol");

        var reply = (await ImportAsync(other, text)).Expect(200);

        Assert.True(reply.Text("success") == "true", reply.Body!.ToJsonString() + text);
        Assert.Equal(text, await ExportAsync(other, "enrol"));
        var stage = (await other.AuthentikAsync("GET", "/stages/prompt/stages/?name=ask")).Expect(200);
        Assert.NotEqual("[]", stage.Text("results.0.validation_policies"));
        Assert.Equal("true", (await other.AuthentikAsync("GET", "/stages/prompt/prompts/?name=who")).Expect(200).Text("results.0.label"));
        Assert.Equal("return True\n# don't: \"stop\"", (await other.AuthentikAsync("GET", "/policies/expression/?name=late")).Expect(200).Text("results.0.expression"));
    }

    [Fact]
    public async Task Secrets_and_keys_are_not_written()
    {
        await using var host = await ApiHost.StartAsync();
        await LayAsync(host);

        var text = await ExportAsync(host, "enrol");

        Assert.DoesNotContain("smtp-secret", text, StringComparison.Ordinal);
        await using var db = host.Open();
        Assert.All(await db.Stages.Select(s => s.Id).ToListAsync(TestContext.Current.CancellationToken), id => Assert.DoesNotContain(id.ToString(), text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_flow_with_a_rule_that_is_gone_is_not_written_as_one_without_it()
    {
        await using var host = await ApiHost.StartAsync();
        await using (var db = host.Open())
        {
            db.PolicyBindings.Add(new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = host.Flow, Order = 0 });
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var reply = await host.AuthentikAsync("GET", "/flows/instances/default-provider-authorization-implicit-consent/export/");

        Assert.Contains("is gone", reply.Expect(400).Text("non_field_errors.0"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_superusers_read_a_flow_and_what_is_not_there_is_404()
    {
        await using var host = await ApiHost.StartAsync();

        (await host.AuthentikAsync("GET", "/flows/instances/nothing/export/")).Expect(404);
        (await host.AuthentikAsync("GET", "/flows/instances/default-provider-authorization-implicit-consent/export/", key: ApiHost.UserKey)).Expect(403);
    }

    // A flow with every kind of thing that can hang on it.
    private static async Task LayAsync(ApiHost host)
    {
        async Task<string> MakeAsync(string path, JsonObject body) => (await host.AuthentikAsync("POST", path, body)).Expect(201).Text("pk")!;

        var flow = await MakeAsync("/flows/instances/", new JsonObject { ["slug"] = "enrol", ["name"] = "Enrol: \"us\"", ["title"] = "yes", ["designation"] = "enrollment", ["layout"] = "sidebar_left" });
        var late = await MakeAsync("/policies/expression/", new JsonObject { ["name"] = "late", ["expression"] = "return True\n# don't: \"stop\"" });
        var strong = await MakeAsync("/policies/password/", new JsonObject { ["name"] = "strong", ["length_min"] = 12, ["execution_logging"] = true });
        var who = await MakeAsync("/stages/prompt/prompts/", new JsonObject { ["name"] = "who", ["field_key"] = "username", ["label"] = "true", ["type"] = "username", ["required"] = true, ["order"] = 3 });
        var ask = await MakeAsync("/stages/prompt/stages/", new JsonObject { ["name"] = "ask", ["fields"] = new JsonArray(who), ["validation_policies"] = new JsonArray(strong) });
        var password = await MakeAsync("/stages/password/", new JsonObject { ["name"] = "secret word", ["backends"] = new JsonArray("authentik.core.auth.InbuiltBackend") });
        var name = await MakeAsync("/stages/identification/", new JsonObject { ["name"] = "who are you", ["user_fields"] = new JsonArray("email"), ["password_stage"] = password, ["recovery_flow"] = flow });
        var mail = await MakeAsync("/stages/email/", new JsonObject { ["name"] = "letter", ["host"] = "mail.example", ["password"] = "smtp-secret", ["use_global_settings"] = false });
        var places = new List<string>();
        foreach (var (stage, order) in new[] { (ask, 10), (name, 20), (mail, 30) })
        {
            places.Add(await MakeAsync("/flows/bindings/", new JsonObject { ["target"] = flow, ["stage"] = stage, ["order"] = order, ["evaluate_on_plan"] = true, ["invalid_response_action"] = "restart" }));
        }

        await MakeAsync("/policies/bindings/", new JsonObject { ["target"] = places[1], ["policy"] = late, ["order"] = 0, ["negate"] = true, ["timeout"] = 7 });
        await MakeAsync("/policies/bindings/", new JsonObject { ["target"] = flow, ["user"] = host.AdminId, ["order"] = 5, ["enabled"] = false });
        var group = (await host.AuthentikAsync("GET", "/core/groups/?name=authentik%20Admins")).Text("results.0.pk");
        await MakeAsync("/policies/bindings/", new JsonObject { ["target"] = flow, ["group"] = group, ["order"] = 6, ["failure_result"] = true });
    }

    private static async Task<string> ExportAsync(ApiHost host, string slug)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v3/flows/instances/{slug}/export/");
        request.Headers.Authorization = new("Bearer", ApiHost.AdminKey);
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("application/yaml", response.Content.Headers.ContentType?.MediaType);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<int> CountEventsAsync(ApiHost host)
    {
        await using var db = host.Open();
        return await db.Events.CountAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<ApiReply> ImportAsync(ApiHost host, string text)
    {
        using var form = new MultipartFormDataContent { { new StringContent(text), "file", "blueprint.yaml" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v3/managed/blueprints/import/") { Content = form };
        request.Headers.Authorization = new("Bearer", ApiHost.AdminKey);
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await ApiReply.ReadAsync(response);
    }
}
