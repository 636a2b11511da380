using System.Text.RegularExpressions;
using Gatehouse.Management.Http;

namespace Gatehouse.Tests.Management;

/// <summary>Every route of both APIs against everyone who may call it.</summary>
public class RouteAccessTests
{
    [Fact]
    public async Task A04_every_route_refuses_who_may_not_use_it()
    {
        await using var host = await ApiHost.StartAsync();
        var routes = Routes(host);

        Assert.True(routes.Count > 70, $"found {routes.Count} routes");
        foreach (var (method, path, need) in routes)
        {
            var body = method is "POST" or "PUT" or "PATCH" ? "{}" : null;
            foreach (var (who, key, mayPass) in Callers(need))
            {
                var reply = await host.SendAsync(method, path, body, key);
                var isRefused = reply.Status is 401 or 403 || (reply.Status == 400 && reply.Body?["errors"]?[0]?["code"]?.GetValue<int>() == 10000);
                Assert.True(isRefused != mayPass, $"{who}: {method} {path} answered {reply.Status} {reply.Body?.ToJsonString()}");
                Assert.True(reply.Status < 500, $"{who}: {method} {path} answered {reply.Status}");
            }
        }
    }

    [Fact]
    public async Task What_pages_and_clients_ask_first_needs_no_token()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(["/api/v3/core/brands/current/", "/api/v3/root/config/", "/api/v3/schema/"], Routes(host).Where(r => r.Need == Need.Nobody).Select(r => r.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_superuser_through_a_group_above_may_do_everything()
    {
        await using var host = await ApiHost.StartAsync();
        var parent = await host.AuthentikAsync("POST", "/core/groups/", new System.Text.Json.Nodes.JsonObject { ["name"] = "outer", ["is_superuser"] = true });
        var middle = await host.AuthentikAsync("POST", "/core/groups/", Inside("middle", parent));
        var child = await host.AuthentikAsync("POST", "/core/groups/", Inside("inner", middle));
        (await host.AuthentikAsync("GET", "/core/users/", key: ApiHost.UserKey)).Expect(403);

        var bob = new System.Text.Json.Nodes.JsonObject { ["pk"] = host.UserId };
        (await host.AuthentikAsync("POST", $"/core/groups/{child.Text("pk")}/add_user/", bob)).Expect(204);

        (await host.AuthentikAsync("GET", "/core/users/", key: ApiHost.UserKey)).Expect(200);
        Assert.Equal("true", (await host.AuthentikAsync("GET", $"/core/users/{host.UserId}/")).Text("is_superuser"));

        static System.Text.Json.Nodes.JsonObject Inside(string name, ApiReply outer) =>
            new() { ["name"] = name, ["parents"] = new System.Text.Json.Nodes.JsonArray(outer.Text("pk")) };
    }

    [Fact]
    public async Task Expired_tokens_tokens_of_inactive_users_and_app_passwords_are_refused()
    {
        await using var host = await ApiHost.StartAsync();
        await using var db = host.Open();
        var expired = ApiHost.NewToken("expired", host.AdminId, "expired");
        expired.ExpiresAt = host.Clock.GetUtcNow().AddMinutes(1);
        db.Add(expired);
        var password = ApiHost.NewToken("pw", host.AdminId, "pw");
        db.Add(new Gatehouse.Model.Tokens.ApiToken
        {
            Id = password.Id,
            Identifier = "pw",
            UserId = host.AdminId,
            KeyHash = password.KeyHash,
            Intent = Gatehouse.Model.Tokens.TokenIntent.AppPassword,
        });
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);

        (await host.AuthentikAsync("GET", "/core/users/me/", key: "expired")).Expect(200);
        host.Clock.Advance(TimeSpan.FromMinutes(2));
        (await host.AuthentikAsync("GET", "/core/users/me/", key: "expired")).Expect(403);
        (await host.AuthentikAsync("GET", "/core/users/me/", key: "pw")).Expect(403);

        (await host.AuthentikAsync("GET", "/core/users/me/", key: ApiHost.UserKey)).Expect(200);
        (await host.AuthentikAsync("PATCH", $"/core/users/{host.UserId}/", new System.Text.Json.Nodes.JsonObject { ["is_active"] = false })).Expect(200);
        (await host.AuthentikAsync("GET", "/core/users/me/", key: ApiHost.UserKey)).Expect(403);
    }

    private static IEnumerable<(string Who, string? Key, bool MayPass)> Callers(Need need) =>
    [
        ("nobody", null, need == Need.Nobody),
        ("a wrong token", "wrong", need == Need.Nobody),
        ("a user", ApiHost.UserKey, need is not (Need.Superuser or Need.FreshSuperuser or Need.Fresh)),
        ("an admin", ApiHost.AdminKey, true),
    ];

    private static List<(string Method, string Path, Need Need)> Routes(ApiHost host) =>
    [
        .. from endpoint in host.Endpoints
           let needs = endpoint.Metadata.GetMetadata<RouteNeeds>()
           where needs is not null
           from need in needs.ByMethod
           select (need.Key, Fill(endpoint.RoutePattern.RawText!), need.Value),
    ];

    // Ids that no object has: what matters is who gets as far as "not found".
    private static string Fill(string pattern) => Regex.Replace(
        pattern.Replace("{account}", ApiHost.Account, StringComparison.Ordinal), "{[a-z]+}", "00000000-0000-0000-0000-000000000001");
}
