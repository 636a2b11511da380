using System.Text.Json.Nodes;
using Gatehouse.Model.Bindings;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>Lists, tags, custom pages, the organization, and what policies say of them.</summary>
public class CloudflareListTests
{
    [Fact]
    public async Task A_list_takes_canonical_entries_once_and_stays_while_a_rule_names_it()
    {
        await using var host = await ApiHost.StartAsync();
        var made = (await host.CloudflareAsync("POST", "/gateway/lists", List("EMAIL", "Ada@Example.com", "ada@example.com", "bob@example.com"))).Expect(201);
        var path = "/gateway/lists/" + made.Text("result.id");

        Assert.Equal(("EMAIL", "2", "ada@example.com"), (made.Text("result.type"), made.Text("result.count"), made.Text("result.items.0.value")));
        (await host.CloudflareAsync("POST", "/gateway/lists", List("EMAIL", "eve@example.com"))).Expect(409);
        var edited = (await host.CloudflareAsync("PATCH", path, JsonNode.Parse("""{"append":[{"value":"cy@example.com"}],"remove":["ADA@example.com","nobody@example.com"]}"""))).Expect(200);
        Assert.Equal(["bob@example.com", "cy@example.com"], edited.Result["items"]!.AsArray().Select(i => i!["value"]!.GetValue<string>()));
        Assert.Equal("1", (await host.CloudflareAsync("GET", path + "/items?per_page=1&page=2")).Text("result_info.count"));
        Assert.Equal("0", (await host.CloudflareAsync("GET", path + "/items?page=3")).Text("result_info.count"));
        Assert.Equal("1", (await host.CloudflareAsync("GET", "/gateway/lists?type=EMAIL")).Text("result_info.total_count"));
        Assert.Equal("0", (await host.CloudflareAsync("GET", "/gateway/lists?type=IP")).Text("result_info.total_count"));

        var policy = (await host.CloudflareAsync("POST", "/access/policies", Policy("p", $"{{\"email_list\":{{\"id\":\"{made.Text("result.id")}\"}}}}"))).Expect(201);
        (await host.CloudflareAsync("DELETE", path)).Expect(409);
        (await host.CloudflareAsync("PUT", path, JsonNode.Parse("""{"name":"renamed"}"""))).Expect(200);
        (await host.CloudflareAsync("DELETE", "/access/policies/" + policy.Text("result.id"))).Expect(200);
        (await host.CloudflareAsync("DELETE", path)).Expect(200);
        (await host.CloudflareAsync("GET", path)).Expect(404);
    }

