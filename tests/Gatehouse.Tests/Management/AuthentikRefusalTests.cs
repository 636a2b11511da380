using System.Text.Json.Nodes;

namespace Gatehouse.Tests.Management;

/// <summary>What authentik's API refuses. Nothing here changes anything, so one host serves all.</summary>
public class AuthentikRefusalTests(SharedApiHost shared) : IClassFixture<SharedApiHost>
{
    private ApiHost Host => shared.Host;

    [Theory]
    [InlineData("{\"username\":\"a\"")]
    [InlineData("{\"username\":\"a\",\"username\":\"b\",\"name\":\"\"}")]
    [InlineData("{\"username\":\"\\ud800\",\"name\":\"\"}")]
    [InlineData("{\"\\ud800\":1,\"username\":\"a\",\"name\":\"\"}")]
    [InlineData("{\"username\":\"a\\u0000\",\"name\":\"\"}")]
    [InlineData("{\"username\":\"a\",\"name\":\"\",\"attributes\":{\"x\":[\"\\u0000\"]}}")]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("null")]
    [InlineData("not json")]
    [InlineData("{\"username\":{},\"name\":\"\"}")]
    [InlineData("{\"username\":null,\"name\":\"\"}")]
    [InlineData("{\"username\":\"a\",\"name\":3}")]
    [InlineData("{\"username\":\"a\",\"name\":\"\",\"is_active\":\"yes\"}")]
    [InlineData("{\"username\":\"a\",\"name\":\"\",\"groups\":{}}")]
    [InlineData("{\"username\":\"a\",\"name\":\"\",\"groups\":[1]}")]
    [InlineData("{\"username\":\"a\",\"name\":\"\",\"attributes\":[]}")]
    [InlineData("{\"username\":\"a\",\"name\":\"\",\"type\":\"king\"}")]
    [InlineData("{\"username\":\"a\",\"name\":\"\",\"last_login\":\"yesterday\"}")]
    [InlineData("{\"username\":\"a\",\"name\":\"\",\"path\":\"/a\"}")]
    [InlineData("{\"username\":\"a\",\"name\":\"\",\"roles\":[\"00000000-0000-0000-0000-000000000001\"]}")]
    [InlineData("{}")]
    [InlineData("")]
    public async Task Bodies_that_can_not_be_read_are_refused_and_change_nothing(string body)
    {
        (await Host.SendAsync("POST", "/api/v3/core/users/", body, ApiHost.AdminKey)).Expect(400);
        (await Host.SendAsync("POST", "/api/v3/core/users/", new string('[', 5000), ApiHost.AdminKey)).Expect(400);

        Assert.Equal("2", (await Host.AuthentikAsync("GET", "/core/users/")).Text("pagination.count"));
    }

    [Theory]
    [InlineData("ordering=username;drop table users")]
    [InlineData("ordering=password_hash")]
    [InlineData("is_active=maybe")]
    [InlineData("type=king")]
    [InlineData("groups_by_pk=x")]
    [InlineData("attributes=%5B%5D")]
    [InlineData("attributes=x")]
    [InlineData("last_login__gt=yesterday")]
    [InlineData("search=%00")]
    public async Task A07_queries_that_can_not_be_read_are_refused(string query)
    {
        (await Host.AuthentikAsync("GET", "/core/users/?" + query)).Expect(400);
    }

    [Theory]
    [InlineData("%")]
    [InlineData("_")]
    [InlineData("\\")]
    [InlineData("' OR 1=1 --")]
    public async Task A07_search_takes_every_character_for_itself(string text)
    {
        var reply = (await Host.AuthentikAsync("GET", "/core/users/?search=" + System.Uri.EscapeDataString(text))).Expect(200);

        Assert.Equal("0", reply.Text("pagination.count"));
    }

    [Theory]
    [InlineData("adm\u0131n")]
    [InlineData("AKADMIN")]
    [InlineData("a\u212Aadmin")]
    [InlineData("akadmi\u006E\u0303")]
    [InlineData("\uFF41kadmin")]
    [InlineData("ak\u200Badmin")]
    [InlineData("akadmin ")]
    [InlineData(" akadmin")]
    [InlineData("")]
    [InlineData("   ")]
    public async Task U03_no_user_can_be_made_that_looks_like_another(string username)
    {
        var reply = (await Host.AuthentikAsync("POST", "/core/users/", User(username))).Expect(400);

        Assert.NotEmpty(reply.Body!["username"]!.AsArray());
    }

    [Theory]
    [InlineData("a@evil.com@good.com")]
    [InlineData("\"a@good.com\"@evil.com")]
    [InlineData("x@GOOD.com.")]
    [InlineData("a@good.com,b@evil.com")]
    [InlineData("a b@good.com")]
    [InlineData("a@g\u00f6\u00f6d.com")]
    [InlineData("plain")]
    public async Task U04_an_address_that_can_be_read_in_two_ways_is_refused(string email)
    {
        var body = User("alice");
        body["email"] = email;

        Assert.NotEmpty((await Host.AuthentikAsync("POST", "/core/users/", body)).Expect(400).Body!["email"]!.AsArray());
    }

    [Theory]
    [InlineData("strict", "javascript:alert(1)")]
    [InlineData("strict", "JaVaScRiPt:alert(1)")]
    [InlineData("strict", "data:text/html,x")]
    [InlineData("strict", "vbscript:x")]
    [InlineData("strict", "https://rp.example/cb#x")]
    [InlineData("strict", "/cb")]
    [InlineData("strict", "//rp.example/cb")]
    [InlineData("strict", "https://rp.example/a b")]
    [InlineData("strict", "https://rp.example/\n")]
    [InlineData("strict", "https://[rp")]
    [InlineData("strict", "")]
    [InlineData("regex", "(")]
    [InlineData("regex", "(?<=a)b")]
    [InlineData("regex", "(a)\\1")]
    [InlineData("loose", "https://rp.example/cb")]
    public async Task A_redirect_uri_that_could_do_harm_is_refused_where_it_stands(string mode, string url)
    {
        var body = Provider(Host, "one");
        body["redirect_uris"] = new JsonArray(Uri("strict", "https://rp.example/cb"), Uri(mode, url));

        var faults = (await Host.AuthentikAsync("POST", "/providers/oauth2/", body)).Expect(400).Body!["redirect_uris"]!.AsArray();

        Assert.Equal("{}", faults[0]!.ToJsonString());
        Assert.NotEmpty(faults[1]!.AsObject());
    }

    [Theory]
    [InlineData("access_token_validity", "\"5m\"")]
    [InlineData("access_code_validity", "\"fortnights=1\"")]
    [InlineData("refresh_token_validity", "\"hours=-1\"")]
    [InlineData("refresh_token_threshold", "\"\"")]
    [InlineData("authorization_flow", "\"00000000-0000-0000-0000-000000000001\"")]
    [InlineData("invalidation_flow", "\"x\"")]
    [InlineData("signing_key", "\"00000000-0000-0000-0000-000000000001\"")]
    [InlineData("property_mappings", "[\"00000000-0000-0000-0000-000000000001\"]")]
    [InlineData("grant_types", "[\"magic\"]")]
    [InlineData("client_id", "\"\"")]
    [InlineData("client_id", "\"\\u00e4\"")]
    [InlineData("client_secret", "\"\"")]
    [InlineData("client_secret", "\"a\\nb\"")]
    [InlineData("client_type", "\"secret\"")]
    [InlineData("sub_mode", "\"email\"")]
    [InlineData("issuer_mode", "null")]
    [InlineData("logout_uri", "\"http://rp.example/out\"")]
    [InlineData("logout_uri", "\"https://user@rp.example/out\"")]
    [InlineData("logout_uri", "\"https://rp.example/out#here\"")]
    [InlineData("logout_uri", "\"javascript:alert(1)\"")]
    [InlineData("logout_uri", "\"rp.example/out\"")]
    [InlineData("logout_uri", "\"https://rp.example/o ut\"")]
    [InlineData("logout_method", "\"carrier pigeon\"")]
    [InlineData("jwt_federation_providers", "[1]")]
    [InlineData("redirect_uris", "[\"https://rp.example/cb\"]")]
    [InlineData("redirect_uris", "\"https://rp.example/cb\"")]
    [InlineData("redirect_uris", "[{\"url\":\"https://rp.example/cb\"}]")]
    [InlineData("name", "\" \"")]
    public async Task A_fault_is_told_under_its_field(string field, string value)
    {
        var body = Provider(Host, "one");
        body[field] = JsonNode.Parse(value);

        var reply = (await Host.AuthentikAsync("POST", "/providers/oauth2/", body)).Expect(400);

        Assert.Equal([field], reply.Body!.AsObject().Select(p => p.Key));
    }

    [Theory]
    [InlineData("slug", "\"token\"")]
    [InlineData("slug", "\"Authorize\"")]
    [InlineData("slug", "\"a b\"")]
    [InlineData("slug", "\"a/b\"")]
    [InlineData("slug", "\"a\\n\"")]
    [InlineData("meta_launch_url", "\"javascript:alert(1)\"")]
    [InlineData("meta_icon", "\"javascript:alert(1)\"")]
    [InlineData("meta_icon", "\"data:image/svg+xml,x\"")]
    [InlineData("policy_engine_mode", "\"most\"")]
    [InlineData("provider", "999")]
    [InlineData("provider", "\"1\"")]
    [InlineData("backchannel_providers", "[1]")]
    public async Task An_application_with_a_fault_is_refused(string field, string value)
    {
        var body = App("app1", null);
        body[field] = JsonNode.Parse(value);

        Assert.Equal([field], (await Host.AuthentikAsync("POST", "/core/applications/", body)).Expect(400).Body!.AsObject().Select(p => p.Key));
    }

    private static JsonObject User(string username) => new() { ["username"] = username, ["name"] = "" };

    private static JsonObject Provider(ApiHost host, string name) => new()
    {
        ["name"] = name,
        ["authorization_flow"] = host.Flow.ToString(),
        ["invalidation_flow"] = host.Flow.ToString(),
        ["redirect_uris"] = new JsonArray(Uri("strict", "https://rp.example/cb")),
    };

    private static JsonObject App(string slug, int? provider) => new() { ["name"] = slug, ["slug"] = slug, ["provider"] = provider };

    private static JsonObject Uri(string mode, string url, string? type = null)
    {
        var uri = new JsonObject { ["matching_mode"] = mode, ["url"] = url };
        if (type is not null)
        {
            uri["redirect_uri_type"] = type;
        }

        return uri;
    }
}
