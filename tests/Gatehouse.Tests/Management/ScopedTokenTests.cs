using System.Text.Json.Nodes;
using Gatehouse.Management.CloudflareV4;
using Gatehouse.Management.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary>Scoped tokens: what they may do, and how they end.</summary>
public class ScopedTokenTests
{
    private const string AppsRead = "Access: Apps and Policies Read";
    private const string AppsWrite = "Access: Apps and Policies Write";

    [Fact]
    public async Task A_token_shows_its_value_once_and_is_kept_as_a_hash()
    {
        await using var host = await ApiHost.StartAsync();

        var made = (await host.CloudflareAsync("POST", "/tokens", Token(AppsRead))).Expect(200);
        var (id, value) = (made.Text("result.id"), made.Text("result.value")!);

        Assert.Equal(("active", 40), (made.Text("result.status"), value.Length));
        var read = (await host.CloudflareAsync("GET", "/tokens/" + id)).Expect(200);
        Assert.Null(read.Result["value"]);
        Assert.Equal(AppsRead, read.Text("result.policies.0.permission_groups.0.name"));
        Assert.DoesNotContain(value, (await host.CloudflareAsync("GET", "/tokens")).Body!.ToJsonString(), StringComparison.Ordinal);
        await using var db = host.Open();
        var row = await db.ScopedTokens.SingleAsync(TestContext.Current.CancellationToken);
        Assert.Equal(64, row.KeyHash.Length);
        Assert.DoesNotContain(value, await db.Events.Select(e => e.ContextJson).FirstOrDefaultAsync(TestContext.Current.CancellationToken) ?? "", StringComparison.Ordinal);
        Assert.Equal("active", (await host.CloudflareAsync("GET", "/tokens/verify", key: value)).Expect(200).Text("result.status"));
        Assert.Equal(id, (await host.SendAsync("GET", "/client/v4/user/tokens/verify", null, value)).Expect(200).Text("result.id"));
    }

    [Fact]
    public async Task A_token_does_what_its_groups_say_and_a_read_token_writes_nothing()
    {
        await using var host = await ApiHost.StartAsync();
        var (reader, writer) = (await MakeAsync(host, AppsRead), await MakeAsync(host, AppsWrite));
        var app = new JsonObject { ["type"] = "self_hosted", ["domain"] = "a.example.com" };

        (await host.CloudflareAsync("GET", "/access/apps", key: reader)).Expect(200);
        Assert.Equal("10000", (await host.CloudflareAsync("POST", "/access/apps", app, reader)).Expect(403).Text("errors.0.code"));
        (await host.CloudflareAsync("GET", "/access/groups", key: reader)).Expect(403);
        (await host.CloudflareAsync("GET", "/tokens", key: reader)).Expect(403);
        (await host.CloudflareAsync("POST", "/access/policy-tests", new JsonObject { ["policies"] = new JsonArray() }, reader)).Expect(403);
        (await host.CloudflareAsync("POST", "/access/apps", app, writer)).Expect(201);
        (await host.CloudflareAsync("GET", "/access/apps", key: writer)).Expect(200);
        (await host.AuthentikAsync("GET", "/core/users/me/", key: writer)).Expect(403);
    }

    [Fact]
    public async Task Every_route_asks_for_a_permission_group_and_a_token_without_any_gets_nowhere()
    {
        await using var host = await ApiHost.StartAsync();
        var poor = await MakeAsync(host, "SSO Connector Read");
        var all = await MakeAsync(host, [.. Permissions.All.Select(g => g.Name)]);
        foreach (var endpoint in host.Endpoints.Where(e => e.RoutePattern.RawText!.StartsWith("/client/v4/", StringComparison.Ordinal)))
        {
            foreach (var (method, need) in endpoint.Metadata.GetMetadata<RouteNeeds>()?.ByMethod ?? new Dictionary<string, Need>())
            {
                var path = endpoint.RoutePattern.RawText!;
                if (need != Need.Superuser)
                {
                    continue;
                }

                Assert.NotEmpty(Permissions.Needed(method, path["/client/v4".Length..]));
                var url = System.Text.RegularExpressions.Regex.Replace(path.Replace("{account}", ApiHost.Account, StringComparison.Ordinal), "{[a-z]+}", "00000000-0000-0000-0000-000000000001");
                var body = method is "POST" or "PUT" or "PATCH" ? "{}" : null;
                Assert.Equal(403, (await host.SendAsync(method, url, body, poor)).Status);
                Assert.NotEqual(403, (await host.SendAsync(method, url, body, all)).Status);
            }
        }
    }

