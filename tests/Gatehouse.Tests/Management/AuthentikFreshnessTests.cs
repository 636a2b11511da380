using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Web.Sessions;

namespace Gatehouse.Tests.Management;

/// <summary>What a browser may do only right after a sign-in.</summary>
public class AuthentikFreshnessTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_browser_gets_a_key_only_right_after_a_sign_in_superuser_or_not(bool isSuperuser)
    {
        await using var host = await ApiHost.StartAsync();
        var (userId, name) = isSuperuser ? (host.AdminId, "admin") : (host.UserId, "user");
        var isFresh = false;
        host.Browsers.Known["page"] = () => new BrowserCaller(userId, userId, Guid.CreateVersion7(), IsProven: true) { IsFresh = isFresh };
        (await host.AuthentikAsync("POST", "/core/tokens/", new JsonObject { ["identifier"] = "by-token" }, isSuperuser ? ApiHost.AdminKey : ApiHost.UserKey)).Expect(201);
        (string Method, string Path, JsonObject? Body, int Status)[] calls =
        [
            ("GET", "/core/tokens/by-token/view_key/", null, 200),
            ("POST", "/core/tokens/", new JsonObject { ["identifier"] = "by-page" }, 201),
            ("POST", "/core/tokens/by-token/set_key/", new JsonObject { ["key"] = "a-key-of-somebodys-choice" }, 204),
        ];

        foreach (var (method, path, body, _) in calls)
        {
            Assert.StartsWith("Sign in again", (await AuthentikSessionTests.SendAsync(host, method, path, "page", body?.DeepClone())).Expect(403).Text("detail"), StringComparison.Ordinal);
        }

        (await AuthentikSessionTests.SendAsync(host, "GET", $"/core/tokens/{name}/", "page")).Expect(200);
        isFresh = true;
        foreach (var (method, path, body, status) in calls)
        {
            (await AuthentikSessionTests.SendAsync(host, method, path, "page", body)).Expect(status);
        }

        // Programs, authentik's client among them, have no sign-in to be recent.
        (await host.AuthentikAsync("GET", "/core/tokens/by-token/view_key/", key: "a-key-of-somebodys-choice")).Expect(200);
    }

    [Fact]
    public async Task Every_write_of_a_superuser_in_a_browser_takes_a_recent_sign_in_and_the_answer_says_where()
    {
        await using var host = await ApiHost.StartAsync();
        var session = Guid.CreateVersion7();
        var isFresh = false;
        host.Browsers.Known["page"] = () => new BrowserCaller(host.AdminId, host.AdminId, session, IsProven: true) { IsFresh = isFresh };
        var routes = host.Endpoints.Where(e => e.RoutePattern.RawText!.StartsWith("/api/v3", StringComparison.Ordinal))
            .SelectMany(e => e.Metadata.GetMetadata<RouteNeeds>()?.ByMethod.Select(m => (Method: m.Key, Path: AuthentikSessionTests.Fill(e.RoutePattern.RawText!), Need: m.Value)) ?? [])
            .Where(r => r.Need != Need.Nobody).ToList();
        Assert.True(routes.Count(r => r.Method != "GET") > 150, $"found {routes.Count} routes");

        foreach (var fresh in new[] { false, true })
        {
            isFresh = fresh;
            foreach (var (method, path, need) in routes)
            {
                // Theirs alone, superuser or not: notifications, and the names of authenticators.
                var isAsked = method == "GET" ? need is Need.Key or Need.FreshSuperuser : need != Need.User;
                var reply = await AuthentikSessionTests.SendAsync(host, method, path["/api/v3".Length..], "page", method is "POST" or "PUT" or "PATCH" ? new JsonObject() : null);
                Assert.True((reply.Status == 403 && reply.Text("code") == "sign_in_again") == (isAsked && !fresh), $"{method} {path} ({need}) answered {reply.Status} with {(fresh ? "a fresh" : "an old")} sign-in");
            }
        }

        Assert.Equal(
            ["/authenticators/static/{id}/", "/authenticators/totp/{id}/", "/authenticators/webauthn/{id}/", "/events/notifications/mark_all_seen/", "/events/notifications/{id}/"],
            host.Endpoints.Where(e => e.Metadata.GetMetadata<RouteNeeds>()?.ByMethod.Any(m => m is { Key: not "GET", Value: Need.User }) == true)
                .Select(e => e.RoutePattern.RawText!).Where(p => p.StartsWith("/api/v3", StringComparison.Ordinal)).Select(p => p["/api/v3".Length..]).Distinct().Order(StringComparer.Ordinal));
        isFresh = false;
        var asked = (await AuthentikSessionTests.SendAsync(host, "POST", "/core/groups/", "page", new JsonObject { ["name"] = "late" })).Expect(403);
        Assert.Equal(("Sign in again in your browser before you do this: https://auth.localhost:8443/again", "https://auth.localhost:8443/again"), (asked.Text("detail"), asked.Text("link")));
        (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "late" })).Expect(201);
    }

    [Fact]
    public async Task Others_end_what_is_theirs_from_a_browser_that_has_been_open_for_long()
    {
        await using var host = await ApiHost.StartAsync();
        var (session, _) = await AuthentikSessionTests.SignInAsync(host, host.UserId);
        host.Browsers.Known["page"] = () => new BrowserCaller(host.UserId, host.UserId, Guid.CreateVersion7(), IsProven: true);
        host.Browsers.Known["admin"] = () => new BrowserCaller(host.AdminId, host.AdminId, Guid.CreateVersion7(), IsProven: true);

        Assert.Equal("sign_in_again", (await AuthentikSessionTests.SendAsync(host, "DELETE", $"/core/authenticated_sessions/{session}/", "admin")).Expect(403).Text("code"));
        Assert.Equal("sign_in_again", (await AuthentikSessionTests.SendAsync(host, "PATCH", "/core/tokens/user/", "page", new JsonObject { ["description"] = "x" })).Expect(403).Text("code"));
        (await AuthentikSessionTests.SendAsync(host, "DELETE", "/core/tokens/user/", "page")).Expect(204);
        (await AuthentikSessionTests.SendAsync(host, "DELETE", $"/core/authenticated_sessions/{session}/", "page")).Expect(204);
    }

    [Fact]
    public async Task What_signs_in_as_somebody_takes_a_recent_sign_in_and_looking_does_not()
    {
        await using var host = await ApiHost.StartAsync();
        var isFresh = false;
        host.Browsers.Known["page"] = () => new BrowserCaller(host.AdminId, host.AdminId, Guid.CreateVersion7(), IsProven: true) { IsFresh = isFresh };
        var admins = (await host.AuthentikAsync("GET", "/core/groups/?name=authentik%20Admins")).Text("results.0.pk")!;
        var plain = (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "plain" })).Expect(201).Text("pk");
        var pair = $"/crypto/certificatekeypairs/{host.KeyPair}/";
        var provider = "/providers/oauth2/" + (await host.AuthentikAsync("POST", "/providers/oauth2/", AuthentikRefusals.Provider(host, "one"))).Expect(201).Text("pk") + "/";
        var bob = $"/core/users/{host.UserId}/";
        (string Method, string Path, JsonObject? Body, int Status)[] calls =
        [
            ("POST", "/core/users/", new JsonObject { ["username"] = "mallory", ["name"] = "", ["groups"] = new JsonArray(admins) }, 201),
            ("PATCH", bob, new JsonObject { ["email"] = "mallory@example.com" }, 200),
            ("PUT", bob, new JsonObject { ["username"] = "bob", ["name"] = "", ["groups"] = new JsonArray(admins) }, 200),
            ("POST", bob + "set_password/", new JsonObject { ["password"] = "a long new password" }, 204),
            ("POST", bob + "set_password_hash/", new JsonObject { ["password"] = "no hash" }, 400),
            ("POST", bob + "recovery/", new JsonObject(), 400),
            ("POST", bob + "recovery_email/", new JsonObject { ["email_stage"] = Guid.CreateVersion7().ToString() }, 400),
            ("POST", "/core/groups/", new JsonObject { ["name"] = "inside", ["parents"] = new JsonArray(admins), ["users"] = new JsonArray(host.UserId) }, 201),
            ("PATCH", $"/core/groups/{plain}/", new JsonObject { ["is_superuser"] = true }, 200),
            ("PUT", $"/core/groups/{plain}/", new JsonObject { ["name"] = "plain", ["users"] = new JsonArray(host.UserId) }, 200),
            ("POST", $"/core/groups/{admins}/add_user/", new JsonObject { ["pk"] = host.UserId }, 204),
            ("GET", pair + "view_private_key/", null, 200),
            ("PATCH", pair, new JsonObject { ["name"] = "mine" }, 200),
            ("PATCH", provider, new JsonObject { ["name"] = "mine" }, 200),
        ];

        foreach (var (method, path, body, _) in calls)
        {
            var reply = await AuthentikSessionTests.SendAsync(host, method, path, "page", body?.DeepClone());
            Assert.True(reply.Status == 403 && reply.Text("detail")!.StartsWith("Sign in again", StringComparison.Ordinal), $"{method} {path} answered {reply.Status}");
        }

        foreach (var path in (string[])[bob, "/core/groups/", pair, pair + "view_certificate/", provider])
        {
            (await AuthentikSessionTests.SendAsync(host, "GET", path, "page")).Expect(200);
        }

        isFresh = true;
        foreach (var (method, path, body, status) in calls)
        {
            (await AuthentikSessionTests.SendAsync(host, method, path, "page", body)).Expect(status);
        }

        // Programs have no sign-in to be recent.
        (await host.AuthentikAsync("GET", pair + "view_private_key/")).Expect(200);
        (await host.AuthentikAsync("POST", bob + "set_password/", new JsonObject { ["password"] = "another long password" })).Expect(204);
    }
}
