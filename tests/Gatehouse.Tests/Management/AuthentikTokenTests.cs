using System.Text.Json.Nodes;
using Gatehouse.Management.Tokens;
using Gatehouse.Model.Tokens;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>/core/tokens/ and service accounts (contract §2.4, §4.9).</summary>
public class AuthentikTokenTests
{
    [Fact]
    public async Task Check19_a_service_account_gets_an_app_password_and_a_token_can_be_viewed_used_and_replaced()
    {
        await using var host = await ApiHost.StartAsync();

        var made = (await host.AuthentikAsync("POST", "/core/users/service_account/", new JsonObject { ["name"] = "ci", ["create_group"] = true })).Expect(200);
        Assert.Equal(60, made.Text("token")!.Length);
        Assert.NotNull(made.Text("group_pk"));
        var account = (await host.AuthentikAsync("GET", $"/core/users/{made.Text("user_pk")}/")).Expect(200);
        Assert.Equal("service_account", account.Text("type"));
        Assert.Equal("goauthentik.io/service-accounts", account.Text("path"));
        var password = (await host.AuthentikAsync("GET", "/core/tokens/service-account-ci-password/")).Expect(200);
        Assert.Equal("app_password", password.Text("intent"));
        Assert.Equal(made.Text("user_pk"), password.Text("user"));
        Assert.NotNull((await host.AuthentikAsync("POST", "/core/users/service_account/", new JsonObject { ["name"] = "ci" })).Expect(400).Body!["non_field_errors"]);

        (await host.AuthentikAsync("POST", "/core/tokens/", Token("mine"))).Expect(201);
        var key = (await host.AuthentikAsync("GET", "/core/tokens/mine/view_key/")).Expect(200).Text("key")!;
        (await host.AuthentikAsync("GET", "/core/users/me/", key: key)).Expect(200);
        Assert.Equal("1", (await host.AuthentikAsync("GET", "/events/events/?actions=secret_view")).Text("pagination.count"));
        (await host.AuthentikAsync("POST", "/core/tokens/mine/set_key/", new JsonObject { ["key"] = "another-key" })).Expect(204);
        (await host.AuthentikAsync("GET", "/core/users/me/", key: key)).Expect(403);
        (await host.AuthentikAsync("GET", "/core/users/me/", key: "another-key")).Expect(200);
    }

    [Fact]
    public async Task A01_the_owner_of_a_token_never_changes()
    {
        await using var host = await ApiHost.StartAsync();
        (await host.AuthentikAsync("POST", "/core/tokens/", Token("bobs"), ApiHost.UserKey)).Expect(201);

        foreach (var (method, key) in new[] { ("PATCH", ApiHost.UserKey), ("PUT", ApiHost.UserKey), ("PATCH", ApiHost.AdminKey), ("PUT", ApiHost.AdminKey) })
        {
            var body = Token("bobs");
            body["user"] = host.AdminId;
            Assert.NotNull((await host.AuthentikAsync(method, "/core/tokens/bobs/", body, key)).Expect(400).Body!["user"]);
        }

        Assert.Equal($"{host.UserId}", (await host.AuthentikAsync("GET", "/core/tokens/bobs/")).Text("user"));
    }

    [Fact]
    public async Task A01_whoever_makes_a_token_for_somebody_else_without_being_a_superuser_gets_it_themselves()
    {
        await using var host = await ApiHost.StartAsync();
        var body = Token("stolen");
        body["user"] = host.AdminId;

        Assert.Equal($"{host.UserId}", (await host.AuthentikAsync("POST", "/core/tokens/", body, ApiHost.UserKey)).Expect(201).Text("user"));

        var key = (await host.AuthentikAsync("GET", "/core/tokens/stolen/view_key/", key: ApiHost.UserKey)).Text("key");
        (await host.AuthentikAsync("GET", "/core/users/", key: key)).Expect(403);
    }

    [Fact]
    public async Task People_see_their_own_tokens_only()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal("1", (await host.AuthentikAsync("GET", "/core/tokens/", key: ApiHost.UserKey)).Text("pagination.count"));
        Assert.Equal("2", (await host.AuthentikAsync("GET", "/core/tokens/")).Text("pagination.count"));
        foreach (var (method, path) in new[] { ("GET", ""), ("GET", "view_key/"), ("PATCH", ""), ("DELETE", "") })
        {
            (await host.AuthentikAsync(method, "/core/tokens/admin/" + path, method == "PATCH" ? new JsonObject() : null, ApiHost.UserKey)).Expect(404);
        }