    [Theory]
    [InlineData("/accounts", "Account Settings ")]
    [InlineData("/accounts/{account}", "Account Settings ")]
    [InlineData("/accounts/{account}/access/apps/{id}", "Access: Apps and Policies ")]
    [InlineData("/accounts/{account}/access", null)]
    [InlineData("/accounts/{account}/access/appsx", null)]
    [InlineData("/accounts/{account}/members", null)]
    [InlineData("/accounts/{account}/access/whatever-comes-next", null)]
    [InlineData("/user", null)]
    public void A_route_that_stands_nowhere_takes_no_scoped_token(string path, string? group)
    {
        Assert.Equal(group is null ? [] : [group + "Read", group + "Write"], Permissions.Needed("GET", path).Select(g => g.Name));
        Assert.Equal(group is null ? [] : [group + "Write"], Permissions.Needed("POST", path).Select(g => g.Name));
    }

    [Fact]
    public async Task A_token_ends_by_time_by_switch_by_place_by_roll_and_with_its_maker()
    {
        await using var host = await ApiHost.StartAsync();
        var body = Token(AppsRead);
        body["expires_on"] = host.Clock.GetUtcNow().AddHours(1).ToString("O");
        body["not_before"] = host.Clock.GetUtcNow().AddMinutes(10).ToString("O");
        var made = (await host.CloudflareAsync("POST", "/tokens", body)).Expect(200);
        var (path, value) = ("/tokens/" + made.Text("result.id"), made.Text("result.value")!);

        await ExpectAsync(value, 403);
        host.Clock.Advance(TimeSpan.FromMinutes(11));
        await ExpectAsync(value, 200);
        host.Clock.Advance(TimeSpan.FromHours(1));
        await ExpectAsync(value, 403);
        Assert.Equal("expired", (await host.CloudflareAsync("GET", path)).Text("result.status"));

        (await host.CloudflareAsync("PUT", path, Token(AppsRead))).Expect(200);
        await ExpectAsync(value, 200);
        var off = Token(AppsRead);
        off["status"] = "disabled";
        (await host.CloudflareAsync("PUT", path, off)).Expect(200);
        await ExpectAsync(value, 403);
        var elsewhere = Token(AppsRead);
        elsewhere["condition"] = JsonNode.Parse("""{"request_ip":{"in":["192.0.2.0/24"]}}""");
        (await host.CloudflareAsync("PUT", path, elsewhere)).Expect(200);
        await ExpectAsync(value, 403);
        elsewhere["condition"] = JsonNode.Parse("""{"request_ip":{"not_in":["127.0.0.0/8"]}}""");
        (await host.CloudflareAsync("PUT", path, elsewhere)).Expect(200);
        await ExpectAsync(value, 403);

        (await host.CloudflareAsync("PUT", path, Token(AppsRead))).Expect(200);
        var rolled = (await host.CloudflareAsync("PUT", path + "/value", new JsonObject())).Expect(200).Text("result")!;
        await ExpectAsync(value, 403);
        await ExpectAsync(rolled, 200);
        await using (var db = host.Open())
        {
            await db.Users.Where(u => u.Id == host.AdminId).ExecuteUpdateAsync(u => u.SetProperty(x => x.IsActive, false), TestContext.Current.CancellationToken);
        }

        await ExpectAsync(rolled, 403);

        async Task ExpectAsync(string key, int status) => (await host.CloudflareAsync("GET", "/access/apps", key: key)).Expect(status);
    }

    [Fact]
    public async Task A08_a_token_gives_no_more_than_it_has()
    {
        await using var host = await ApiHost.StartAsync();
        var minter = await MakeAsync(host, "Account API Tokens Write", AppsRead);
        var strong = (await host.CloudflareAsync("POST", "/tokens", Token(AppsWrite))).Expect(200).Text("result.id");

        (await host.CloudflareAsync("POST", "/tokens", Token(AppsRead), minter)).Expect(200);
        (await host.CloudflareAsync("POST", "/tokens", Token(AppsWrite), minter)).Expect(400);
        (await host.CloudflareAsync("PUT", $"/tokens/{strong}/value", new JsonObject(), minter)).Expect(400);
        (await host.CloudflareAsync("PUT", $"/tokens/{strong}", Token(AppsRead), minter)).Expect(400);
        (await host.CloudflareAsync("DELETE", $"/tokens/{strong}", key: minter)).Expect(400);
        var denied = Token(AppsRead);
        denied["policies"]!.AsArray().Add(Grant("deny", AppsRead));
        var nothing = (await host.CloudflareAsync("POST", "/tokens", denied)).Expect(200).Text("result.value");
        (await host.CloudflareAsync("GET", "/access/apps", key: nothing)).Expect(403);
    }

