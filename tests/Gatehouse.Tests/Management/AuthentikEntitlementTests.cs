using System.Text.Json.Nodes;
using Gatehouse.Model.Providers;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary>Rights within applications over authentik's API (contract §2.6, §2.7).</summary>
public class AuthentikEntitlementTests
{
    private const string Path = "/core/application_entitlements/";

    [Fact]
    public async Task They_are_made_changed_listed_and_deleted()
    {
        await using var host = await ApiHost.StartAsync();
        var app = await ApplicationAsync(host, "app1");
        var other = await ApplicationAsync(host, "app2");

        var made = (await host.AuthentikAsync("POST", Path, new JsonObject { ["name"] = "editor", ["app"] = app, ["attributes"] = new JsonObject { ["level"] = 2 } })).Expect(201);
        (await host.AuthentikAsync("POST", Path, new JsonObject { ["name"] = "editor", ["app"] = other })).Expect(201);
        var id = made.Text("pbm_uuid");
        Assert.Equal("""{"level":2}""", made.Text("attributes"));

        Assert.Equal(id, (await host.AuthentikAsync("GET", $"{Path}?app={app}")).Expect(200).Text("results.0.pbm_uuid"));
        Assert.Equal("1", (await host.AuthentikAsync("GET", $"{Path}?app={app}&name=editor")).Text("pagination.count"));
        Assert.Equal("0", (await host.AuthentikAsync("GET", $"{Path}?name=nobody")).Text("pagination.count"));
        Assert.Equal("reader", (await host.AuthentikAsync("PATCH", $"{Path}{id}/", new JsonObject { ["name"] = "reader" })).Expect(200).Text("name"));
        Assert.Equal("{}", (await host.AuthentikAsync("PUT", $"{Path}{id}/", new JsonObject { ["name"] = "reader", ["app"] = app })).Expect(200).Text("attributes"));
        Assert.Equal("applicationentitlement", (await host.AuthentikAsync("GET", "/core/applications/app1/used_by/")).Expect(200).Text("0.model_name"));
        (await host.AuthentikAsync("GET", $"{Path}{id}/used_by/")).Expect(200);
        (await host.AuthentikAsync("DELETE", $"{Path}{id}/")).Expect(204);
        (await host.AuthentikAsync("GET", $"{Path}{id}/")).Expect(404);
    }

    [Fact]
    public async Task What_is_wrong_with_one_is_said_by_field()
    {
        await using var host = await ApiHost.StartAsync();
        var app = await ApplicationAsync(host, "app1");
        (await host.AuthentikAsync("POST", Path, new JsonObject { ["name"] = "editor", ["app"] = app })).Expect(201);

        Assert.NotNull((await host.AuthentikAsync("POST", Path, new JsonObject { ["name"] = "editor", ["app"] = app })).Expect(400).Body!["non_field_errors"]);
        Assert.NotNull((await host.AuthentikAsync("POST", Path, new JsonObject { ["name"] = "x", ["app"] = Guid.CreateVersion7().ToString() })).Expect(400).Body!["app"]);
        Assert.NotNull((await host.AuthentikAsync("POST", Path, new JsonObject { ["app"] = app })).Expect(400).Body!["name"]);
        Assert.NotNull((await host.AuthentikAsync("POST", Path, new JsonObject { ["name"] = "y", ["app"] = app, ["attributes"] = "text" })).Expect(400).Body!["attributes"]);
        (await host.AuthentikAsync("GET", Path, key: ApiHost.UserKey)).Expect(403);
    }