        (await host.AuthentikAsync("POST", "/core/tokens/admin/set_key/", new JsonObject { ["key"] = "overtaken" }, ApiHost.UserKey)).Expect(404);
        (await host.AuthentikAsync("GET", "/core/users/me/", key: "overtaken")).Expect(403);
    }

    [Theory]
    [InlineData("recovery")]
    [InlineData("verification")]
    [InlineData("magic")]
    public async Task Intents_of_the_system_can_not_be_asked_for(string intent)
    {
        await using var host = await ApiHost.StartAsync();
        var body = Token("odd");
        body["intent"] = intent;

        Assert.NotNull((await host.AuthentikAsync("POST", "/core/tokens/", body)).Expect(400).Body!["intent"]);
    }

    [Fact]
    public async Task Lives_are_bounded_by_the_default_or_by_the_users_own_longest()
    {
        await using var host = await ApiHost.StartAsync();
        var far = host.Clock.GetUtcNow().AddYears(5);
        var api = Token("api");
        api["expires"] = far.ToString("O");
        Assert.Equal(Text(host.Clock.GetUtcNow().AddDays(1)), (await host.AuthentikAsync("POST", "/core/tokens/", api)).Expect(201).Text("expires"));

        var password = Token("pw");
        password["intent"] = "app_password";
        password["expires"] = far.ToString("O");
        Assert.NotNull((await host.AuthentikAsync("POST", "/core/tokens/", password)).Expect(400).Body!["expires"]);
        (await host.AuthentikAsync("PATCH", $"/core/users/{host.AdminId}/", new JsonObject
        {
            ["attributes"] = new JsonObject { ["goauthentik.io/user/token-maximum-lifetime"] = "weeks=520" },
        })).Expect(200);
        Assert.Equal(Text(far), (await host.AuthentikAsync("POST", "/core/tokens/", password)).Expect(201).Text("expires"));

        var forever = Token("forever");
        forever["expiring"] = false;
        Assert.Equal("false", (await host.AuthentikAsync("POST", "/core/tokens/", forever)).Expect(201).Text("expiring"));
        forever["identifier"] = "not-forever";
        Assert.Equal("true", (await host.AuthentikAsync("POST", "/core/tokens/", forever, ApiHost.UserKey)).Expect(201).Text("expiring"));

        static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff000'Z'");
    }

    [Fact]
    public async Task An_expired_api_token_gets_another_key_and_keeps_its_row()
    {
        await using var host = await ApiHost.StartAsync();
        (await host.AuthentikAsync("POST", "/core/tokens/", Token("short"))).Expect(201);
        var key = (await host.AuthentikAsync("GET", "/core/tokens/short/view_key/")).Text("key");
        host.Clock.Advance(TimeSpan.FromDays(2));

        (await host.AuthentikAsync("GET", "/core/users/me/", key: key)).Expect(403);
        Assert.Equal(1, await host.Services.GetRequiredService<RotateExpired>().RunAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, await host.Services.GetRequiredService<RotateExpired>().RunAsync(TestContext.Current.CancellationToken));

        (await host.AuthentikAsync("GET", "/core/users/me/", key: key)).Expect(403);
        var fresh = (await host.AuthentikAsync("GET", "/core/tokens/short/view_key/")).Text("key");
        Assert.NotEqual(key, fresh);
        (await host.AuthentikAsync("GET", "/core/users/me/", key: fresh)).Expect(200);
        Assert.Equal("1", (await host.AuthentikAsync("GET", "/events/events/?action=secret_rotate")).Text("pagination.count"));
    }

    [Fact]
    public async Task A03_keys_are_sealed_at_rest_and_in_no_list()
    {
        await using var host = await ApiHost.StartAsync();
        (await host.AuthentikAsync("POST", "/core/tokens/", Token("sealed"))).Expect(201);
        var key = (await host.AuthentikAsync("GET", "/core/tokens/sealed/view_key/")).Text("key")!;

        Assert.DoesNotContain(key, (await host.AuthentikAsync("GET", "/core/tokens/")).Body!.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(key, (await host.AuthentikAsync("GET", "/events/events/?page_size=100")).Body!.ToJsonString(), StringComparison.Ordinal);
        await using var db = host.Open();
        var row = await db.ApiTokens.SingleAsync(t => t.Identifier == "sealed", TestContext.Current.CancellationToken);
        Assert.DoesNotContain(key, System.Text.Encoding.Latin1.GetString(row.SealedKey!), StringComparison.Ordinal);
        Assert.NotEqual(key, row.KeyHash);
    }

    [Fact]
    public async Task Check49_an_oauth_token_with_the_api_scope_calls_for_its_person()
    {
        await using var host = await ApiHost.StartAsync();
        host.OAuth.Known["a.b.c"] = new ApiAccess(Guid.CreateVersion7(), host.UserId, host.Clock.GetUtcNow().AddHours(1));

        Assert.Equal("bob", (await host.AuthentikAsync("GET", "/core/users/me/", key: "a.b.c")).Expect(200).Text("user.username"));
        (await host.AuthentikAsync("GET", "/core/users/", key: "a.b.c")).Expect(403);
        (await host.AuthentikAsync("GET", "/core/users/me/", key: "a.b.d")).Expect(403);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("with a space")]
    [InlineData("uml\u00e4ut-in-it")]
    public async Task A_key_that_could_be_guessed_or_not_be_sent_is_refused(string key)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.NotNull((await host.AuthentikAsync("POST", "/core/tokens/user/set_key/", new JsonObject { ["key"] = key })).Expect(400).Body!["key"]);
    }

    private static JsonObject Token(string identifier) => new() { ["identifier"] = identifier };
}