    [Fact]
    public async Task A08_a_token_gives_none_that_outlives_it_or_is_good_from_elsewhere()
    {
        await using var host = await ApiHost.StartAsync();
        var end = host.Clock.GetUtcNow().AddHours(1);
        var bound = Token("Account API Tokens Write", AppsRead);
        bound["expires_on"] = Time(end);
        bound["condition"] = Condition("127.0.0.0/8", "::1/128");
        var minter = (await host.CloudflareAsync("POST", "/tokens", bound)).Expect(200).Text("result.value")!;

        foreach (var (expires, condition) in ((DateTimeOffset?, JsonObject?)[])[(null, Condition("127.0.0.0/8")), (end.AddSeconds(1), Condition("127.0.0.0/8")), (end, null), (end, Condition("127.0.0.0/8", "192.0.2.0/24"))])
        {
            (await host.CloudflareAsync("POST", "/tokens", Wanted(expires, condition), minter)).Expect(400);
        }

        (await host.CloudflareAsync("POST", "/tokens", Wanted(end, Condition("127.0.0.0/8")), minter)).Expect(200);

        static JsonObject Condition(params string[] ranges) => new() { ["request_ip"] = new JsonObject { ["in"] = new JsonArray([.. ranges.Select(r => (JsonNode?)r)]) } };

        static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

        static JsonObject Wanted(DateTimeOffset? expires, JsonObject? condition)
        {
            var token = Token(AppsRead);
            token["expires_on"] = expires is { } at ? Time(at) : null;
            token["condition"] = condition;
            return token;
        }
    }

    [Theory]
    [InlineData("PUT", "/value")]
    [InlineData("PUT", "")]
    [InlineData("DELETE", "")]
    public async Task A08_a_token_takes_over_none_that_outlives_it_or_is_good_from_elsewhere(string method, string end)
    {
        await using var host = await ApiHost.StartAsync();
        var expires = host.Clock.GetUtcNow().AddHours(1).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        var minter = (await host.CloudflareAsync("POST", "/tokens", Bound(expires, "127.0.0.0/8"))).Expect(200);
        var key = minter.Text("result.value")!;
        var wanted = method == "DELETE" ? null : end.Length > 0 ? new JsonObject() : Bound(expires, "127.0.0.0/8");

        foreach (var other in (JsonObject[])[Bound(null, "127.0.0.0/8"), Bound(expires, null), Bound(expires, "192.0.2.0/24"), Bound(expires, "127.0.0.0/8", refused: null)])
        {
            var path = "/tokens/" + (await host.CloudflareAsync("POST", "/tokens", other)).Expect(200).Text("result.id");
            (await host.CloudflareAsync(method, path + end, wanted?.DeepClone(), key)).Expect(400);
            (await host.CloudflareAsync("GET", path)).Expect(200);
        }

        var alike = "/tokens/" + (await host.CloudflareAsync("POST", "/tokens", Bound(expires, "127.0.0.0/8"))).Expect(200).Text("result.id");
        (await host.CloudflareAsync(method, alike + end, wanted?.DeepClone(), key)).Expect(200);
        (await host.CloudflareAsync(method, $"/tokens/{minter.Text("result.id")}{end}", wanted?.DeepClone(), key)).Expect(200); // itself

        static JsonObject Bound(string? expires, string? allowed, string? refused = "192.0.2.7/32")
        {
            var token = Token("Account API Tokens Write", AppsRead);
            token["expires_on"] = expires;
            token["condition"] = new JsonObject { ["request_ip"] = new JsonObject { ["in"] = Of(allowed), ["not_in"] = Of(refused) } };
            return token;
        }

        static JsonArray Of(string? range) => range is null ? [] : [range];
    }

    [Fact]
    public async Task A08_a_token_ends_another_administrators_and_never_has_its_value_or_its_rights()
    {
        await using var host = await ApiHost.StartAsync();
        var minter = await MakeAsync(host, "Account API Tokens Write", AppsRead);
        var admins = (await host.AuthentikAsync("GET", "/core/groups/?name=authentik%20Admins")).Text("results.0.pk");
        (await host.AuthentikAsync("POST", $"/core/groups/{admins}/add_user/", new JsonObject { ["pk"] = host.UserId })).Expect(204);
        var path = "/tokens/" + (await host.CloudflareAsync("POST", "/tokens", Token(AppsRead), ApiHost.UserKey)).Expect(200).Text("result.id");
        var own = "/tokens/" + (await host.CloudflareAsync("POST", "/tokens", Token(AppsRead), minter)).Expect(200).Text("result.id");

        (await host.CloudflareAsync("PUT", path + "/value", new JsonObject(), minter)).Expect(400);
        (await host.CloudflareAsync("PUT", path, Token(AppsRead), minter)).Expect(400);
        (await host.CloudflareAsync("PUT", own + "/value", new JsonObject(), minter)).Expect(200);
        (await host.CloudflareAsync("PUT", own, Token(AppsRead), minter)).Expect(200);
        (await host.CloudflareAsync("PUT", path, Token(AppsRead))).Expect(200); // an administrator, not a token of theirs
        (await host.CloudflareAsync("DELETE", path, key: minter)).Expect(200);
    }

