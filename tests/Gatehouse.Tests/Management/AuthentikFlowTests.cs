using System.Text.Json.Nodes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Stages;
using Gatehouse.Web.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>Flows, bindings, stages, prompts, invitations and recovery over authentik's API.</summary>
public class AuthentikFlowTests
{
    private static readonly string[] FlowSetKeys = ["pk", "policybindingmodel_ptr_id", "name", "slug", "title", "designation", "background_url", "export_url"];

    public static TheoryData<string> Kinds => [.. StageKinds.All.Select(k => k.Path)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Every_kind_of_stage_is_made_read_changed_listed_and_deleted(string path)
    {
        await using var host = await ApiHost.StartAsync();
        var kind = StageKinds.All.Single(k => k.Path == path);
        var root = $"/stages/{path}/";

        (await host.AuthentikAsync("POST", root, new JsonObject())).Expect(400);
        var made = (await host.AuthentikAsync("POST", root, Whole(kind, "one"))).Expect(201);
        var id = made.Text("pk");
        Assert.Equal((kind.Component, kind.VerboseName, kind.Model), (made.Text("component"), made.Text("verbose_name"), made.Text("meta_model_name")));
        Assert.IsType<JsonArray>(made.Body!["flow_set"]); // read whole
        Assert.All(kind.Fields, f => Assert.Equal(!f.IsSecret, made.Body!.AsObject().ContainsKey(f.Name)));

        (await host.AuthentikAsync("POST", root, Whole(kind, "one"))).Expect(400);
        (await host.AuthentikAsync("PATCH", $"{root}{id}/", new JsonObject { ["name"] = "two" })).Expect(200);
        (await host.AuthentikAsync("PUT", $"{root}{id}/", Whole(kind, "two"))).Expect(200);
        Assert.Equal("two", (await host.AuthentikAsync("GET", $"{root}{id}/")).Expect(200).Text("name"));
        Assert.Equal("1", (await host.AuthentikAsync("GET", root + "?name=two")).Text("pagination.count"));
        Assert.Equal(id, (await host.AuthentikAsync("GET", $"/stages/all/{id}/")).Expect(200).Text("pk"));
        (await host.AuthentikAsync("DELETE", $"{root}{id}/")).Expect(204);
        (await host.AuthentikAsync("GET", $"{root}{id}/")).Expect(404);
    }

    [Theory]
    [InlineData("password", """{"name":"x","backends":["authentik.sources.ldap.auth.LDAPBackend"]}""", "backends")]
    [InlineData("password", """{"name":"x","backends":"all"}""", "backends")]
    [InlineData("password", """{"name":"x"}""", "backends")]
    [InlineData("password", """{"name":"x","backends":[],"failed_attempts_before_cancel":0}""", "failed_attempts_before_cancel")]
    [InlineData("user_login", """{"name":"x","session_duration":"5m"}""", "session_duration")]
    [InlineData("user_login", """{"name":"x","network_binding":"bind_asn"}""", "network_binding")]
    [InlineData("user_login", """{"name":"x","terminate_other_sessions":null}""", "terminate_other_sessions")]
    [InlineData("identification", """{"name":"x","password_stage":"00000000-0000-0000-0000-000000000001"}""", "password_stage")]
    [InlineData("identification", """{"name":"x","password_stage":"nonsense"}""", "password_stage")]
    [InlineData("identification", """{"name":"x","sources":["00000000-0000-0000-0000-000000000001"]}""", "sources")]
    [InlineData("prompt/stages", """{"name":"x","fields":["00000000-0000-0000-0000-000000000001"]}""", "fields")]
    [InlineData("email", """{"name":"x","port":99999}""", "port")]
    [InlineData("email", """{"name":"x","from_address":"not an address"}""", "from_address")]
    [InlineData("redirect", """{"name":"x","mode":"static","target_static":"javascript:alert(1)"}""", "target_static")]
    [InlineData("user_write", """{"name":"x","user_type":"internal_service_account"}""", "user_type")]
    [InlineData("user_write", """{"name":"x","user_path_template":"/a//b"}""", "user_path_template")]
    [InlineData("consent", """{"name":"x","mode":"never"}""", "mode")]
    public async Task What_a_setting_can_not_be_is_refused_under_its_name(string path, string body, string field)
    {
        await using var host = await ApiHost.StartAsync();

        var reply = (await host.AuthentikAsync("POST", $"/stages/{path}/", JsonNode.Parse(body))).Expect(400);

        Assert.Equal([field], reply.Body!.AsObject().Select(p => p.Key)); // an object
    }

    [Fact]
    public async Task The_inspector_shows_where_the_administrators_own_browser_stands_and_nobody_else_anything()
    {
        var runs = new FakeRuns();
        await using var host = await ApiHost.StartAsync(s => s.AddScoped<IFlowRuns>(_ => runs));
        const string Slug = "looked-at";
        var made = await host.AuthentikAsync("POST", "/flows/instances/", new JsonObject { ["name"] = "f", ["slug"] = Slug, ["title"] = "f", ["designation"] = "stage_configuration" });
        var flow = made.Expect(201).Text("pk");
        List<string> bindings = [];
        foreach (var name in (string[])["one", "two"])
        {
            var stage = (await host.AuthentikAsync("POST", "/stages/dummy/", new JsonObject { ["name"] = name })).Expect(201).Text("pk");
            bindings.Add((await host.AuthentikAsync("POST", "/flows/bindings/", new JsonObject { ["target"] = flow, ["stage"] = stage, ["order"] = bindings.Count })).Expect(201).Text("pk")!);
        }

        (await host.AuthentikAsync("GET", $"/flows/inspector/{Slug}/")).Expect(400);
        runs.Progress = new FlowProgress("s", [.. bindings.Select(Guid.Parse)], new JsonObject { ["pending_user_identifier"] = "bob" })
        {
            History = [new FlowProgress("s", [.. bindings.Select(Guid.Parse).Reverse()], [])],
        };
        var seen = (await host.AuthentikAsync("GET", $"/flows/inspector/{Slug}/?query=next%3D%2Fx")).Expect(200);

        Assert.Equal(("looked-at", "next=/x"), runs.Asked);
        Assert.Equal(("one", "two", "bob", "false"), (seen.Text("current_plan.current_stage.stage_obj.name"), seen.Text("current_plan.next_planned_stage.stage_obj.name"), seen.Text("current_plan.plan_context.pending_user_identifier"), seen.Text("is_completed")));
        Assert.Equal(("two", "one"), (seen.Text("plans.0.current_stage.stage_obj.name"), seen.Text("plans.0.next_planned_stage.stage_obj.name")));
        (await host.AuthentikAsync("GET", $"/flows/inspector/{Slug}/", key: ApiHost.UserKey)).Expect(404);
        (await host.AuthentikAsync("GET", "/flows/inspector/no-such-flow/")).Expect(404);
    }

    private sealed class FakeRuns : IFlowRuns
    {
        public FlowProgress? Progress { get; set; }

        public (string Slug, string Query) Asked { get; private set; }

        public Task<FlowProgress?> FindAsync(HttpContext context, string slug, string query, CancellationToken cancellationToken)
        {
            Asked = (slug, query);
            return Task.FromResult(Progress);
        }
    }

    [Theory]
    [InlineData("", 200)]
    [InlineData("/media/a.jpg", 200)]
    [InlineData("https://pictures.example.com:8443/a,b.jpg", 200)]
    [InlineData("data:image/png;base64,AA==", 200)]
    [InlineData("javascript:alert(1)", 400)]
    [InlineData("data:text/html,x", 400)]
    [InlineData("//evil.example.com/a.jpg", 400)]
    [InlineData("https://user:pass@pictures.example.com/a.jpg", 400)]
    [InlineData("https://a;script-src@pictures.example.com/a.jpg", 400)]
    [InlineData("https://a,b.example.com/a.jpg", 400)]
    public async Task A_flows_background_is_a_picture(string background, int status)
    {
        await using var host = await ApiHost.StartAsync();

        (await host.AuthentikAsync("PATCH", "/flows/instances/default-provider-authorization-implicit-consent/", new JsonObject { ["background"] = background })).Expect(status);
        if (!background.StartsWith("data:", StringComparison.Ordinal))
        {
            var brand = (await host.AuthentikAsync("GET", "/core/brands/")).Text("results.0.brand_uuid");
            (await host.AuthentikAsync("PATCH", $"/core/brands/{brand}/", new JsonObject { ["branding_default_flow_background"] = background })).Expect(status);
        }
    }

    [Fact]
    public async Task A02_a_stage_never_puts_newcomers_among_those_who_may_do_everything()
    {
        await using var host = await ApiHost.StartAsync();
        await using var db = host.Open();
        var admins = await db.Groups.Where(g => g.IsSuperuser).Select(g => g.Id).SingleAsync(TestContext.Current.CancellationToken);

        var reply = (await host.AuthentikAsync("POST", "/stages/user_write/", new JsonObject { ["name"] = "w", ["create_users_group"] = admins.ToString() })).Expect(400);

        Assert.NotNull(reply.Body!["create_users_group"]); // an object
    }

    [Fact]
    public async Task A03_a_secret_setting_is_sealed_never_shown_and_survives_a_put()
    {
        await using var host = await ApiHost.StartAsync();
        var body = new JsonObject { ["name"] = "mail", ["username"] = "u", ["password"] = "canary-secret" };

        var made = (await host.AuthentikAsync("POST", "/stages/email/", body)).Expect(201);
        (await host.AuthentikAsync("PUT", $"/stages/email/{made.Text("pk")}/", new JsonObject { ["name"] = "mail", ["username"] = "u" })).Expect(200);

        Assert.DoesNotContain("canary-secret", (await host.AuthentikAsync("GET", "/stages/email/")).Body!.ToJsonString(), StringComparison.Ordinal); // an object
        await using var db = host.Open();
        var stage = await db.Stages.SingleAsync(s => s.Name == "mail", TestContext.Current.CancellationToken);
        Assert.DoesNotContain("canary-secret", stage.SettingsJson, StringComparison.Ordinal);
        Assert.Equal("canary-secret", EmailSettings.ServerOf(stage, host.Box)!.Password); // its own server
    }

    [Fact]
    public async Task Flows_and_bindings_are_made_changed_and_deleted()
    {
        await using var host = await ApiHost.StartAsync();
        var flow = (await host.AuthentikAsync("POST", "/flows/instances/", new JsonObject { ["name"] = "F", ["slug"] = "f", ["title"] = "T", ["designation"] = "enrollment" })).Expect(201);
        var stage = (await host.AuthentikAsync("POST", "/stages/deny/", new JsonObject { ["name"] = "no" })).Expect(201);
        var binding = new JsonObject { ["target"] = flow.Text("pk"), ["stage"] = stage.Text("pk"), ["order"] = 5 };

        var bound = (await host.AuthentikAsync("POST", "/flows/bindings/", binding.DeepClone())).Expect(201);
        Assert.Equal(("no", "true", "retry"), (bound.Text("stage_obj.name"), bound.Text("re_evaluate_policies"), bound.Text("invalid_response_action")));
        Assert.All(FlowSetKeys, key => Assert.True(bound.Body!["stage_obj"]!["flow_set"]![0]!.AsObject().ContainsKey(key), key)); // named above
        Assert.NotNull((await host.AuthentikAsync("POST", "/flows/bindings/", binding.DeepClone())).Expect(400).Body!["non_field_errors"]); // an object
        Assert.Equal("7", (await host.AuthentikAsync("PATCH", $"/flows/bindings/{bound.Text("pk")}/", new JsonObject { ["order"] = 7 })).Expect(200).Text("order"));
        Assert.Equal("1", (await host.AuthentikAsync("GET", $"/flows/bindings/?target={flow.Text("pk")}&order=7")).Expect(200).Text("pagination.count"));
        Assert.Contains("Deny Stage<br>no", (await host.AuthentikAsync("GET", "/flows/instances/f/diagram/")).Text("diagram"), StringComparison.Ordinal);
        Assert.EndsWith("/if/flow/f/", (await host.AuthentikAsync("GET", "/flows/instances/f/execute/")).Text("link"), StringComparison.Ordinal);

        (await host.AuthentikAsync("POST", "/flows/instances/", new JsonObject { ["name"] = "F", ["slug"] = "f", ["title"] = "T", ["designation"] = "enrollment" })).Expect(400);
        (await host.AuthentikAsync("PATCH", "/flows/instances/f/", new JsonObject { ["slug"] = "no slash/" })).Expect(400);
        (await host.AuthentikAsync("PATCH", "/flows/instances/f/", new JsonObject { ["designation"] = "party" })).Expect(400);
        Assert.Equal("message", (await host.AuthentikAsync("PATCH", "/flows/instances/f/", new JsonObject { ["denied_action"] = "message" })).Expect(200).Text("denied_action"));
        Assert.Equal("1", (await host.AuthentikAsync("GET", "/flows/instances/?denied_action=message")).Text("pagination.count"));

        (await host.AuthentikAsync("DELETE", $"/flows/bindings/{bound.Text("pk")}/")).Expect(204);
        (await host.AuthentikAsync("DELETE", "/flows/instances/f/")).Expect(204);
        (await host.AuthentikAsync("GET", "/flows/instances/f/")).Expect(404);
    }

    [Fact]
    public async Task Prompts_are_made_with_expressions_that_are_understood_and_leave_their_stages_when_deleted()
    {
        await using var host = await ApiHost.StartAsync();
        var prompt = new JsonObject { ["name"] = "p", ["field_key"] = "email", ["label"] = "E-mail", ["type"] = "email", ["initial_value"] = "return user.email", ["initial_value_expression"] = true };

        var made = (await host.AuthentikAsync("POST", "/stages/prompt/prompts/", prompt.DeepClone())).Expect(201);
        Assert.IsType<JsonArray>(made.Body!["prompt_stages_obj"]); // an object
        var stage = (await host.AuthentikAsync("POST", "/stages/prompt/stages/", new JsonObject { ["name"] = "s", ["fields"] = new JsonArray(made.Text("pk")) })).Expect(201);
        prompt["name"] = "q";
        prompt["initial_value"] = "return __import__('os').environ";
        Assert.NotNull((await host.AuthentikAsync("POST", "/stages/prompt/prompts/", prompt.DeepClone())).Expect(400).Body!["initial_value"]); // an object
        Assert.Equal("s", (await host.AuthentikAsync("GET", $"/stages/prompt/prompts/{made.Text("pk")}/")).Text("prompt_stages_obj.0.name"));
        (await host.AuthentikAsync("DELETE", $"/stages/prompt/prompts/{made.Text("pk")}/")).Expect(204);
        Assert.Empty((await host.AuthentikAsync("GET", $"/stages/prompt/stages/{stage.Text("pk")}/")).Body!["fields"]!.AsArray()); // always sent
    }

    [Fact]
    public async Task Invitations_hold_no_password_and_a_random_id()
    {
        await using var host = await ApiHost.StartAsync();

        var made = (await host.AuthentikAsync("POST", "/stages/invitation/invitations/", new JsonObject
        {
            ["name"] = "for-carol",
            ["single_use"] = true,
            ["expires"] = "2030-01-01T00:00:00.000Z",
            ["fixed_data"] = new JsonObject { ["email"] = "carol@example.com" },
            ["flow"] = host.Flow.ToString(),
        })).Expect(201);

        Assert.Equal(4, Guid.Parse(made.Text("pk")!).Version); // always sent
        var told = (await host.AuthentikAsync("GET", "/events/events/?action=model_created")).Expect(200).Body!.ToJsonString();
        Assert.Contains("for-carol", told, StringComparison.Ordinal);
        Assert.DoesNotContain(Guid.Parse(made.Text("pk")!).ToString("N"), told, StringComparison.Ordinal); // whoever is told of it could use it
        Assert.Equal((host.Flow.ToString(), "akadmin", "carol@example.com"), (made.Text("flow_obj.pk"), made.Text("created_by.username"), made.Text("fixed_data.email")));
        Assert.Equal("1", (await host.AuthentikAsync("GET", "/stages/invitation/invitations/?created_by__username=akadmin&ordering=expires")).Expect(200).Text("pagination.count"));
        Assert.NotNull((await host.AuthentikAsync("POST", "/stages/invitation/invitations/", new JsonObject { ["name"] = "x", ["fixed_data"] = new JsonObject { ["password"] = "p" } })).Expect(400).Body!["fixed_data"]); // an object
        (await host.AuthentikAsync("POST", "/stages/invitation/invitations/", new JsonObject { ["name"] = "not a slug" })).Expect(400);
        (await host.AuthentikAsync("DELETE", $"/stages/invitation/invitations/{made.Text("pk")}/")).Expect(204);
    }

    [Fact]
    public async Task Row_21_recovery_needs_the_brands_flow_and_gives_a_link_or_sends_it()
    {
        await using var host = await ApiHost.StartAsync();
        var path = $"/core/users/{host.UserId}/recovery";
        var mail = (await host.AuthentikAsync("POST", "/stages/email/", new JsonObject { ["name"] = "mail", ["use_global_settings"] = true, ["subject"] = "Hello\r\nBcc: evil@example.com" })).Expect(201);

        Assert.Equal("No recovery flow set.", (await host.AuthentikAsync("POST", path + "/", new JsonObject())).Expect(400).Text("non_field_errors"));
        await SetFlowAsync(host);
        Assert.Matches(@"^https://auth\.example\.com:8443/if/flow/lost/\?flow_token=[0-9a-f]{64}$", (await host.AuthentikAsync("POST", path + "/", new JsonObject { ["token_duration"] = "hours=1" })).Expect(200).Text("link"));
        (await host.AuthentikAsync("POST", path + "/", new JsonObject { ["token_duration"] = "5m" })).Expect(400);
        (await host.AuthentikAsync("POST", "/core/users/99999/recovery/", new JsonObject())).Expect(404);
        (await host.AuthentikAsync("POST", path + "_email/", new JsonObject())).Expect(400);
        (await host.AuthentikAsync("POST", path + "_email/", new JsonObject { ["email_stage"] = mail.Text("pk") })).Expect(204);
        var sent = Assert.Single(host.Mail.Sent);
        Assert.Equal(("bob@example.com", "Hello  Bcc: evil@example.com"), (sent.To, sent.Subject));
        foreach (var action in (string[])["secret_view", "email_sent"])
        {
            var told = await EventAsync(host, action);
            Assert.Equal((true, "user", $"{host.UserId}"), (told.ClientIp is { Length: > 0 }, told.TargetModel, told.TargetKey)); // L05
        }

        host.Mail.Fault = "no server";
        Assert.Contains("no server", (await host.AuthentikAsync("POST", path + "_email/", new JsonObject { ["email_stage"] = mail.Text("pk") })).Expect(400).Text("non_field_errors"), StringComparison.Ordinal);
    }

    private static async Task<Event> EventAsync(ApiHost host, string action)
    {
        await using var db = host.Open();
        return await db.Events.AsNoTracking().SingleAsync(e => e.Action == action, TestContext.Current.CancellationToken);
    }

    private static async Task SetFlowAsync(ApiHost host)
    {
        await using var db = host.Open();
        var flow = new Flow { Id = Guid.CreateVersion7(), Slug = "lost", Name = "lost", Title = "Lost", Designation = "recovery" };
        db.Flows.Add(flow);
        (await db.Brands.SingleAsync(TestContext.Current.CancellationToken)).RecoveryFlowId = flow.Id;
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    private static JsonObject Whole(StageKind kind, string name)
    {
        var body = new JsonObject { ["name"] = name };
        foreach (var field in kind.Fields.Where(f => f.IsRequired))
        {
            body[field.Name] = field.DefaultJson;
        }

        return body;
    }
}
