using System.Text.Json.Nodes;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary>Applications, policies, groups and login methods of Cloudflare's API.</summary>
public class CloudflareAppTests
{
    [Fact]
    public async Task A_new_app_echoes_the_documented_defaults()
    {
        await using var host = await ApiHost.StartAsync();

        var app = (await host.CloudflareAsync("POST", "/access/apps", App("App.example.com/Admin/"))).Expect(201);

        Assert.Matches("^[0-9a-f]{64}$", app.Text("result.aud"));
        Assert.Equal(app.Text("result.id"), app.Text("result.uid"));
        var expected = JsonNode.Parse(
            """
            {"type":"self_hosted","name":"app.example.com/Admin","domain":"app.example.com/Admin","domain_type":"public","self_hosted_domains":["app.example.com/Admin"],
             "destinations":[{"type":"public","uri":"app.example.com/Admin"}],"session_duration":"24h","allowed_idps":[],"auto_redirect_to_identity":false,
             "app_launcher_visible":true,"enable_binding_cookie":false,"http_only_cookie_attribute":true,"same_site_cookie_attribute":"","path_cookie_attribute":false,
             "skip_interstitial":false,"service_auth_401_redirect":false,"options_preflight_bypass":false,"cors_headers":null,"allow_iframe":false,"tags":[],
             "eager_redirect_cookie_setting":true,"policies":[]}
            """)!.AsObject();
        Assert.All(expected, field => Assert.Equal(field.Value?.ToJsonString(), app.Result[field.Key]?.ToJsonString()));
        Assert.Equal(1, host.Reloads.Count);
    }

    [Fact]
    public async Task Every_field_that_was_acknowledged_is_kept()
    {
        await using var host = await ApiHost.StartAsync();
        var idp = (await host.CloudflareAsync("POST", "/access/identity_providers", LoginMethod())).Expect(201).Text("result.id");
        var wanted = App("a.example.com");
        (wanted["name"], wanted["session_duration"], wanted["allowed_idps"], wanted["auto_redirect_to_identity"]) = ("A", "30m", new JsonArray(idp), true);
        (wanted["app_launcher_visible"], wanted["http_only_cookie_attribute"], wanted["same_site_cookie_attribute"], wanted["path_cookie_attribute"]) = (false, false, "strict", true);
        (wanted["options_preflight_bypass"], wanted["custom_deny_message"], wanted["custom_deny_url"]) = (true, "No.", "https://example.com/no");
        wanted["destinations"] = new JsonArray(Destination("b.example.com"), Destination("a.example.com"));

        var made = (await host.CloudflareAsync("POST", "/access/apps", wanted)).Expect(201);
        var read = await host.CloudflareAsync("GET", $"/access/apps/{made.Text("result.id")}");

        Assert.Equal(made.Result.ToJsonString(), read.Result.ToJsonString());
        wanted["destinations"] = new JsonArray(Destination("a.example.com"), Destination("b.example.com")); // the primary one first
        Assert.All(wanted, field => Assert.Equal(field.Value!.ToJsonString(), read.Result[field.Key]!.ToJsonString()));
        Assert.Equal(read.Result.ToJsonString(), (await host.CloudflareAsync("GET", $"/access/apps/{made.Text("result.aud")}")).Result.ToJsonString());
        var put = (await host.CloudflareAsync("PUT", $"/access/apps/{made.Text("result.id")}", App("c.example.com"))).Expect(200);
        Assert.Equal((made.Text("result.aud"), "24h", ""), (put.Text("result.aud"), put.Text("result.session_duration"), put.Text("result.same_site_cookie_attribute")));
        Assert.Equal("1", (await host.CloudflareAsync("GET", "/access/apps?domain=c.example.com&exact=true")).Text("result_info.count"));
        Assert.Equal("0", (await host.CloudflareAsync("GET", "/access/apps?domain=example.com&exact=true")).Text("result_info.count"));
        Assert.Equal($"{{\"id\":\"{made.Text("result.id")}\"}}", (await host.CloudflareAsync("DELETE", $"/access/apps/{made.Text("result.id")}")).Expect(200).Text("result"));
    }

