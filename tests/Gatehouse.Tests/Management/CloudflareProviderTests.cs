using System.Text.Json.Nodes;
using Gatehouse.Model.LoginMethods;

namespace Gatehouse.Tests.Management;

/// <summary>Identity providers of other types than <c>oidc</c>.</summary>
public class CloudflareProviderTests
{
    [Fact]
    public async Task There_is_one_onetimepin_provider_and_it_can_go()
    {
        await using var host = await ApiHost.StartAsync();
        var made = (await host.CloudflareAsync("POST", "/access/identity_providers", Body("onetimepin", "{}"))).Expect(201);
        Assert.EndsWith("/cdn-cgi/access/callback", made.Text("result.config.redirect_url"), StringComparison.Ordinal);
        var path = $"/access/identity_providers/{made.Text("result.id")}";

        Assert.Equal("12132", (await host.CloudflareAsync("POST", "/access/identity_providers", Body("onetimepin", "{}"))).Expect(409).Text("errors.0.code"));
        Assert.Equal("onetimepin", (await host.CloudflareAsync("GET", path)).Expect(200).Text("result.type"));
        Assert.Equal("onetimepin", (await host.CloudflareAsync("GET", "/access/identity_providers")).Expect(200).Text("result.0.type"));
        (await host.CloudflareAsync("PUT", path, Body("google", """{"client_id":"a","client_secret":"b"}"""))).Expect(400);
        (await host.CloudflareAsync("DELETE", path)).Expect(200);
        (await host.CloudflareAsync("POST", "/access/identity_providers", Body("onetimepin", "{}"))).Expect(201);
    }

    [Theory]
    [InlineData("google", "{}", "https://accounts.google.com/o/oauth2/v2/auth", "https://accounts.google.com")]
    [InlineData("google-apps", """{"apps_domain":"example.com"}""", "https://accounts.google.com/o/oauth2/v2/auth?hd=example.com", "https://accounts.google.com")]
    [InlineData("azureAD", """{"directory_id":"8BDBA2A2-1111-4222-8333-444455556666","support_groups":true,"prompt":"select_account"}""", "https://login.microsoftonline.com/8bdba2a2-1111-4222-8333-444455556666/oauth2/v2.0/authorize", "https://login.microsoftonline.com/8bdba2a2-1111-4222-8333-444455556666/v2.0")]
    [InlineData("okta", """{"okta_account":"https://example.okta.com"}""", "https://example.okta.com/oauth2/v1/authorize", "https://example.okta.com")]
    [InlineData("okta", """{"okta_account":"https://example.okta.com","authorization_server_id":"aus1"}""", "https://example.okta.com/oauth2/aus1/v1/authorize", "https://example.okta.com/oauth2/aus1")]
    [InlineData("github", "{}", "https://github.com/login/oauth/authorize", "")]
    public async Task A_preset_knows_its_addresses_and_gives_its_settings_back(string type, string settings, string auth, string issuer)
    {
        await using var host = await ApiHost.StartAsync();
        var config = (JsonObject)JsonNode.Parse(settings)!;
        (config["client_id"], config["client_secret"]) = ("id", "s3cret");

        var made = (await host.CloudflareAsync("POST", "/access/identity_providers", Body(type, config.ToJsonString()))).Expect(201);

        Assert.DoesNotContain("s3cret", made.Body!.ToJsonString(), StringComparison.Ordinal);
        foreach (var (name, value) in config.Where(c => c.Key != "client_secret"))
        {
            Assert.Equal(value!.ToJsonString(), made.Body["result"]!["config"]![name]!.ToJsonString());
        }

        Assert.Null(made.Body["result"]!["config"]!["auth_url"]);
        await using var db = host.Open();
        var kept = db.LoginMethods.Single();
        Assert.Equal((type, auth, issuer), (kept.Type, kept.AuthUrl, kept.Issuer));

        // What it gives can be sent back.
        var again = (await host.CloudflareAsync("PUT", $"/access/identity_providers/{kept.Id}", Body(type, made.Body["result"]!["config"]!.ToJsonString()))).Expect(200);
        Assert.Equal(made.Body["result"]!.ToJsonString(), again.Body!["result"]!.ToJsonString());
    }

    [Theory]
    [InlineData("azureAD", """{"client_id":"a","client_secret":"b"}""")]
    [InlineData("azureAD", """{"client_id":"a","client_secret":"b","directory_id":"common"}""")]
    [InlineData("azureAD", """{"client_id":"a","client_secret":"b","directory_id":"8bdba2a2-1111-4222-8333-444455556666","prompt":"maybe"}""")]
    [InlineData("google-apps", """{"client_id":"a","client_secret":"b"}""")]
    [InlineData("google-apps", """{"client_id":"a","client_secret":"b","apps_domain":"a b"}""")]
    [InlineData("okta", """{"client_id":"a","client_secret":"b","okta_account":"https://u@evil.test/x"}""")]
    [InlineData("okta", """{"client_id":"a","client_secret":"b","okta_account":"example.okta.com","authorization_server_id":"../x"}""")]
    [InlineData("github", """{"client_id":"a"}""")]
    [InlineData("github", """{"client_secret":"a"}""")]
    [InlineData("google", """{"client_id":"a","client_secret":"b","auth_url":"javascript:x"}""")]
    [InlineData("saml", "{}")]
    public async Task A_preset_that_can_not_be_right_is_refused(string type, string config)
    {
        await using var host = await ApiHost.StartAsync();

        (await host.CloudflareAsync("POST", "/access/identity_providers", Body(type, config))).Expect(400);
    }

    [Fact]
    public async Task An_administrator_gets_a_link_to_try_a_method_once()
    {
        await using var host = await ApiHost.StartAsync();
        var id = (await host.CloudflareAsync("POST", "/access/identity_providers", Body("google", """{"client_id":"a","client_secret":"b"}"""))).Expect(201).Text("result.id")!;

        var url = (await host.CloudflareAsync("POST", $"/access/identity_providers/{id}/test")).Expect(200).Text("result.url")!;

        Assert.Contains($"/cdn-cgi/access/test-idp/{id}?ticket=", url, StringComparison.Ordinal);
        Assert.Equal(Guid.Parse(id), TestTicket.Open(host.Box, url.Split("ticket=")[1], DateTimeOffset.UnixEpoch)!.LoginMethodId);
        (await host.CloudflareAsync("POST", $"/access/identity_providers/{Guid.Empty}/test")).Expect(404);
    }

    private static JsonObject Body(string type, string config) => new() { ["name"] = type, ["type"] = type, ["config"] = JsonNode.Parse(config) };
}
