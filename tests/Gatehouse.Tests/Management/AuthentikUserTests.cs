using System.Text.Json.Nodes;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary>/core/users/ and /core/groups/.</summary>
public class AuthentikUserTests
{
    [Fact]
    public async Task A_new_user_has_every_key_clients_ask_for()
    {
        await using var host = await ApiHost.StartAsync();

        var user = (await host.AuthentikAsync("POST", "/core/users/", User("alice"))).Expect(201);

        Assert.Matches("^[0-9a-f]{64}$", user.Text("uid"));
        Assert.Equal("internal", user.Text("type"));
        Assert.Equal("users", user.Text("path"));
        string[] keys = ["pk", "username", "name", "date_joined", "is_superuser", "groups_obj", "roles_obj", "avatar", "uid", "uuid", "password_change_date", "last_updated"];
        Assert.All(keys, k => Assert.True(user.Body!.AsObject().ContainsKey(k), k));
        Assert.All(["date_joined", "password_change_date", "last_updated"], k => Assert.Matches(@"^\d{4}-\d\d-\d\dT.*Z$", user.Text(k)));
        Assert.Contains("username", (await host.AuthentikAsync("POST", "/core/users/", User("ALICE"))).Expect(400).Body!.AsObject().Select(p => p.Key));
    }

