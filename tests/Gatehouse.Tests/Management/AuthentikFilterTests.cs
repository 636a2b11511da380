using System.Text.Json.Nodes;
using Gatehouse.Model.Bindings;

namespace Gatehouse.Tests.Management;

/// <summary>Filters of lists: each narrows, or is refused; none is left out of account (contract §4.1, §4.5).</summary>
public class AuthentikFilterTests
{
    [Theory]
    [InlineData("fsb_uuid={place}", 1)]
    [InlineData("pbm_uuid={place}", 1)]
    [InlineData("fsb_uuid={place}&pbm_uuid={flow}", 0)]
    [InlineData("evaluate_on_plan=true", 1)]
    [InlineData("re_evaluate_policies=false", 0)]
    [InlineData("policy_engine_mode=all", 0)]
    [InlineData("policy_engine_mode=any", 2)]
    [InlineData("invalid_response_action=restart", 1)]
    [InlineData("policies={policy}", 1)]
    [InlineData("policies={flow}", 0)]
    public async Task Bindings_of_stages(string query, int expected)
    {
        await using var host = await ApiHost.StartAsync();
        var policy = (await host.AuthentikAsync("POST", "/policies/dummy/", new JsonObject { ["name"] = "d" })).Expect(201).Text("pk")!;
        var stage = (await host.AuthentikAsync("POST", "/stages/dummy/", new JsonObject { ["name"] = "s" })).Expect(201).Text("pk")!;
        var place = (await host.AuthentikAsync("POST", "/flows/bindings/", new JsonObject
        {
            ["target"] = host.Flow.ToString(),
            ["stage"] = stage,
            ["order"] = 0,
            ["evaluate_on_plan"] = true,
            ["invalid_response_action"] = "restart",
        })).Expect(201).Text("pk")!;
        (await host.AuthentikAsync("POST", "/flows/bindings/", new JsonObject { ["target"] = host.Flow.ToString(), ["stage"] = stage, ["order"] = 1 })).Expect(201);
        (await host.AuthentikAsync("POST", "/policies/bindings/", new JsonObject { ["target"] = place, ["policy"] = policy, ["order"] = 0 })).Expect(201);

        var asked = query.Replace("{place}", place, StringComparison.Ordinal).Replace("{flow}", host.Flow.ToString(), StringComparison.Ordinal).Replace("{policy}", policy, StringComparison.Ordinal);
        Assert.Equal(expected, await CountAsync(host, "/flows/bindings/?" + asked));
    }

    [Theory]
    [InlineData("/policies/dummy/?policy_uuid={id}", 1)]
    [InlineData("/policies/dummy/?policy_uuid={flow}", 0)]
    [InlineData("/policies/dummy/?wait_min=7", 1)]
    [InlineData("/policies/dummy/?wait_min=8", 0)]
    [InlineData("/policies/dummy/?result=true", 1)]
    [InlineData("/policies/reputation/?threshold=-5", 1)]
    [InlineData("/policies/reputation/?threshold=-4", 0)]
    [InlineData("/policies/reputation/?check_ip=false", 0)]
    [InlineData("/stages/identification/?show_matched_user=false", 1)]
    [InlineData("/stages/identification/?case_insensitive_matching=false", 0)]
    [InlineData("/stages/identification/?password_stage={flow}", 0)]
    [InlineData("/stages/identification/?password_stage={password}", 1)]
    [InlineData("/stages/prompt/stages/?fields={prompt}", 1)]
    [InlineData("/stages/prompt/stages/?fields={flow}", 0)]
    [InlineData("/stages/prompt/stages/?stage_uuid={flow}", 0)]
    [InlineData("/stages/prompt/prompts/?placeholder=x", 0)]
    [InlineData("/stages/password/?failed_attempts_before_cancel=5", 1)]
    [InlineData("/stages/password/?failed_attempts_before_cancel=6", 0)]
    public async Task Settings_of_policies_and_stages(string query, int expected)
    {
        await using var host = await ApiHost.StartAsync();
        var id = await MakeAsync(host, "/policies/dummy/", new JsonObject { ["name"] = "d", ["wait_min"] = 7, ["result"] = true });
        await MakeAsync(host, "/policies/dummy/", new JsonObject { ["name"] = "e", ["wait_min"] = 9 });
        await MakeAsync(host, "/policies/reputation/", new JsonObject { ["name"] = "r" });
        var password = await MakeAsync(host, "/stages/password/", new JsonObject { ["name"] = "p", ["backends"] = new JsonArray("authentik.core.auth.InbuiltBackend") });
        await MakeAsync(host, "/stages/identification/", new JsonObject { ["name"] = "i", ["show_matched_user"] = false, ["password_stage"] = password });
        await MakeAsync(host, "/stages/identification/", new JsonObject { ["name"] = "j" });
        var prompt = await MakeAsync(host, "/stages/prompt/prompts/", new JsonObject { ["name"] = "q", ["field_key"] = "k", ["label"] = "l", ["type"] = "text" });
        await MakeAsync(host, "/stages/prompt/stages/", new JsonObject { ["name"] = "ps", ["fields"] = new JsonArray(prompt) });

        var asked = query.Replace("{id}", id, StringComparison.Ordinal).Replace("{flow}", host.Flow.ToString(), StringComparison.Ordinal)
            .Replace("{password}", password, StringComparison.Ordinal).Replace("{prompt}", prompt, StringComparison.Ordinal);
        Assert.Equal(expected, await CountAsync(host, asked));
    }