    [Fact]
    public async Task A08_who_may_read_tunnels_gets_no_tunnels_token()
    {
        await using var host = await ApiHost.StartAsync();
        var (reader, writer) = (await MakeAsync(host, "Cloudflare Tunnel Read"), await MakeAsync(host, "Cloudflare Tunnel Write"));
        var id = (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "t" }, writer)).Expect(200).Text("result.id");

        (await host.CloudflareAsync("GET", "/cfd_tunnel/" + id, key: reader)).Expect(200);
        (await host.CloudflareAsync("GET", $"/cfd_tunnel/{id}/token", key: reader)).Expect(403);
        (await host.CloudflareAsync("GET", $"/cfd_tunnel/{id}/token", key: writer)).Expect(200);
    }

    [Fact]
    public async Task A06_A08_tokens_for_another_account_or_a_part_of_it_or_an_unknown_group_are_refused()
    {
        await using var host = await ApiHost.StartAsync();
        foreach (var resources in (string[])["{}", """{"com.cloudflare.api.account.ffffffffffffffffffffffffffffffff":"*"}""", """{"com.cloudflare.api.account.*":"read"}""", """{"com.cloudflare.api.account.0123456789abcdef0123456789abcdef":{"com.cloudflare.api.account.zone.*":"*"}}"""])
        {
            var body = Token(AppsRead);
            body["policies"]![0]!["resources"] = JsonNode.Parse(resources);
            (await host.CloudflareAsync("POST", "/tokens", body)).Expect(400);
        }

        var unknown = Token(AppsRead);
        unknown["policies"]![0]!["permission_groups"] = JsonNode.Parse("""[{"id":"00000000000000000000000000000000"}]""");
        (await host.CloudflareAsync("POST", "/tokens", unknown)).Expect(400);
        var chosen = Token(AppsRead);
        (chosen["id"], chosen["value"], chosen["last_used_on"]) = ("0123456789abcdef0123456789abcdef", "chosen-by-the-caller", "2020-01-01T00:00:00Z");
        var made = (await host.CloudflareAsync("POST", "/tokens", chosen)).Expect(200);
        Assert.NotEqual("chosen-by-the-caller", made.Text("result.value"));
        Assert.NotEqual("0123456789abcdef0123456789abcdef", made.Text("result.id"));
        Assert.Null(made.Result["last_used_on"]);
    }

    [Fact]
    public async Task Permission_groups_are_those_of_Cloudflare_under_ids_that_never_change()
    {
        await using var host = await ApiHost.StartAsync();
        var groups = (await host.CloudflareAsync("GET", "/tokens/permission_groups")).Expect(200).Result.AsArray();

        Assert.Contains(groups, g => g!["name"]!.GetValue<string>() == "SSO Connector Write");
        Assert.All(groups, g => Assert.Matches("^[0-9a-f]{32}$", g!["id"]!.GetValue<string>()));
        Assert.Equal(groups.Count, groups.Select(g => g!["id"]!.GetValue<string>()).Distinct().Count());
        Assert.Equal("1", (await host.CloudflareAsync("GET", "/tokens/permission_groups?name=SSO%20Connector%20Write")).Text("result_info.count"));
    }

    private static async Task<string> MakeAsync(ApiHost host, params string[] groups) => (await host.CloudflareAsync("POST", "/tokens", Token(groups))).Expect(200).Text("result.value")!;

    private static JsonObject Token(params string[] groups) => new() { ["name"] = "t", ["policies"] = new JsonArray(Grant("allow", groups)) };

    private static JsonObject Grant(string effect, params string[] groups) => new()
    {
        ["effect"] = effect,
        ["permission_groups"] = new JsonArray([.. groups.Select(g => new JsonObject { ["id"] = Permissions.All.Single(p => p.Name == g).Id })]),
        ["resources"] = new JsonObject { ["com.cloudflare.api.account." + ApiHost.Account] = "*" },
    };
}