    [Fact]
    public async Task Whoever_is_bound_to_one_has_it_in_the_claims_and_nobody_else()
    {
        await using var host = await ApiHost.StartAsync();
        var provider = await ProviderAsync(host, "one");
        var app = await ApplicationAsync(host, "app1", provider);
        var elsewhere = await ApplicationAsync(host, "app2");
        var editor = await EntitlementAsync(host, app, "editor");
        var reader = await EntitlementAsync(host, app, "reader");
        await EntitlementAsync(host, app, "nobody");
        var foreign = await EntitlementAsync(host, elsewhere, "foreign");
        var inner = (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "outer" })).Expect(201).Text("pk");
        (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "inner", ["parents"] = new JsonArray(inner), ["users"] = new JsonArray(host.UserId) })).Expect(201);
        await BindAsync(host, editor, "group", inner);
        await BindAsync(host, reader, "user", host.AdminId);
        await BindAsync(host, foreign, "user", host.UserId);

        Assert.Equal("""["editor"]""", await ClaimAsync(host, provider, host.UserId, "entitlements"));
        Assert.Equal("""["editor"]""", await ClaimAsync(host, provider, host.UserId, "roles"));
        Assert.Equal("""["reader"]""", await ClaimAsync(host, provider, host.AdminId, "entitlements"));
        Assert.Equal("""["editor 1"]""", await ClaimAsync(host, provider, host.UserId, "mine"));
    }

    [Fact]
    public async Task A_binding_that_is_off_or_turned_round_counts_as_it_says()
    {
        await using var host = await ApiHost.StartAsync();
        var provider = await ProviderAsync(host, "one");
        var app = await ApplicationAsync(host, "app1", provider);
        await BindAsync(host, await EntitlementAsync(host, app, "off"), "user", host.UserId, ("enabled", false));
        await BindAsync(host, await EntitlementAsync(host, app, "others"), "user", host.UserId, ("negate", true));

        Assert.Equal("[]", await ClaimAsync(host, provider, host.UserId, "entitlements"));
        Assert.Equal("""["others"]""", await ClaimAsync(host, provider, host.AdminId, "entitlements"));
    }

    [Fact]
    public async Task A_policy_is_not_bound_to_one_and_bindings_go_with_it()
    {
        await using var host = await ApiHost.StartAsync();
        var entitlement = await EntitlementAsync(host, await ApplicationAsync(host, "app1"), "editor");
        var policy = (await host.AuthentikAsync("POST", "/policies/dummy/", new JsonObject { ["name"] = "d" })).Expect(201).Text("pk");
        Assert.NotNull((await host.AuthentikAsync("POST", "/policies/bindings/", new JsonObject { ["target"] = entitlement, ["policy"] = policy, ["order"] = 0 })).Expect(400).Body!["policy"]);
        await BindAsync(host, entitlement, "user", host.UserId);

        (await host.AuthentikAsync("DELETE", "/core/applications/app1/")).Expect(204);

        await using var db = host.Open();
        Assert.Empty(await db.PolicyBindings.ToListAsync(TestContext.Current.CancellationToken));
        Assert.Empty(await db.ApplicationEntitlements.ToListAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<string> ApplicationAsync(ApiHost host, string slug, int? provider = null) =>
        (await host.AuthentikAsync("POST", "/core/applications/", new JsonObject { ["name"] = slug, ["slug"] = slug, ["provider"] = provider })).Expect(201).Text("pk")!;

    private static async Task<string> EntitlementAsync(ApiHost host, string app, string name) =>
        (await host.AuthentikAsync("POST", Path, new JsonObject { ["name"] = name, ["app"] = app, ["attributes"] = new JsonObject { ["n"] = 1 } })).Expect(201).Text("pbm_uuid")!;

    private static async Task BindAsync(ApiHost host, string target, string field, JsonNode? value, params (string Name, JsonNode Value)[] more)
    {
        var body = new JsonObject { ["target"] = target, [field] = value, ["order"] = 0 };
        foreach (var (name, given) in more)
        {
            body[name] = given;
        }

        (await host.AuthentikAsync("POST", "/policies/bindings/", body)).Expect(201);
    }

    // With the shipped mapping, and one of its own that asks the same.
    private static async Task<int> ProviderAsync(ApiHost host, string name)
    {
        var shipped = new ScopeMapping { Id = Guid.CreateVersion7(), Name = "entitlements", ScopeName = "entitlements", Managed = ScopeNames.ManagedEntitlements };
        await using (var db = host.Open())
        {
            db.ScopeMappings.Add(shipped);
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var own = (await host.AuthentikAsync("POST", "/propertymappings/provider/scope/", new JsonObject
        {
            ["name"] = "mine",
            ["scope_name"] = "mine",
            ["expression"] = "return {'mine': [e.name + ' ' + str(e.attributes['n']) for e in request.user.app_entitlements(provider.application)]}",
        })).Expect(201).Text("pk");
        var provider = AuthentikRefusals.Provider(host, name);
        provider["property_mappings"] = new JsonArray(shipped.Id.ToString(), own);
        return (await host.AuthentikAsync("POST", "/providers/oauth2/", provider)).Expect(201).Body!["pk"]!.GetValue<int>();
    }

    private static async Task<string?> ClaimAsync(ApiHost host, int provider, int user, string claim) =>
        (await host.AuthentikAsync("GET", $"/providers/oauth2/{provider}/preview_user/?for_user={user}")).Expect(200).Text("preview." + claim);
}