    [Theory]
    [InlineData("property_mappings={mapping}", 1)]
    [InlineData("property_mappings={flow}", 0)]
    [InlineData("include_claims_in_id_token=false", 0)]
    [InlineData("access_code_validity=minutes%3D1", 1)]
    [InlineData("access_token_validity=minutes%3D7", 0)]
    [InlineData("refresh_token_validity=days%3D30", 1)]
    [InlineData("invalidation_flow={mapping}", 0)]
    [InlineData("encryption_key={mapping}", 0)]
    public async Task Providers(string query, int expected)
    {
        await using var host = await ApiHost.StartAsync();
        var mapping = (await host.AuthentikAsync("GET", "/propertymappings/provider/scope/")).Text("results.0.pk")!;
        var provider = AuthentikRefusals.Provider(host, "one");
        provider["property_mappings"] = new JsonArray(mapping);
        (await host.AuthentikAsync("POST", "/providers/oauth2/", provider)).Expect(201);

        var asked = query.Replace("{mapping}", mapping, StringComparison.Ordinal).Replace("{flow}", host.Flow.ToString(), StringComparison.Ordinal);
        Assert.Equal(expected, await CountAsync(host, "/providers/oauth2/?" + asked));
    }

    [Theory]
    [InlineData("identifier_in=ada,eve", 2)]
    [InlineData("identifier_in=ada&identifier_in=bob", 2)]
    [InlineData("score=-2", 1)]
    [InlineData("score=2", 0)]
    public async Task Scores(string query, int expected)
    {
        await using var host = await ApiHost.StartAsync();
        await using (var db = host.Open())
        {
            foreach (var (name, score) in new[] { ("ada", -2), ("bob", 1), ("eve", -1) })
            {
                db.Reputations.Add(new Reputation
                {
                    Id = Guid.CreateVersion7(),
                    Identifier = name,
                    Ip = "192.0.2.1",
                    Score = score,
                    UpdatedAt = host.Clock.GetUtcNow(),
                    ExpiresAt = host.Clock.GetUtcNow().AddDays(1),
                });
            }

            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(expected, await CountAsync(host, "/policies/reputation/scores/?" + query));
    }

    [Theory]
    [InlineData("/events/transports/?webhook_url=https%3A%2F%2Fhook.example%2F", 1)]
    [InlineData("/events/transports/?webhook_url=https%3A%2F%2Fother.example%2F", 0)]
    [InlineData("/events/transports/?name=nothing", 0)]
    [InlineData("/events/events/?brand_name=x", 0)]
    [InlineData("/events/events/?context_device=x", 0)]
    [InlineData("/events/notifications/?user=99999", 0)]
    public async Task Events_and_their_transports(string query, int expected)
    {
        await using var host = await ApiHost.StartAsync();
        await MakeAsync(host, "/events/transports/", new JsonObject { ["name"] = "hook", ["mode"] = "webhook", ["webhook_url"] = "https://hook.example/" });

        Assert.Equal(expected, await CountAsync(host, query));
    }

    [Theory]
    [InlineData("/flows/bindings/?evaluate_on_plan=perhaps")]
    [InlineData("/flows/bindings/?policy_engine_mode=most")]
    [InlineData("/policies/dummy/?created=2026-01-01T00:00:00Z")]
    [InlineData("/policies/dummy/?result=perhaps")]
    [InlineData("/policies/reputation/scores/?score=low")]
    [InlineData("/oauth2/access_tokens/?ordering=secret")]
    [InlineData("/oauth2/refresh_tokens/?ordering=-token")]
    [InlineData("/oauth2/authorization_codes/?ordering=code")]
    public async Task A07_what_no_list_can_be_asked_for_is_refused(string query)
    {
        await using var host = await ApiHost.StartAsync();

        (await host.AuthentikAsync("GET", query)).Expect(400);
    }

    [Fact]
    public async Task Tokens_come_newest_first_or_as_asked()
    {
        await using var host = await ApiHost.StartAsync();

        foreach (var ordering in new[] { "pk", "-pk" })
        {
            (await host.AuthentikAsync("GET", "/oauth2/access_tokens/?ordering=" + ordering)).Expect(200);
        }
    }

    private static async Task<string> MakeAsync(ApiHost host, string path, JsonObject body) => (await host.AuthentikAsync("POST", path, body)).Expect(201).Text("pk")!;

    private static async Task<int> CountAsync(ApiHost host, string path) =>
        int.Parse((await host.AuthentikAsync("GET", path)).Expect(200).Text("pagination.count")!, System.Globalization.CultureInfo.InvariantCulture);
}