    [Theory]
    [InlineData("EMAIL", "no address")]
    [InlineData("IP", "192.0.2.1/24")]
    [InlineData("IP", "127.1")]
    [InlineData("IP", "::ffff:192.0.2.1")]
    [InlineData("DOMAIN", "example.com")]
    public async Task Entries_that_can_be_read_in_two_ways_are_refused(string type, string value)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal("12130", (await host.CloudflareAsync("POST", "/gateway/lists", List(type, value))).Expect(400).Text("errors.0.code"));
    }

    [Fact]
    public async Task A_rule_names_a_list_of_its_own_kind_that_exists_and_a_country_only_with_a_database_of_places()
    {
        await using var host = await ApiHost.StartAsync();
        var list = (await host.CloudflareAsync("POST", "/gateway/lists", List("IP", "192.0.2.0/24"))).Expect(201).Text("result.id");

        foreach (var (rule, reason) in ((string, string)[])[
            ($"{{\"email_list\":{{\"id\":\"{list}\"}}}}", "does not hold"),
            ($"{{\"ip_list\":{{\"id\":\"{Guid.CreateVersion7()}\"}}}}", "there is no list"),
            ("""{"geo":{"country_code":"DE"}}""", "--geoip"),
            ("""{"device_posture":{"integration_uid":"x"}}""", "device client"),
            ("""{"user_risk_score":{"user_risk_score":["high"]}}""", "risk scores"),
            ("""{"okta":{"name":"x","identity_provider_id":"00000000-0000-0000-0000-000000000001"}}""", "there is no login method")])
        {
            var refused = (await host.CloudflareAsync("POST", "/access/policies", Policy("p", rule))).Expect(400);
            Assert.Equal("12130", refused.Text("errors.0.code"));
            Assert.Contains(reason, refused.Text("errors.0.message"), StringComparison.Ordinal);
        }

        (await host.CloudflareAsync("POST", "/access/policies", Policy("p", $"{{\"ip_list\":{{\"id\":\"{list}\"}}}}", "bypass"))).Expect(201);
        await using var placed = await ApiHost.StartAsync(s => s.AddSingleton<IGeoReader>(new Anywhere()));
        (await placed.CloudflareAsync("POST", "/access/policies", Policy("p", """{"geo":{"country_code":"de"}}""", "bypass"))).Expect(201);
    }

    [Fact]
    public async Task A_policy_keeps_its_purpose_and_approvers_and_refuses_what_cant_be_had()
    {
        await using var host = await ApiHost.StartAsync();
        var body = Policy("p", """{"email_domain":{"domain":"example.com"}}""");
        (body["purpose_justification_required"], body["purpose_justification_prompt"], body["approval_required"]) = (true, "Why?", true);
        body["approval_groups"] = JsonNode.Parse("""[{"approvals_needed":1,"email_addresses":["Boss@example.com"]}]""");

        var made = (await host.CloudflareAsync("POST", "/access/policies", body)).Expect(201);
        var read = (await host.CloudflareAsync("GET", "/access/policies/" + made.Text("result.id"))).Expect(200);
        Assert.Equal(("true", "Why?", "true", "boss@example.com"), (
            read.Text("result.purpose_justification_required"), read.Text("result.purpose_justification_prompt"), read.Text("result.approval_required"), read.Text("result.approval_groups.0.email_addresses.0")));

        foreach (var (field, value, reason) in ((string, string, string)[])[
            ("approval_groups", "[]", "at least one"),
            ("approval_groups", """[{"approvals_needed":2,"email_addresses":["boss@example.com"]}]""", "2 approvals"),
            ("approval_groups", """[{"approvals_needed":0,"email_addresses":["boss@example.com"]}]""", "from 1 to 100"),
            ("approval_groups", """[{"approvals_needed":1,"email_list_uuid":"00000000-0000-0000-0000-000000000001"}]""", "no list"),
            ("decision", "\"deny\"", "only allow"),
            ("mfa_config", """{"allowed_authenticators":["totp"]}""", "turn second factors on"),
            ("isolation_required", "true", "remote browser")])
        {
            var changed = body.DeepClone();
            changed[field] = JsonNode.Parse(value);
            Assert.Contains(reason, (await host.CloudflareAsync("POST", "/access/policies", changed)).Expect(400).Text("errors.0.message"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Odd_policies_are_taken_and_told_in_messages()
    {
        await using var host = await ApiHost.StartAsync();

        var open = (await host.CloudflareAsync("POST", "/access/policies", Policy("open", """{"everyone":{}}""", "bypass"))).Expect(201);
        var sound = (await host.CloudflareAsync("POST", "/access/policies", Policy("sound", """{"email":{"email":"ada@example.com"}}"""))).Expect(201);

        Assert.Equal("12900", open.Text("messages.0.code"));
        Assert.StartsWith("world-open: ", open.Text("messages.0.message"), StringComparison.Ordinal);
        Assert.Equal("[]", sound.Text("messages"));
    }

    [Fact]
    public async Task Tags_are_named_by_apps_and_apps_follow_a_renaming()
    {
        await using var host = await ApiHost.StartAsync();
        (await host.CloudflareAsync("POST", "/access/tags", new JsonObject { ["name"] = "my tag" })).Expect(201);
        (await host.CloudflareAsync("POST", "/access/tags", new JsonObject { ["name"] = "my tag" })).Expect(409);
        var app = new JsonObject { ["type"] = "self_hosted", ["domain"] = "a.example.com", ["tags"] = new JsonArray("my tag") };
        var made = (await host.CloudflareAsync("POST", "/access/apps", app)).Expect(201);
        Assert.Equal("1", (await host.CloudflareAsync("GET", "/access/tags/my%20tag")).Expect(200).Text("result.app_count"));

        (await host.CloudflareAsync("PUT", "/access/tags/my%20tag", new JsonObject { ["name"] = "other" })).Expect(200);
        Assert.Equal("[\"other\"]", (await host.CloudflareAsync("GET", "/access/apps/" + made.Text("result.id"))).Text("result.tags"));
        app["tags"] = new JsonArray("my tag");
        Assert.Contains("tags contain a tag that does not exist", (await host.CloudflareAsync("PUT", "/access/apps/" + made.Text("result.id"), app)).Expect(400).Text("errors.0.message"), StringComparison.Ordinal);
        (await host.CloudflareAsync("DELETE", "/access/tags/other")).Expect(200);
        Assert.Equal("[]", (await host.CloudflareAsync("GET", "/access/apps/" + made.Text("result.id"))).Text("result.tags"));
    }

    [Fact]
    public async Task Custom_pages_are_shown_by_apps_or_by_the_organization_and_stay_while_they_are()
    {
        await using var host = await ApiHost.StartAsync();
        var page = new JsonObject { ["name"] = "no", ["type"] = "identity_denied", ["custom_html"] = "<h1>No</h1>" };
        var made = (await host.CloudflareAsync("POST", "/access/custom_pages", page)).Expect(201);
        var id = made.Text("result.uid");
        Assert.Null(made.Result["custom_html"]);
        Assert.Equal("<h1>No</h1>", (await host.CloudflareAsync("GET", "/access/custom_pages/" + id)).Text("result.custom_html"));

        (await host.CloudflareAsync("PUT", "/access/organizations", JsonNode.Parse($"{{\"custom_pages\":{{\"forbidden\":\"{id}\"}}}}"))).Expect(400);
        (await host.CloudflareAsync("PUT", "/access/organizations", JsonNode.Parse($"{{\"custom_pages\":{{\"identity_denied\":\"{id}\"}}}}"))).Expect(200);
        (await host.CloudflareAsync("DELETE", "/access/custom_pages/" + id)).Expect(409);
        (await host.CloudflareAsync("PUT", "/access/organizations", JsonNode.Parse("""{"custom_pages":{"identity_denied":""}}"""))).Expect(200);
        (await host.CloudflareAsync("DELETE", "/access/custom_pages/" + id)).Expect(200);
        (await host.CloudflareAsync("POST", "/access/custom_pages", new JsonObject { ["name"] = "x", ["type"] = "login", ["custom_html"] = "x" })).Expect(400); // nobody could go on
        (await host.CloudflareAsync("POST", "/access/custom_pages", new JsonObject { ["name"] = "x", ["type"] = "login", ["custom_html"] = "{{LoginMethods}} or {{LoginMethods}}" })).Expect(400);
        (await host.CloudflareAsync("POST", "/access/custom_pages", new JsonObject { ["name"] = "x", ["type"] = "interstitial", ["custom_html"] = "x" })).Expect(400);
        var login = (await host.CloudflareAsync("POST", "/access/custom_pages", new JsonObject { ["name"] = "in", ["type"] = "login", ["custom_html"] = "<h1>In</h1>{{LoginMethods}}" })).Expect(201);
        Assert.Equal("login", (await host.CloudflareAsync("GET", "/access/custom_pages/" + login.Text("result.uid"))).Text("result.type"));
        (await host.CloudflareAsync("PUT", "/access/custom_pages/" + login.Text("result.uid"), new JsonObject { ["name"] = "in", ["type"] = "login", ["custom_html"] = "<h1>In</h1>" })).Expect(400);
        (await host.CloudflareAsync("PUT", "/access/organizations", JsonNode.Parse($"{{\"custom_pages\":{{\"identity_denied\":\"{login.Text("result.uid")}\"}}}}"))).Expect(400);
    }

    [Fact]
    public async Task The_organization_changes_what_is_named_and_nothing_else()
    {
        await using var host = await ApiHost.StartAsync();
        var changed = (await host.CloudflareAsync("PUT", "/access/organizations", JsonNode.Parse(
            """{"auto_redirect_to_identity":true,"access_log_retention":"240h","login_design":{"header_text":"Hello","footer_text":"Bye"}}"""))).Expect(200);

        Assert.Equal(("true", "240h", "Hello", "24h"), (
            changed.Text("result.auto_redirect_to_identity"), changed.Text("result.access_log_retention"), changed.Text("result.login_design.header_text"), changed.Text("result.session_duration")));
        (await host.CloudflareAsync("PUT", "/access/organizations", JsonNode.Parse("""{"access_log_retention":"1h"}"""))).Expect(400);
        (await host.CloudflareAsync("PUT", "/access/organizations", JsonNode.Parse("""{"login_design":{"background_color":"#1F6feb","text_color":"#fff","logo_path":"data:image/png;base64,iVBORw0KGgo="}}"""))).Expect(200);
        var design = (await host.CloudflareAsync("GET", "/access/organizations")).Result["login_design"]!;
        Assert.Equal(("#1F6feb", "#fff", "data:image/png;base64,iVBORw0KGgo="), (design["background_color"]!.ToString(), design["text_color"]!.ToString(), design["logo_path"]!.ToString()));
        foreach (var (field, value) in ((string, string)[])[
            ("background_color", "red"), ("background_color", "#ff"), ("text_color", "#fff;}body{x:y"), ("text_color", "#ggg"), ("logo_path", "http://a.example/l.png"),
            ("logo_path", "data:text/html;base64,aGk="), ("logo_path", "data:image/svg+xml,<svg/>"), ("logo_path", "data:image/png;base64,a b"), ("logo_path", "https://a.example/;script-src *")])
        {
            (await host.CloudflareAsync("PUT", "/access/organizations", new JsonObject { ["login_design"] = new JsonObject { [field] = value } })).Expect(400);
        }

        (await host.CloudflareAsync("PUT", "/access/organizations", JsonNode.Parse("""{"login_design":{"background_color":"","logo_path":""}}"""))).Expect(200);
        Assert.Equal("", (await host.CloudflareAsync("GET", "/access/organizations")).Text("result.login_design.logo_path"));
    }

    private static JsonObject List(string type, params string[] values) =>
        new() { ["name"] = "people", ["type"] = type, ["items"] = new JsonArray([.. values.Select(v => new JsonObject { ["value"] = v })]) };

    private static JsonObject Policy(string name, string rule, string decision = "allow") => new() { ["name"] = name, ["decision"] = decision, ["include"] = new JsonArray(JsonNode.Parse(rule)) };

    private sealed class Anywhere : IGeoReader
    {
        public bool IsAvailable => true;

        public GeoFacts? Find(System.Net.IPAddress address) => new("DE", null, null, null, null);
    }
}
