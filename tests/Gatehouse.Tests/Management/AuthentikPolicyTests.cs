using System.Text.Json.Nodes;
using Gatehouse.Model.Providers;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary>Policies, bindings, scope mappings and access over authentik's API: checks 15 to 18 of the contract, and the attacks on them.</summary>
public class AuthentikPolicyTests
{
    [Fact]
    public async Task Check_15_an_application_with_provider_and_bindings_is_laid_whole_or_not_at_all()
    {
        await using var host = await ApiHost.StartAsync();
        var group = (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "devs" })).Expect(201).Text("pk");

        var reply = await LayAsync(host, "app2", group);
        Assert.Equal("true", reply.Expect(200).Text("applied"));
        var app = (await host.AuthentikAsync("GET", "/core/applications/app2/")).Expect(200);
        Assert.Equal("app2-provider", app.Text("provider_obj.name"));
        Assert.Equal(group, (await host.AuthentikAsync("GET", $"/policies/bindings/?target={app.Text("pk")}")).Text("results.0.group"));
        Assert.Single(app.Body!["provider_obj"]!["property_mappings"]!.AsArray()); // of the usual three this host has one

        var again = await LayAsync(host, "app2", group);
        Assert.NotEmpty(again.Expect(400).Body!["app"]!["slug"]!.AsArray());
        Assert.NotEmpty(again.Body!["provider"]!["name"]!.AsArray());
        var half = await LayAsync(host, "app3", Guid.CreateVersion7().ToString());
        Assert.NotEmpty(half.Expect(400).Body!["policy_bindings"]![0]!["group"]!.AsArray());
        (await host.AuthentikAsync("GET", "/core/applications/app3/")).Expect(404);
        Assert.Equal("1", (await host.AuthentikAsync("GET", "/providers/all/")).Text("pagination.count"));
    }

    [Fact]
    public async Task Check_16_preview_shows_the_claims_of_a_user()
    {
        await using var host = await ApiHost.StartAsync();
        var mapping = (await MappingAsync(host, "mine", """return {"team": user.username + "@" + provider.client_id, "iss": "evil"}""")).Expect(201).Text("pk");
        var email = (await host.AuthentikAsync("GET", "/propertymappings/provider/scope/?scope_name=email")).Text("results.0.pk");
        var provider = await ProviderAsync(host, "one", mapping!, email!);

        var preview = (await host.AuthentikAsync("GET", $"/providers/oauth2/{provider.Text("pk")}/preview_user/?for_user={host.UserId}")).Expect(200);

        Assert.Equal("bob@example.com", preview.Text("preview.email"));
        Assert.Equal("bob@" + provider.Text("client_id"), preview.Text("preview.team"));
        Assert.Equal("", preview.Text("preview.iss"));
        (await host.AuthentikAsync("GET", $"/providers/oauth2/{provider.Text("pk")}/preview_user/?for_user=99999")).Expect(400);
    }

    [Fact]
    public async Task A04_a_registration_rule_is_bound_and_its_bindings_go_with_it()
    {
        await using var host = await ApiHost.StartAsync();
        var provider = (await host.AuthentikAsync("POST", "/providers/oauth2/", AuthentikRefusals.Provider(host, "one"))).Expect(201);
        var rule = (await host.AuthentikAsync("POST", "/providers/oauth2-dcr/", new JsonObject { ["provider"] = provider.Body!["pk"]!.GetValue<int>() })).Expect(201).Text("pbm_uuid");

        var binding = (await BindAsync(host, rule!, ("user", host.UserId))).Expect(201).Text("pk");
        (await host.AuthentikAsync("DELETE", $"/providers/oauth2-dcr/{rule}/")).Expect(204);
        (await host.AuthentikAsync("GET", $"/policies/bindings/{binding}/")).Expect(404);
    }

    [Fact]
    public async Task A09_an_application_that_registered_itself_is_for_those_who_may_use_what_let_it_in()
    {
        await using var host = await ApiHost.StartAsync();
        var (app, outer, _) = await AppAndGroupsAsync(host);
        (await BindAsync(host, app, ("group", outer))).Expect(201); // bob is in it, akadmin is not
        await using (var db = host.Open())
        {
            var parent = await db.ProviderApplications.SingleAsync(a => a.Slug == "app1", TestContext.Current.CancellationToken);
            OAuth2Provider through = New("through", null);
            db.Providers.Add(through);
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
            parent.ProviderId = through.Id;
            var registered = New("registered", through.Id);
            db.Providers.Add(registered);
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
            db.ProviderApplications.Add(new ProviderApplication { Id = Guid.CreateVersion7(), Slug = "client-x", Name = "Payroll", ProviderId = registered.Id });
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal("true", (await host.AuthentikAsync("GET", $"/core/applications/client-x/check_access/?for_user={host.UserId}")).Text("passing"));
        Assert.Equal("false", (await host.AuthentikAsync("GET", $"/core/applications/client-x/check_access/?for_user={host.AdminId}")).Text("passing"));
        (await host.AuthentikAsync("GET", "/core/applications/client-x/", key: ApiHost.UserKey)).Expect(200);
        await using (var db = host.Open())
        {
            await db.GroupMembers.Where(m => m.UserId == host.UserId).ExecuteDeleteAsync(TestContext.Current.CancellationToken);
        }

        (await host.AuthentikAsync("GET", "/core/applications/client-x/", key: ApiHost.UserKey)).Expect(404);
        Assert.DoesNotContain("Payroll", (await host.AuthentikAsync("GET", "/core/applications/", key: ApiHost.UserKey)).Body!.ToJsonString(), StringComparison.Ordinal);

        OAuth2Provider New(string name, int? through) => new()
        {
            Name = name,
            ClientId = name,
            SealedClientSecret = [1],
            RedirectUris = [],
            AuthorizationFlowId = host.Flow,
            InvalidationFlowId = host.Flow,
            RegisteredThroughId = through,
        };
    }

    [Fact]
    public async Task Check_17_bindings_decide_and_mode_and_negate_flip()
    {
        await using var host = await ApiHost.StartAsync();
        var (app, outer, _) = await AppAndGroupsAsync(host);
        Assert.True(await MayAsync(host, host.UserId)); // nothing is bound
        var binding = (await BindAsync(host, app, ("group", outer))).Expect(201);
        Assert.Equal((outer, "outer", "30"), (binding.Text("group"), binding.Text("group_obj.name"), binding.Text("timeout")));

        Assert.True(await MayAsync(host, host.UserId)); // through the group inside
        Assert.False(await MayAsync(host, host.AdminId));

        var second = (await BindAsync(host, app, ("user", host.AdminId))).Expect(201);
        Assert.True(await MayAsync(host, host.AdminId));
        (await host.AuthentikAsync("PATCH", "/core/applications/app1/", new JsonObject { ["policy_engine_mode"] = "all" })).Expect(200);
        Assert.False(await MayAsync(host, host.UserId));
        (await host.AuthentikAsync("PATCH", $"/policies/bindings/{second.Text("pk")}/", new JsonObject { ["negate"] = true })).Expect(200);
        Assert.True(await MayAsync(host, host.UserId));

        var both = await BindAsync(host, app, ("group", outer), ("user", host.AdminId));
        Assert.NotEmpty(both.Expect(400).Body!["non_field_errors"]!.AsArray());
        Assert.NotEmpty((await BindAsync(host, app)).Expect(400).Body!["non_field_errors"]!.AsArray());
        Assert.NotEmpty((await BindAsync(host, Guid.CreateVersion7().ToString(), ("user", host.AdminId))).Expect(400).Body!["target"]!.AsArray());
        Assert.Equal("2", (await host.AuthentikAsync("GET", $"/policies/bindings/?target={app}&policy__isnull=true&enabled=true")).Text("pagination.count"));
        (await host.AuthentikAsync("DELETE", $"/policies/bindings/{second.Text("pk")}/")).Expect(204);
        (await host.AuthentikAsync("GET", $"/policies/bindings/{second.Text("pk")}/")).Expect(404);
    }

    [Fact]
    public async Task Check_17_everybody_may_ask_about_themselves_and_no_more()
    {
        await using var host = await ApiHost.StartAsync();
        var (app, _, _) = await AppAndGroupsAsync(host);
        (await BindAsync(host, app, ("user", host.AdminId))).Expect(201);

        var own = (await host.AuthentikAsync("GET", $"/core/applications/app1/check_access/?for_user={host.AdminId}", key: ApiHost.UserKey)).Expect(200);
        Assert.Equal(("false", "[]", "[]"), (own.Text("passing"), own.Text("messages"), own.Text("log_messages")));
        (await host.AuthentikAsync("GET", "/core/applications/none/check_access/", key: ApiHost.UserKey)).Expect(404);
        Assert.NotEmpty((await host.AuthentikAsync("GET", "/core/applications/app1/check_access/?for_user=99999")).Expect(400).Body!["for_user"]!.AsArray());
    }

    [Fact]
    public async Task Lists_hold_what_the_caller_may_use()
    {
        await using var host = await ApiHost.StartAsync();
        var (app, _, _) = await AppAndGroupsAsync(host);
        (await BindAsync(host, app, ("user", host.AdminId))).Expect(201);
        (await host.AuthentikAsync("POST", "/core/applications/", new JsonObject { ["name"] = "Open", ["slug"] = "open", ["meta_launch_url"] = "https://x.example/" })).Expect(201);

        Assert.Equal(["open"], await SlugsAsync("", ApiHost.UserKey));
        Assert.Equal(["app1", "open"], await SlugsAsync("", ApiHost.AdminKey));
        Assert.Equal(["open"], await SlugsAsync($"?for_user={host.UserId}", ApiHost.AdminKey));
        Assert.Equal(["app1", "open"], await SlugsAsync("?superuser_full_list=true", ApiHost.AdminKey));
        Assert.Equal(["open"], await SlugsAsync("?superuser_full_list=true", ApiHost.UserKey));
        Assert.Equal(["open"], await SlugsAsync("?only_with_launch_url=true", ApiHost.AdminKey));
        (await host.AuthentikAsync("GET", $"/core/applications/?for_user={host.AdminId}", key: ApiHost.UserKey)).Expect(403);
        (await host.AuthentikAsync("GET", "/core/applications/app1/", key: ApiHost.UserKey)).Expect(404);
        (await host.AuthentikAsync("GET", "/core/applications/open/", key: ApiHost.UserKey)).Expect(200);

        async Task<List<string?>> SlugsAsync(string query, string key) =>
            [.. (await host.AuthentikAsync("GET", "/core/applications/" + query, key: key)).Expect(200).Body!["results"]!.AsArray().Select(a => (string?)a!["slug"])];
    }

    [Fact]
    public async Task Check_18_policies_are_made_listed_and_tried()
    {
        await using var host = await ApiHost.StartAsync();
        var expression = (await host.AuthentikAsync("POST", "/policies/expression/", new JsonObject { ["name"] = "e", ["expression"] = "ak_message('hello')\nak_logger.info('seen')\nreturn user.username == context['who']" })).Expect(201);
        (await host.AuthentikAsync("POST", "/policies/reputation/", new JsonObject { ["name"] = "r" })).Expect(201);
        var password = (await host.AuthentikAsync("POST", "/policies/password/", new JsonObject { ["name"] = "p", ["length_min"] = 8 })).Expect(201);
        Assert.Equal(("8", "2", "ak-policy-password-form", "0"), (password.Text("length_min"), password.Text("zxcvbn_score_threshold"), password.Text("component"), password.Text("bound_to")));
        Assert.Equal("3", (await host.AuthentikAsync("GET", "/policies/all/")).Text("pagination.count"));
        Assert.Equal(8, (await host.AuthentikAsync("GET", "/policies/all/types/")).Body!.AsArray().Count);

        var passes = (await TestAsync("bob")).Expect(200);
        Assert.Equal(("true", "[\"hello\"]"), (passes.Text("passing"), passes.Text("messages")));
        Assert.Equal("info: seen", passes.Text("log_messages.0.event"));
        Assert.Equal("false", (await TestAsync("ada")).Text("passing"));

        var patched = (await host.AuthentikAsync("PATCH", $"/policies/password/{password.Text("pk")}/", new JsonObject { ["amount_digits"] = 1 })).Expect(200);
        Assert.Equal(("8", "1"), (patched.Text("length_min"), patched.Text("amount_digits")));
        (await host.AuthentikAsync("DELETE", $"/policies/all/{password.Text("pk")}/")).Expect(204);
        (await host.AuthentikAsync("GET", $"/policies/password/{password.Text("pk")}/")).Expect(404);

        Task<ApiReply> TestAsync(string who) => host.AuthentikAsync(
            "POST", $"/policies/all/{expression.Text("pk")}/test/", new JsonObject { ["user"] = host.UserId, ["context"] = new JsonObject { ["who"] = who } });
    }

    [Theory]
    [InlineData("expression", "expression", "import os", "Line 1, column 1")]
    [InlineData("expression", "expression", "return __import__('os').system('id')", "Line 1, column 8")]
    [InlineData("password", "check_have_i_been_pwned", true, "outside service")]
    [InlineData("event_matcher", "query", "action = 'x'", "not supported")]
    [InlineData("geoip", "non_field_errors", null, "--geoip")]
    [InlineData("password", "length_min", -1, "from 0")]
    public async Task What_would_never_act_is_refused_when_it_is_saved(string kind, string field, object? value, string part)
    {
        await using var host = await ApiHost.StartAsync();
        var body = new JsonObject { ["name"] = "x", [field] = System.Text.Json.JsonSerializer.SerializeToNode(value) };

        var refused = (await host.AuthentikAsync("POST", $"/policies/{kind}/", body)).Expect(400);

        Assert.Contains(part, refused.Body![field]!.ToJsonString().Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scope_mappings_are_read_when_they_are_saved_and_shipped_ones_stay()
    {
        await using var host = await ApiHost.StartAsync();
        var made = (await MappingAsync(host, "mine", "return {'a': user.email}")).Expect(201);
        Assert.Equal("ak-property-mapping-provider-scope-form", made.Text("component"));
        Assert.Contains("column 8", (await MappingAsync(host, "bad", "return context")).Expect(400).Text("expression"), StringComparison.Ordinal);
        Assert.NotEmpty((await MappingAsync(host, "mine", "return {}")).Expect(400).Body!["name"]!.AsArray());

        var shipped = (await host.AuthentikAsync("GET", "/propertymappings/provider/scope/?managed=goauthentik.io/providers/oauth2/scope-email")).Text("results.0.pk");
        Assert.Contains("built in", (await host.AuthentikAsync("PATCH", $"/propertymappings/provider/scope/{shipped}/", new JsonObject { ["expression"] = "return {}" + " " })).Expect(400).Text("expression"), StringComparison.Ordinal);
        (await host.AuthentikAsync("PATCH", $"/propertymappings/provider/scope/{shipped}/", new JsonObject { ["description"] = "Your address" })).Expect(200);

        var tried = (await host.AuthentikAsync("POST", $"/propertymappings/all/{made.Text("pk")}/test/", new JsonObject { ["user"] = host.UserId })).Expect(200);
        Assert.Equal(("true", """{"a":"bob@example.com"}"""), (tried.Text("successful"), tried.Text("result")));

        var provider = await ProviderAsync(host, "one", made.Text("pk")!);
        (await host.AuthentikAsync("DELETE", $"/propertymappings/provider/scope/{made.Text("pk")}/")).Expect(204);
        Assert.Equal("[]", (await host.AuthentikAsync("GET", $"/providers/oauth2/{provider.Text("pk")}/")).Text("property_mappings"));
    }

    [Fact]
    public async Task A05_trying_an_expression_needs_the_right_to_edit_one()
    {
        await using var host = await ApiHost.StartAsync();
        var policy = (await host.AuthentikAsync("POST", "/policies/expression/", new JsonObject { ["name"] = "e", ["expression"] = "return [x for x in range(100000000)]" })).Expect(201);
        var mapping = (await MappingAsync(host, "mine", "return {'a': 'x' * 100000000}")).Expect(201);

        (await host.AuthentikAsync("POST", $"/policies/all/{policy.Text("pk")}/test/", new JsonObject { ["user"] = host.UserId }, ApiHost.UserKey)).Expect(403);
        (await host.AuthentikAsync("POST", $"/propertymappings/all/{mapping.Text("pk")}/test/", new JsonObject(), ApiHost.UserKey)).Expect(403);
        Assert.Equal("false", (await host.AuthentikAsync("POST", $"/policies/all/{policy.Text("pk")}/test/", new JsonObject { ["user"] = host.UserId })).Expect(200).Text("passing"));
        Assert.Equal("false", (await host.AuthentikAsync("POST", $"/propertymappings/all/{mapping.Text("pk")}/test/", new JsonObject())).Expect(200).Text("successful"));
    }

    [Fact]
    public async Task A02_nobody_becomes_superuser_through_a_group_above()
    {
        await using var host = await ApiHost.StartAsync();
        var (_, outer, inner) = await AppAndGroupsAsync(host);
        var admins = (await host.AuthentikAsync("GET", "/core/groups/?name=authentik Admins")).Text("results.0.pk");

        (await host.AuthentikAsync("PATCH", $"/core/groups/{inner}/", new JsonObject { ["parents"] = new JsonArray(admins) }, ApiHost.UserKey)).Expect(403);
        (await host.AuthentikAsync("POST", $"/core/groups/{admins}/add_user/", new JsonObject { ["pk"] = host.UserId }, ApiHost.UserKey)).Expect(403);
        Assert.NotEmpty((await host.AuthentikAsync("PATCH", $"/core/groups/{outer}/", new JsonObject { ["parents"] = new JsonArray(inner) })).Expect(400).Body!["parents"]!.AsArray());
    }

    [Fact]
    public async Task A08_what_is_not_a_callers_to_set_is_not_set()
    {
        await using var host = await ApiHost.StartAsync();
        var forged = Guid.CreateVersion7().ToString();

        var policy = (await host.AuthentikAsync("POST", "/policies/dummy/", new JsonObject { ["name"] = "d", ["pk"] = forged, ["bound_to"] = 9, ["expression"] = "return True", ["kind"] = "Expression" })).Expect(201);

        Assert.NotEqual(forged, policy.Text("pk"));
        Assert.Equal(("0", "false", false), (policy.Text("bound_to"), policy.Text("result"), policy.Body!.AsObject().ContainsKey("expression")));
    }

    [Fact]
    public async Task Rules_of_the_brand_hold_for_passwords_that_are_set()
    {
        await using var host = await ApiHost.StartAsync();
        await using var read = host.Open();
        var brand = read.Brands.Single().Id.ToString();
        var policy = (await host.AuthentikAsync("POST", "/policies/password/", new JsonObject { ["name"] = "p", ["length_min"] = 12 })).Expect(201).Text("pk");
        (await BindAsync(host, brand, ("policy", policy))).Expect(201);

        Assert.Contains("12 characters", (await SetAsync("short")).Expect(400).Text("password"), StringComparison.Ordinal);
        (await SetAsync("long enough for it")).Expect(204);

        Task<ApiReply> SetAsync(string password) => host.AuthentikAsync("POST", $"/core/users/{host.UserId}/set_password/", new JsonObject { ["password"] = password });
    }

    private static async Task<(string App, string Outer, string Inner)> AppAndGroupsAsync(ApiHost host)
    {
        var app = (await host.AuthentikAsync("POST", "/core/applications/", new JsonObject { ["name"] = "App", ["slug"] = "app1" })).Expect(201).Text("pk")!;
        var outer = (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "outer" })).Expect(201).Text("pk")!;
        var inner = (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "inner", ["parents"] = new JsonArray(outer), ["users"] = new JsonArray(host.UserId) })).Expect(201).Text("pk")!;
        return (app, outer, inner);
    }

    private static async Task<bool> MayAsync(ApiHost host, int user) =>
        (await host.AuthentikAsync("GET", $"/core/applications/app1/check_access/?for_user={user}")).Expect(200).Text("passing") == "true";

    private static Task<ApiReply> BindAsync(ApiHost host, string target, params (string Name, object? Value)[] fields)
    {
        var body = new JsonObject { ["target"] = target, ["order"] = 0 };
        foreach (var (name, value) in fields)
        {
            body[name] = System.Text.Json.JsonSerializer.SerializeToNode(value);
        }

        return host.AuthentikAsync("POST", "/policies/bindings/", body);
    }

    private static Task<ApiReply> MappingAsync(ApiHost host, string name, string expression) =>
        host.AuthentikAsync("POST", "/propertymappings/provider/scope/", new JsonObject { ["name"] = name, ["scope_name"] = name, ["expression"] = expression });

    private static async Task<ApiReply> ProviderAsync(ApiHost host, string name, params string[] mappings) =>
        (await host.AuthentikAsync("POST", "/providers/oauth2/", ProviderBody(host, name, mappings))).Expect(201);

    private static JsonObject ProviderBody(ApiHost host, string name, string[]? mappings)
    {
        var body = new JsonObject
        {
            ["name"] = name,
            ["authorization_flow"] = host.Flow.ToString(),
            ["invalidation_flow"] = host.Flow.ToString(),
            ["redirect_uris"] = new JsonArray(new JsonObject { ["matching_mode"] = "strict", ["url"] = "https://rp.example/cb" }),
        };
        if (mappings is not null)
        {
            body["property_mappings"] = new JsonArray([.. mappings.Select(m => (JsonNode)m)]);
        }

        return body;
    }

    private static Task<ApiReply> LayAsync(ApiHost host, string slug, string? group)
    {
        var provider = ProviderBody(host, slug + "-provider", null);
        provider["providerModel"] = "authentik_providers_oauth2.oauth2provider"; // as the TypeScript client sends it
        return host.AuthentikAsync("PUT", "/core/transactional/applications/", new JsonObject
        {
            ["app"] = new JsonObject { ["name"] = slug, ["slug"] = slug },
            ["provider_model"] = "authentik_providers_oauth2.oauth2provider",
            ["provider"] = provider,
            ["policy_bindings"] = new JsonArray(new JsonObject { ["group"] = group, ["order"] = 0 }),
        });
    }
}
