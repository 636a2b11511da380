using System.Text.Json.Nodes;
using Gatehouse.Management.CloudflareV4;
using Gatehouse.Management.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>What holds for every route of Cloudflare's API (contract §3.1), and its smallest resources.</summary>
public class CloudflareConventionTests
{
    [Fact]
    public async Task A06_another_account_is_refused_alike_whether_it_exists_or_not()
    {
        await using var host = await ApiHost.StartAsync();

        var reply = (await host.SendAsync("GET", "/client/v4/accounts/ffffffffffffffffffffffffffffffff/access/apps", null, ApiHost.AdminKey)).Expect(403);

        Assert.Equal("9109", reply.Text("errors.0.code"));
    }

    [Theory]
    [InlineData(nameof(Need.User), true, true)]
    [InlineData(nameof(Need.Superuser), false, true)]
    [InlineData(nameof(Need.FreshSuperuser), false, true)]
    [InlineData(nameof(Need.Nobody), false, false)]
    [InlineData(nameof(Need.Self), false, false)]
    [InlineData(nameof(Need.Key), false, false)]
    [InlineData(nameof(Need.Fresh), false, false)]
    public async Task A04_whatever_a_route_asks_for_nobody_passes_who_lacks_it(string need, bool userMay, bool adminMay)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal((userMay, adminMay), (await AdmitAsync(ApiHost.UserKey), await AdmitAsync(ApiHost.AdminKey)));

        async Task<bool> AdmitAsync(string key)
        {
            await using var scope = host.Services.CreateAsyncScope();
            var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
            context.Request.Headers.Authorization = "Bearer " + key;
            return await new CloudflareDialect().AdmitAsync(context, Enum.Parse<Need>(need), TestContext.Current.CancellationToken) is Admission.Admitted;
        }
    }

    [Fact]
    public async Task Tokens_are_verified_in_their_own_words()
    {
        await using var host = await ApiHost.StartAsync();

        var good = (await host.SendAsync("GET", "/client/v4/user/tokens/verify", null, ApiHost.UserKey)).Expect(200);
        var bad = (await host.SendAsync("GET", "/client/v4/user/tokens/verify", null, "wrong")).Expect(401);

        Assert.Equal(("active", "true"), (good.Text("result.status"), good.Text("success")));
        Assert.Equal(("1000", "Invalid API Token"), (bad.Text("errors.0.code"), bad.Text("errors.0.message")));
        Assert.Equal(ApiHost.Account, (await host.SendAsync("GET", "/client/v4/accounts", null, ApiHost.AdminKey)).Text("result.0.id"));
    }

    [Fact]
    public async Task Unknown_routes_and_methods_are_told_apart()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal("7003", (await host.CloudflareAsync("GET", "/nothing")).Expect(404).Text("errors.0.code"));
        (await host.CloudflareAsync("GET", "/access/apps/")).Expect(404);
        (await host.CloudflareAsync("PATCH", "/access/apps")).Expect(405);
        Assert.Equal("11021", (await host.CloudflareAsync("GET", "/access/apps/not-an-id")).Expect(404).Text("errors.0.code"));
        Assert.Equal("11021", (await host.CloudflareAsync("DELETE", "/access/apps/00000000-0000-0000-0000-000000000001")).Expect(404).Text("errors.0.code"));
    }

    [Fact]
    public async Task A_page_past_the_end_is_empty()
    {
        await using var host = await ApiHost.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            host.Clock.Advance(TimeSpan.FromSeconds(1));
            (await host.CloudflareAsync("POST", "/access/groups", new JsonObject { ["name"] = $"g{i}", ["include"] = new JsonArray(new JsonObject { ["everyone"] = new JsonObject() }) })).Expect(201);
        }

        var second = (await host.CloudflareAsync("GET", "/access/groups?page=2&per_page=2")).Expect(200);
        var third = (await host.CloudflareAsync("GET", "/access/groups?page=3&per_page=2")).Expect(200);

        Assert.Equal("""{"page":2,"per_page":2,"count":1,"total_count":3,"total_pages":2}""", second.Text("result_info"));
        Assert.Equal("g2", second.Text("result.0.name"));
        Assert.Equal("[]", third.Text("result"));
        (await host.CloudflareAsync("GET", "/access/groups?page=0")).Expect(400);
        (await host.CloudflareAsync("GET", "/access/groups?per_page=1001")).Expect(400);
        Assert.Equal("1", (await host.CloudflareAsync("GET", "/access/groups?search=G1")).Text("result_info.count"));
        Assert.Equal("0", (await host.CloudflareAsync("GET", "/access/groups?name=g")).Text("result_info.count"));
    }

    [Fact]
    public async Task The_organization_changes_what_is_named()
    {
        await using var host = await ApiHost.StartAsync();

        (await host.CloudflareAsync("PUT", "/access/organizations", new JsonObject { ["session_duration"] = "12h30m", ["auth_domain"] = "access.example.com" })).Expect(200);
        (await host.CloudflareAsync("PUT", "/access/organizations", new JsonObject { ["name"] = "Us", ["deny_unmatched_requests"] = false })).Expect(200);

        var read = await host.CloudflareAsync("GET", "/access/organizations");
        Assert.Equal(("Us", "12h30m", "false", "access.example.com"), (read.Text("result.name"), read.Text("result.session_duration"), read.Text("result.deny_unmatched_requests"), read.Text("result.auth_domain")));
        foreach (var (field, value) in ((string, string)[])[("session_duration", "\"1m\""), ("session_duration", "\"800h\""), ("session_duration", "\"1d\""), ("auth_domain", "\"other.example.com\""), ("mfa_required_for_all_apps", "true"), ("name", "\"\"")])
        {
            (await host.CloudflareAsync("PUT", "/access/organizations", new JsonObject { [field] = JsonNode.Parse(value) })).Expect(400);
        }
    }

    [Fact]
    public async Task A_hostname_leads_to_one_service()
    {
        await using var host = await ApiHost.StartAsync();
        var body = new JsonObject { ["hostname"] = "App.example.com", ["service"] = "http://127.0.0.1:8080/", ["origin_request"] = new JsonObject { ["no_tls_verify"] = true, ["http_host_header"] = "inner:81" } };

        var made = (await host.CloudflareAsync("POST", "/public_hostnames", body)).Expect(201);

        var path = $"/public_hostnames/{made.Text("result.id")}";
        Assert.Equal(made.Result.ToJsonString(), (await host.CloudflareAsync("GET", path)).Result.ToJsonString());
        Assert.Equal(("app.example.com", "http://127.0.0.1:8080", "inner:81"), (made.Text("result.hostname"), made.Text("result.service"), made.Text("result.origin_request.http_host_header")));
        var taken = (await host.CloudflareAsync("POST", "/public_hostnames", new JsonObject { ["hostname"] = "app.example.com", ["service"] = "http://127.0.0.1" })).Expect(409);
        Assert.Equal("false", taken.Headers.GetValues("x-should-retry").Single());
        (await host.CloudflareAsync("POST", "/public_hostnames", new JsonObject { ["hostname"] = "*.example.com", ["service"] = "https://127.0.0.1:8443" })).Expect(201);
        Assert.Equal("false", (await host.CloudflareAsync("PUT", path, new JsonObject { ["hostname"] = "b.example.com", ["service"] = "https://10.0.0.1" })).Expect(200).Text("result.origin_request.no_tls_verify"));
        (await host.CloudflareAsync("DELETE", path)).Expect(200);
        (await host.CloudflareAsync("GET", path)).Expect(404);
    }

}