    [Fact]
    public async Task A_domain_belongs_to_one_app()
    {
        await using var host = await ApiHost.StartAsync();
        var first = (await host.CloudflareAsync("POST", "/access/apps", App("a.example.com/x"))).Expect(201);
        var other = (await host.CloudflareAsync("POST", "/access/apps", App("a.example.com"))).Expect(201);

        var taken = (await host.CloudflareAsync("POST", "/access/apps", App("A.example.com/X/"))).Expect(409);

        Assert.Equal(("11010", "access.api.error.application_already_exists"), (taken.Text("errors.0.code"), taken.Text("errors.0.message")));
        Assert.Equal("false", taken.Headers.GetValues("x-should-retry").Single());
        (await host.CloudflareAsync("PUT", $"/access/apps/{other.Text("result.id")}", App("a.example.com/x"))).Expect(409);
        (await host.CloudflareAsync("PUT", $"/access/apps/{first.Text("result.id")}", App("a.example.com/x"))).Expect(200);
    }

    [Fact]
    public async Task Fields_that_ask_for_nothing_are_taken()
    {
        await using var host = await ApiHost.StartAsync();
        var body = App("a.example.com");
        foreach (var (field, value) in ((string, string?)[])[("tags", "[]"), ("cors_headers", null), ("mfa_config", "{\"mfa_disabled\":false}"), ("logo_url", "\"\""), ("enable_binding_cookie", "false"), ("scim_config", "{\"enabled\":false}"), ("id", "\"x\""), ("aud", "\"x\"")])
        {
            body[field] = value is null ? null : JsonNode.Parse(value);
        }

        Assert.NotEqual("x", (await host.CloudflareAsync("POST", "/access/apps", body)).Expect(201).Text("result.aud"));
    }