    [Theory]
    [InlineData(ApiHost.UserKey)]
    [InlineData(null)]
    [InlineData("not a key")]
    public async Task A09_what_one_may_not_see_looks_like_what_is_not_there(string? key)
    {
        await using var host = await ApiHost.StartAsync();
        var group = (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "secret" })).Expect(201).Text("pk");

        foreach (var (there, nowhere) in new[]
        {
            ($"/core/users/{host.AdminId}/", "/core/users/987654321/"),
            ($"/core/groups/{group}/", $"/core/groups/{Guid.CreateVersion7()}/"),
            ($"/crypto/certificatekeypairs/{host.KeyPair}/", $"/crypto/certificatekeypairs/{Guid.CreateVersion7()}/"),
            ($"/flows/instances/{host.Flow}/", $"/flows/instances/{Guid.CreateVersion7()}/"),
        })
        {
            foreach (var method in new[] { "GET", "PATCH", "DELETE" })
            {
                var (real, unreal) = (await host.AuthentikAsync(method, there, method == "PATCH" ? new JsonObject() : null, key), await host.AuthentikAsync(method, nowhere, method == "PATCH" ? new JsonObject() : null, key));
                Assert.Equal((unreal.Status, unreal.Body?.ToJsonString()), (real.Status, real.Body?.ToJsonString()));
                Assert.InRange(real.Status, 401, 404);
            }
        }
    }

    [Fact]
    public async Task Every_field_that_was_acknowledged_is_kept()
    {
        await using var host = await ApiHost.StartAsync();
        var group = (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "devs" })).Expect(201).Text("pk");
        var wanted = User("alice");
        (wanted["name"], wanted["email"], wanted["is_active"], wanted["path"], wanted["type"]) = ("Alice", "Alice@Example.com", false, "users/staff", "external");
        (wanted["attributes"], wanted["groups"], wanted["last_login"]) = (new JsonObject { ["a"] = 1 }, new JsonArray(group), "2026-01-01T00:00:00Z");

        var made = (await host.AuthentikAsync("POST", "/core/users/", wanted)).Expect(201);
        var path = $"/core/users/{made.Text("pk")}/";
        var read = await host.AuthentikAsync("GET", path);

        Assert.Equal(made.Body!.ToJsonString(), read.Body!.ToJsonString());
        wanted["email"] = "alice@example.com"; // the one form that decisions use
        wanted["last_login"] = "2026-01-01T00:00:00.000000Z";
        Assert.All(wanted, field => Assert.Equal(field.Value!.ToJsonString(), read.Body[field.Key]!.ToJsonString()));
        (await host.AuthentikAsync("PATCH", path, new JsonObject { ["name"] = "A." })).Expect(200);
        (await host.AuthentikAsync("PUT", path, User("alicia"))).Expect(200);
        var after = await host.AuthentikAsync("GET", path);
        Assert.Equal(("alicia", "", "users/staff"), (after.Text("username"), after.Text("name"), after.Text("path")));
        (await host.AuthentikAsync("PUT", path, new JsonObject { ["name"] = "x" })).Expect(400);
        (await host.AuthentikAsync("DELETE", path)).Expect(204);
        (await host.AuthentikAsync("DELETE", path)).Expect(404);
    }

    [Fact]
    public async Task S07_a_password_that_an_administrator_sets_ends_the_links_that_are_still_out()
    {
        await using var host = await ApiHost.StartAsync();
        await using (var db = host.Open())
        {
            foreach (var user in new[] { host.UserId, host.AdminId })
            {
                db.OneTimeLinks.Add(new OneTimeLink { Hash = $"{user}", Purpose = "recovery", UserId = user, ExpiresAt = host.Clock.GetUtcNow().AddMinutes(30) });
            }

            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        (await host.AuthentikAsync("POST", $"/core/users/{host.UserId}/set_password/", new JsonObject { ["password"] = "correct horse" })).Expect(204);
        await using var after = host.Open();
        Assert.Equal([host.AdminId], await after.OneTimeLinks.Where(l => l.UsedAt == null).Select(l => l.UserId).ToListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A03_attributes_are_for_superusers_wherever_people_see_themselves()
    {
        await using var host = await ApiHost.StartAsync();
        (await host.AuthentikAsync("PATCH", $"/core/users/{host.UserId}/", new JsonObject { ["attributes"] = new JsonObject { ["note"] = "canary" } })).Expect(200);
        var group = (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "devs", ["attributes"] = new JsonObject { ["note"] = "canary" }, ["users"] = new JsonArray(host.UserId) })).Expect(201);

        foreach (var path in (string[])[$"/core/users/{host.UserId}/", "/core/tokens/", "/core/tokens/user/", "/core/users/me/"])
        {
            var own = (await host.AuthentikAsync("GET", path, key: ApiHost.UserKey)).Expect(200).Body!.ToJsonString();
            Assert.DoesNotContain("canary", own, StringComparison.Ordinal);
        }

        Assert.Contains(group.Text("pk")!, (await host.AuthentikAsync("GET", $"/core/users/{host.UserId}/", key: ApiHost.UserKey)).Body!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("canary", (await host.AuthentikAsync("GET", $"/core/users/{host.UserId}/")).Body!.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("deactivate")]
    [InlineData("set_password")]
    [InlineData("delete")]
    public async Task S08_sessions_and_grants_end_with_what_they_rest_on(string how)
    {
        await using var host = await ApiHost.StartAsync();
        await SignInAsync(host);
        var path = $"/core/users/{host.UserId}/";

        var reply = how switch
        {
            "deactivate" => await host.AuthentikAsync("PATCH", path, new JsonObject { ["is_active"] = false }),
            "set_password" => await host.AuthentikAsync("POST", path + "set_password/", new JsonObject { ["password"] = "correct horse" }),
            _ => await host.AuthentikAsync("DELETE", path),
        };

        Assert.InRange(reply.Status, 200, 204);
        await using var db = host.Open();
        Assert.Empty(await db.AuthenticatedSessions.Where(s => s.UserId == host.UserId).ToListAsync(TestContext.Current.CancellationToken));
        Assert.DoesNotContain(await db.Grants.Where(g => g.UserId == host.UserId).ToListAsync(TestContext.Current.CancellationToken), g => g.RevokedAt is null);
        Assert.Single(await db.AuthenticatedSessions.ToListAsync(TestContext.Current.CancellationToken)); // the administrator's own
        Assert.Equal(64, (await db.LogoutNotices.SingleAsync(TestContext.Current.CancellationToken)).Sid.Length); // and the client is told
    }

    [Theory]
    [InlineData("add")]
    [InlineData("remove")]
    [InlineData("user")]
    [InlineData("group")]
    [InlineData("blueprint")]
    public async Task S09_every_way_to_change_somebodys_groups_tells_our_own_access(string how)
    {
        await using var host = await ApiHost.StartAsync();
        await SignInAsync(host);
        await using var db = host.Open();
        await db.Providers.ExecuteUpdateAsync(p => p.SetProperty(x => x.LogoutUri, ApiHost.Urls.AccessLogoutReceiver + "x"), TestContext.Current.CancellationToken);
        var group = (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "devs", ["users"] = how == "remove" ? new JsonArray(host.UserId) : [] })).Expect(201).Text("pk");
        await db.LogoutNotices.ExecuteDeleteAsync(TestContext.Current.CancellationToken);

        var reply = how switch
        {
            "add" => await host.AuthentikAsync("POST", $"/core/groups/{group}/add_user/", new JsonObject { ["pk"] = host.UserId }),
            "remove" => await host.AuthentikAsync("POST", $"/core/groups/{group}/remove_user/", new JsonObject { ["pk"] = host.UserId }),
            "user" => await host.AuthentikAsync("PATCH", $"/core/users/{host.UserId}/", new JsonObject { ["groups"] = new JsonArray(group) }),
            "group" => await host.AuthentikAsync("PATCH", $"/core/groups/{group}/", new JsonObject { ["users"] = new JsonArray(host.UserId) }),
            _ => await ApplyAsync(host, $$"""
                version: 1
                metadata: { name: s09 }
                entries:
                  - model: authentik_core.user
                    identifiers: { username: bob }
                    attrs: { name: Robert, path: users }
                """),
        };

        Assert.InRange(reply.Status, 200, 204);
        var notice = await db.LogoutNotices.SingleAsync(TestContext.Current.CancellationToken);
        Assert.Equal("", notice.Sid);
        Assert.Equal(3, await db.AuthenticatedSessions.CountAsync(TestContext.Current.CancellationToken));
        Assert.DoesNotContain(await db.Events.AsNoTracking().ToListAsync(TestContext.Current.CancellationToken), e => e.ContextJson.Contains("logoutnotice", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_password_is_kept_as_a_hash_that_verifies()
    {
        await using var host = await ApiHost.StartAsync();

        (await host.AuthentikAsync("POST", $"/core/users/{host.UserId}/set_password/", new JsonObject { ["password"] = "correct horse" })).Expect(204);
        (await host.AuthentikAsync("POST", $"/core/users/{host.UserId}/set_password/", new JsonObject { ["password"] = "" })).Expect(400);
        (await host.AuthentikAsync("POST", $"/core/users/{host.UserId}/set_password/", new JsonObject { ["password"] = new string('x', 1025) })).Expect(400);
        (await host.AuthentikAsync("POST", "/core/users/999/set_password/", new JsonObject { ["password"] = "correct horse" })).Expect(404);

        await using var db = host.Open();
        var user = await db.Users.SingleAsync(u => u.Id == host.UserId, TestContext.Current.CancellationToken);
        Assert.StartsWith("pbkdf2_sha512$210000$", user.PasswordHash, StringComparison.Ordinal);
        Assert.True(PasswordHash.Verify("correct horse", user.PasswordHash!));
        Assert.False(PasswordHash.Verify("Correct horse", user.PasswordHash!));
    }

    [Fact]
    public async Task A08_fields_that_are_not_the_callers_to_set_are_ignored()
    {
        await using var host = await ApiHost.StartAsync();
        var body = User("mallory");
        (body["pk"], body["is_superuser"], body["uid"], body["password_hash"], body["version"]) = (1, true, "x", "x", 9);

        var user = (await host.AuthentikAsync("POST", "/core/users/", body)).Expect(201);

        Assert.Equal("false", user.Text("is_superuser"));
        Assert.NotEqual("x", user.Text("uid"));
    }

    [Fact]
    public async Task Users_see_themselves()
    {
        await using var host = await ApiHost.StartAsync();

        var me = (await host.AuthentikAsync("GET", "/core/users/me/", key: ApiHost.UserKey)).Expect(200);

        Assert.Equal("bob", me.Text("user.username"));
        Assert.Equal("bob", me.Text("users.0.username"));
        Assert.Equal(("[]", "[]", "{}"), (me.Text("user.groups"), me.Text("user.roles"), me.Text("user.settings")));
        Assert.Equal(("[]", "false"), (me.Text("user.system_permissions"), me.Text("user.is_superuser")));
        (await host.AuthentikAsync("GET", $"/core/users/{host.UserId}/", key: ApiHost.UserKey)).Expect(200);
        (await host.AuthentikAsync("GET", $"/core/users/{host.AdminId}/", key: ApiHost.UserKey)).Expect(404);
        (await host.AuthentikAsync("GET", "/core/users/", key: ApiHost.UserKey)).Expect(403);
    }

    [Fact]
    public async Task Filters_choose()
    {
        await using var host = await ApiHost.StartAsync();
        var devs = (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "devs", ["users"] = new JsonArray(host.UserId) })).Expect(201);

        foreach (var query in (string[])["groups_by_name=devs", $"groups_by_pk={devs.Text("pk")}", "email=bob@example.com", "search=BOB", "is_superuser=false", "username=bob", "path_startswith=us&username=bob"])
        {
            var reply = (await host.AuthentikAsync("GET", "/core/users/?" + query)).Expect(200);
            Assert.Equal(("1", "bob"), (reply.Text("pagination.count"), reply.Text("results.0.username")));
        }

        Assert.Equal("0", (await host.AuthentikAsync("GET", "/core/users/?is_active=false")).Text("pagination.count"));
        Assert.Equal("2", (await host.AuthentikAsync("GET", "/core/users/?type=internal&type=external")).Text("pagination.count"));
        foreach (var order in (string[])["pk", "name", "-email", "is_active", "type", "-date_joined", "last_login", "last_updated", "uuid", "path,-username"])
        {
            (await host.AuthentikAsync("GET", "/core/users/?ordering=" + order)).Expect(200);
        }
    }

    [Fact]
    public async Task Groups_hold_members_and_never_themselves()
    {
        await using var host = await ApiHost.StartAsync();
        var outer = (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "outer" })).Expect(201).Text("pk");
        var inner = (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "inner", ["parents"] = new JsonArray(outer), ["attributes"] = new JsonObject { ["x"] = true } })).Expect(201);
        var path = $"/core/groups/{inner.Text("pk")}/";

        (await host.AuthentikAsync("POST", path + "add_user/", new JsonObject { ["pk"] = host.UserId })).Expect(204);
        (await host.AuthentikAsync("POST", path + "add_user/", new JsonObject { ["pk"] = host.UserId })).Expect(204);
        (await host.AuthentikAsync("POST", path + "add_user/", new JsonObject { ["pk"] = 999 })).Expect(404);
        var read = await host.AuthentikAsync("GET", path + "?include_parents=true");
        Assert.Equal(("bob", "outer", "{\"x\":true}"), (read.Text("users_obj.0.username"), read.Text("parents_obj.0.name"), read.Text("attributes")));
        Assert.Equal($"[\"{inner.Text("pk")}\"]", (await host.AuthentikAsync("GET", $"/core/groups/{outer}/")).Text("children"));

        Assert.NotEmpty((await host.AuthentikAsync("PATCH", $"/core/groups/{outer}/", new JsonObject { ["parents"] = new JsonArray(inner.Text("pk")) })).Expect(400).Body!["parents"]!.AsArray());
        (await host.AuthentikAsync("PATCH", $"/core/groups/{outer}/", new JsonObject { ["parents"] = new JsonArray(outer) })).Expect(400);
        (await host.AuthentikAsync("POST", "/core/groups/", new JsonObject { ["name"] = "inner" })).Expect(400);
        (await host.AuthentikAsync("POST", path + "remove_user/", new JsonObject { ["pk"] = host.UserId })).Expect(204);
        Assert.Equal("[]", (await host.AuthentikAsync("GET", path)).Text("users"));
        (await host.AuthentikAsync("DELETE", $"/core/groups/{outer}/")).Expect(204);
        Assert.Equal("[]", (await host.AuthentikAsync("GET", path)).Text("parents"));
    }

    private static JsonObject User(string username) => new() { ["username"] = username, ["name"] = "" };

    private static async Task<ApiReply> ApplyAsync(ApiHost host, string blueprint)
    {
        var kept = (await host.AuthentikAsync("POST", "/managed/blueprints/", new JsonObject { ["name"] = "s09", ["content"] = blueprint })).Expect(201);
        return await host.AuthentikAsync("POST", $"/managed/blueprints/{kept.Text("pk")}/apply/", new JsonObject());
    }

    private static async Task SignInAsync(ApiHost host)
    {
        await using var db = host.Open();
        var now = host.Clock.GetUtcNow();
        var provider = new Gatehouse.Model.Providers.OAuth2Provider
        {
            Name = "p",
            ClientId = "c",
            SealedClientSecret = [1],
            RedirectUris = [],
            LogoutUri = "https://rp.example/out",
            AuthorizationFlowId = host.Flow,
            InvalidationFlowId = host.Flow,
        };
        db.Add(provider);
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        var one = Session(host.UserId, "one");
        db.AddRange(one, Session(host.UserId, "two"), Session(host.AdminId, "three"));
        db.Add(new OAuthGrant
        {
            Id = Guid.CreateVersion7(),
            ProviderId = provider.Id,
            UserId = host.UserId,
            SessionId = "one",
            Scopes = ["openid"],
            AuthenticatedAt = now,
            CreatedAt = now,
            ExpiresAt = now.AddDays(1),
        });
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        await SessionEnd.RememberClientAsync(db, one, one.UserId, provider.Id, now, TestContext.Current.CancellationToken);

        AuthenticatedSession Session(int userId, string id) => new()
        {
            Id = id,
            Uuid = Guid.CreateVersion7(),
            UserId = userId,
            AuthenticatedAt = now,
            LastAddress = "127.0.0.1",
            LastUserAgent = "test",
            LastUsedAt = now,
            ExpiresAt = now.AddDays(1),
        };
    }
}