    [Fact]
    public async Task Policies_stay_when_left_out_and_go_when_emptied()
    {
        await using var host = await ApiHost.StartAsync();
        var body = App("a.example.com");
        body["policies"] = new JsonArray(Policy("first"), Policy("second"));
        var app = (await host.CloudflareAsync("POST", "/access/apps", body)).Expect(201);
        var path = $"/access/apps/{app.Text("result.id")}";
        Assert.Equal(("1", "first", "false"), (app.Text("result.policies.0.precedence"), app.Text("result.policies.0.name"), app.Text("result.policies.0.reusable")));

        var kept = (await host.CloudflareAsync("PUT", path, App("a.example.com"))).Expect(200);
        Assert.Equal(app.Text("result.policies"), kept.Text("result.policies"));

        // Read, modify, write: what was expanded comes back as it went out, turned round.
        var turned = App("a.example.com");
        var (first, second) = (kept.Result["policies"]![0]!.DeepClone(), kept.Result["policies"]![1]!.DeepClone());
        (first["precedence"], second["precedence"]) = (2, 1);
        turned["policies"] = new JsonArray(first, second);
        Assert.Equal("second", (await host.CloudflareAsync("PUT", path, turned)).Expect(200).Text("result.policies.0.name"));
        turned["policies"]![0]!["name"] = "another";
        (await host.CloudflareAsync("PUT", path, turned)).Expect(400);

        var emptied = App("a.example.com");
        emptied["policies"] = new JsonArray();
        Assert.Equal("[]", (await host.CloudflareAsync("PUT", path, emptied)).Expect(200).Text("result.policies"));
        await using var db = host.Open();
        Assert.Equal(0, await db.Policies.CountAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Reusable_policies_are_shared_and_stay_while_linked()
    {
        await using var host = await ApiHost.StartAsync();
        var policy = (await host.CloudflareAsync("POST", "/access/policies", Policy("shared"))).Expect(201);
        var id = policy.Text("result.id");
        Assert.Equal(("true", "0"), (policy.Text("result.reusable"), policy.Text("result.app_count")));
        var one = App("a.example.com");
        one["policies"] = new JsonArray(id);
        var two = App("b.example.com");
        two["policies"] = new JsonArray(new JsonObject { ["id"] = id, ["precedence"] = 7 });
        var first = (await host.CloudflareAsync("POST", "/access/apps", one)).Expect(201);
        Assert.Equal("7", (await host.CloudflareAsync("POST", "/access/apps", two)).Expect(201).Text("result.policies.0.precedence"));

        Assert.Equal("2", (await host.CloudflareAsync("GET", $"/access/policies/{id}")).Text("result.app_count"));
        Assert.Equal("12132", (await host.CloudflareAsync("DELETE", $"/access/policies/{id}")).Expect(409).Text("errors.0.code"));
        var mixed = App("c.example.com");
        mixed["policies"] = new JsonArray(id, Policy("inline"));
        (await host.CloudflareAsync("POST", "/access/apps", mixed)).Expect(400);
        mixed["policies"] = new JsonArray(id, id);
        (await host.CloudflareAsync("POST", "/access/apps", mixed)).Expect(400);
        var changed = Policy("renamed");
        changed["session_duration"] = "0s";
        Assert.Equal("0s", (await host.CloudflareAsync("PUT", $"/access/policies/{id}", changed)).Expect(200).Text("result.session_duration"));
        Assert.Equal("renamed", (await host.CloudflareAsync("GET", $"/access/apps/{first.Text("result.id")}")).Text("result.policies.0.name"));
        (await host.CloudflareAsync("PUT", $"/access/apps/{first.Text("result.id")}/policies/{id}", Policy("x"))).Expect(400);
        foreach (var app in (await host.CloudflareAsync("GET", "/access/apps")).Result.AsArray())
        {
            (await host.CloudflareAsync("DELETE", $"/access/apps/{app!["id"]!.GetValue<string>()}")).Expect(200);
        }

        (await host.CloudflareAsync("DELETE", $"/access/policies/{id}")).Expect(200);
        Assert.Equal("access.api.error.unknown_policy", (await host.CloudflareAsync("GET", $"/access/policies/{id}")).Expect(404).Text("errors.0.message"));
    }

    [Fact]
    public async Task An_app_keeps_its_own_policies_in_order()
    {
        await using var host = await ApiHost.StartAsync();
        var app = (await host.CloudflareAsync("POST", "/access/apps", App("a.example.com"))).Expect(201);
        var path = $"/access/apps/{app.Text("result.id")}/policies";

        var first = (await host.CloudflareAsync("POST", path, Policy("one"))).Expect(201);
        var second = (await host.CloudflareAsync("POST", path, Policy("two"))).Expect(201);

        Assert.Equal(("1", "2"), (first.Text("result.precedence"), second.Text("result.precedence")));
        var clash = Policy("two");
        clash["precedence"] = 1;
        (await host.CloudflareAsync("PUT", $"{path}/{second.Text("result.id")}", clash)).Expect(400);
        clash["precedence"] = 5;
        Assert.Equal("5", (await host.CloudflareAsync("PUT", $"{path}/{second.Text("result.id")}", clash)).Expect(200).Text("result.precedence"));
        Assert.Equal(["one", "two"], (await host.CloudflareAsync("GET", path)).Result.AsArray().Select(p => p!["name"]!.GetValue<string>()));
        (await host.CloudflareAsync("GET", $"{path}/{first.Text("result.id")}")).Expect(200);
        (await host.CloudflareAsync("DELETE", $"{path}/{first.Text("result.id")}")).Expect(200);
        (await host.CloudflareAsync("GET", $"{path}/{first.Text("result.id")}")).Expect(404);
        (await host.CloudflareAsync("GET", $"/access/policies/{second.Text("result.id")}")).Expect(404);
    }

    [Fact]
    public async Task Groups_nest_without_rings_and_stay_while_named()
    {
        await using var host = await ApiHost.StartAsync();
        var inner = (await host.CloudflareAsync("POST", "/access/groups", Group("inner", "{\"ip\":{\"ip\":\"192.0.2.7\"}}"))).Expect(201);
        Assert.Equal("192.0.2.7/32", inner.Text("result.include.0.ip.ip"));
        var innerRule = $"{{\"group\":{{\"id\":\"{inner.Text("result.id")}\"}}}}";
        var outer = (await host.CloudflareAsync("POST", "/access/groups", Group("outer", innerRule))).Expect(201);
        var outerRule = $"{{\"group\":{{\"id\":\"{outer.Text("result.id")}\"}}}}";
        var bypass = Policy("bypass");
        (bypass["decision"], bypass["include"]) = ("bypass", new JsonArray(JsonNode.Parse(outerRule)));
        var policy = (await host.CloudflareAsync("POST", "/access/policies", bypass)).Expect(201);

        (await host.CloudflareAsync("PUT", $"/access/groups/{inner.Text("result.id")}", Group("inner", outerRule))).Expect(400);
        (await host.CloudflareAsync("PUT", $"/access/groups/{inner.Text("result.id")}", Group("inner", innerRule))).Expect(400);
        (await host.CloudflareAsync("PUT", $"/access/groups/{inner.Text("result.id")}", Group("inner", "{\"email_domain\":{\"domain\":\"example.com\"}}"))).Expect(400);
        (await host.CloudflareAsync("POST", "/access/groups", Group("inner", "{\"everyone\":{}}"))).Expect(409);
        (await host.CloudflareAsync("DELETE", $"/access/groups/{inner.Text("result.id")}")).Expect(409);
        (await host.CloudflareAsync("DELETE", $"/access/groups/{outer.Text("result.id")}")).Expect(409);
        (await host.CloudflareAsync("DELETE", $"/access/policies/{policy.Text("result.id")}")).Expect(200);
        (await host.CloudflareAsync("DELETE", $"/access/groups/{outer.Text("result.id")}")).Expect(200);
        (await host.CloudflareAsync("DELETE", $"/access/groups/{inner.Text("result.id")}")).Expect(200);
    }

    [Fact]
    public async Task A_login_methods_secret_goes_in_and_never_comes_out()
    {
        await using var host = await ApiHost.StartAsync();
        var made = (await host.CloudflareAsync("POST", "/access/identity_providers", LoginMethod())).Expect(201);
        var path = $"/access/identity_providers/{made.Text("result.id")}";
        var replaced = LoginMethod();
        (replaced["name"], replaced["config"]!["client_secret"], replaced["config"]!["claims"], replaced["config"]!["pkce_enabled"]) = ("New", "", new JsonArray("groups"), true);

        var put = (await host.CloudflareAsync("PUT", path, replaced)).Expect(200);
        replaced["config"]!.AsObject().Remove("client_secret");
        (await host.CloudflareAsync("PUT", path, replaced)).Expect(200);

        foreach (var reply in new[] { made, put, await host.CloudflareAsync("GET", path), await host.CloudflareAsync("GET", "/access/identity_providers") })
        {
            Assert.DoesNotContain("s3cret", reply.Body!.ToJsonString(), StringComparison.Ordinal);
        }

        Assert.Equal(("New", "[\"groups\"]", "true", "[\"openid\",\"email\",\"profile\"]", "email"), (put.Text("result.name"), put.Text("result.config.claims"), put.Text("result.config.pkce_enabled"), put.Text("result.config.scopes"), put.Text("result.config.email_claim_name")));
        await using var db = host.Open();
        var kept = await db.LoginMethods.SingleAsync(TestContext.Current.CancellationToken);
        Assert.Equal("s3cret", System.Text.Encoding.UTF8.GetString(host.Box.Open(kept.SealedClientSecret, Gatehouse.Model.Keys.SecretPurposes.LoginMethodClientSecret)!));
    }

    [Fact]
    public async Task A_kept_secret_is_never_sent_to_another_token_url()
    {
        await using var host = await ApiHost.StartAsync();
        var path = $"/access/identity_providers/{(await host.CloudflareAsync("POST", "/access/identity_providers", LoginMethod())).Expect(201).Text("result.id")}";
        var moved = LoginMethod();
        (moved["config"]!["client_secret"], moved["config"]!["token_url"]) = ("", "https://elsewhere.example.com/t");

        (await host.CloudflareAsync("PUT", path, moved)).Expect(400);

        moved["config"]!["client_secret"] = "another";
        (await host.CloudflareAsync("PUT", path, moved)).Expect(200);
    }

    [Fact]
    public async Task A_login_method_stays_while_an_app_or_a_rule_names_it()
    {
        await using var host = await ApiHost.StartAsync();
        var id = (await host.CloudflareAsync("POST", "/access/identity_providers", LoginMethod())).Expect(201).Text("result.id");
        var body = App("a.example.com");
        body["allowed_idps"] = new JsonArray(id);
        var app = (await host.CloudflareAsync("POST", "/access/apps", body)).Expect(201);
        (await host.CloudflareAsync("DELETE", $"/access/identity_providers/{id}")).Expect(409);
        (await host.CloudflareAsync("DELETE", $"/access/apps/{app.Text("result.id")}")).Expect(200);
        var group = (await host.CloudflareAsync("POST", "/access/groups", Group("g", $"{{\"oidc\":{{\"claim_name\":\"groups\",\"claim_value\":\"x\",\"identity_provider_id\":\"{id}\"}}}}"))).Expect(201);
        (await host.CloudflareAsync("DELETE", $"/access/identity_providers/{id}")).Expect(409);
        (await host.CloudflareAsync("DELETE", $"/access/groups/{group.Text("result.id")}")).Expect(200);

        (await host.CloudflareAsync("DELETE", $"/access/identity_providers/{id}")).Expect(200);
    }

    [Fact]
    public async Task S08_F07_a_deleted_login_method_takes_the_sessions_with_it_that_were_made_by_it()
    {
        await using var host = await ApiHost.StartAsync();
        var id = Guid.Parse((await host.CloudflareAsync("POST", "/access/identity_providers", LoginMethod())).Expect(201).Text("result.id")!);
        await using var db = host.Open();
        var user = new AccessUser { Id = Guid.CreateVersion7(), Email = "ada@example.com" };
        db.AccessUsers.Add(user);
        db.AccessSessions.AddRange(Session("gone", user, id), Session("kept", user, Guid.CreateVersion7()));
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        Task<long> Revision(string topic) => db.Revisions.Where(r => r.Topic == topic).Select(r => r.Value).FirstOrDefaultAsync(TestContext.Current.CancellationToken);
        var (access, revocations) = (await Revision(Topic.Access), await Revision(Topic.Revocations));

        (await host.CloudflareAsync("DELETE", $"/access/identity_providers/{id}")).Expect(200);

        // Every node watches the revisions, and reads what they count.
        Assert.Equal((access + 1, revocations + 1), (await Revision(Topic.Access), await Revision(Topic.Revocations)));
        Assert.Equal(["gone"], await db.AccessSessions.AsNoTracking().Where(s => s.RevokedAt != null).Select(s => s.Nonce).ToListAsync(TestContext.Current.CancellationToken));
        Assert.Equal((2, 1), (host.Reloads.Count, host.Revocations.Count));
    }

    private static AccessSession Session(string nonce, AccessUser user, Guid method) => new()
    {
        Nonce = nonce,
        UserId = user.Id,
        Email = user.Email,
        Subject = "u-1",
        LoginMethodId = method,
        ClaimsJson = "{}",
        Address = "203.0.113.9",
        ExpiresAt = TestAccess.Epoch.AddYears(1),
        ForgetAt = TestAccess.Epoch.AddYears(1),
    };

    private static JsonObject App(string domain) => new() { ["type"] = "self_hosted", ["domain"] = domain };

    private static JsonObject Destination(string uri) => new() { ["type"] = "public", ["uri"] = uri };

    private static JsonObject Policy(string name) => new() { ["name"] = name, ["decision"] = "allow", ["include"] = new JsonArray(new JsonObject { ["everyone"] = new JsonObject() }) };

    private static JsonObject Group(string name, string rule) => new() { ["name"] = name, ["include"] = new JsonArray(JsonNode.Parse(rule)) };

    internal static JsonObject LoginMethod() => new()
    {
        ["name"] = "Authentik",
        ["type"] = "oidc",
        ["config"] = new JsonObject
        {
            ["client_id"] = "id",
            ["client_secret"] = "s3cret",
            ["auth_url"] = "https://idp.example.com/a",
            ["token_url"] = "https://idp.example.com/t",
            ["certs_url"] = "https://idp.example.com/j",
        },
    };
}
