using System.Text.Json.Nodes;

namespace Gatehouse.Tests.Management;

/// <summary>What Cloudflare's API refuses. Nothing here changes anything, so one host serves all.</summary>
public class CloudflareRefusalTests(SharedApiHost shared) : IClassFixture<SharedApiHost>
{
    private ApiHost Host => shared.Host;

    [Theory]
    [InlineData(null, 400, 10000)]
    [InlineData("Basic YTpi", 400, 6003)]
    [InlineData("Bearer", 400, 6003)]
    [InlineData("Bearer a b", 400, 6003)]
    [InlineData("Bearer wrong", 403, 10000)]
    [InlineData("Bearer user-key", 403, 10000)]
    public async Task A_caller_who_can_not_be_let_in_gets_the_known_code(string? authorization, int status, int code)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/client/v4/accounts/{ApiHost.Account}/access/apps");
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        using var response = await Host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var reply = (await ApiReply.ReadAsync(response)).Expect(status);

        Assert.Equal(code, reply.Body!["errors"]![0]!["code"]!.GetValue<int>());
        Assert.Equal(("false", null, "[]"), (reply.Text("success"), reply.Text("result"), reply.Text("messages")));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"name\":\"a\",\"name\":\"b\",\"include\":[{\"everyone\":{}}]}")]
    [InlineData("{\"name\":1,\"include\":[{\"everyone\":{}}]}")]
    [InlineData("{\"name\":\"a\",\"include\":{}}")]
    [InlineData("{\"name\":\"a\",\"include\":[3]}")]
    [InlineData("{\"name\":\"a\",\"include\":[]}")]
    [InlineData("{\"name\":\"a\",\"include\":[{\"everyone\":{},\"ip\":{\"ip\":\"10.0.0.1\"}}]}")]
    [InlineData("{\"name\":\"a\",\"include\":[{\"magic\":{}}]}")]
    [InlineData("{\"name\":\"a\",\"include\":[{\"email\":\"a@example.com\"}]}")]
    [InlineData("{\"name\":\"a\",\"include\":[{\"ip\":{\"ip\":\"127.1\"}}]}")]
    [InlineData("{\"name\":\"a\",\"include\":[{\"group\":{\"id\":\"00000000-0000-0000-0000-000000000001\"}}]}")]
    [InlineData("{\"name\":\"a\",\"include\":[{\"login_method\":{\"id\":\"00000000-0000-0000-0000-000000000001\"}}]}")]
    [InlineData("{\"name\":\"a\"}")]
    [InlineData("{\"include\":[{\"everyone\":{}}]}")]
    public async Task Bodies_that_can_not_be_read_are_refused_with_12130(string body)
    {
        var reply = (await Host.SendAsync("POST", $"/client/v4/accounts/{ApiHost.Account}/access/groups", body, ApiHost.AdminKey)).Expect(400);

        Assert.Equal("12130", reply.Text("errors.0.code"));
        Assert.StartsWith("access.api.error.invalid_request: ", reply.Text("errors.0.message"), StringComparison.Ordinal);
        Assert.Equal("0", (await Host.CloudflareAsync("GET", "/access/groups")).Text("result_info.total_count"));
    }

    [Theory]
    [InlineData("auth.example.com", "http://127.0.0.1", 409)]
    [InlineData("API.example.com", "http://127.0.0.1", 409)]
    [InlineData("a.*.example.com", "http://127.0.0.1", 400)]
    [InlineData("a.example.com:80", "http://127.0.0.1", 400)]
    [InlineData("a_b.example.com", "http://127.0.0.1", 400)]
    [InlineData("a.example.com", "ftp://127.0.0.1", 400)]
    [InlineData("a.example.com", "http://127.0.0.1/path", 400)]
    [InlineData("a.example.com", "http://127.0.0.1?x", 400)]
    [InlineData("a.example.com", "http://127.0.0.1#x", 400)]
    [InlineData("a.example.com", "http://u:p@127.0.0.1", 400)]
    [InlineData("a.example.com", "http://127.1", 400)]
    [InlineData("a.example.com", "127.0.0.1:80", 400)]
    [InlineData("a.example.com", "http://", 400)]
    [InlineData("a.example.com", "http://127.0.0.1\\x", 400)]
    public async Task A_hostname_or_service_that_is_none_is_refused(string hostname, string service, int status)
    {
        (await Host.CloudflareAsync("POST", "/public_hostnames", new JsonObject { ["hostname"] = hostname, ["service"] = service })).Expect(status);
    }

    [Theory]
    [InlineData("domain", "\"https://a.example.com\"")]
    [InlineData("domain", "\"a.example.com:8443\"")]
    [InlineData("domain", "\"a.example.com/%2e\"")]
    [InlineData("domain", "\"a.example.com/..\"")]
    [InlineData("domain", "\"**.example.com\"")]
    [InlineData("domain", "\"auth.example.com\"")]
    [InlineData("domain", "null")]
    [InlineData("domain", "7")]
    [InlineData("type", "null")]
    [InlineData("type", "\"saas\"")] // without saas_app
    [InlineData("type", "\"warp\"")]
    [InlineData("logo_url", "\"javascript:alert(1)\"")]
    [InlineData("type", "\"magic\"")]
    [InlineData("session_duration", "\"1d\"")]
    [InlineData("session_duration", "\"-1h\"")]
    [InlineData("session_duration", "\"745h\"")]
    [InlineData("session_duration", "24")]
    [InlineData("allowed_idps", "[\"00000000-0000-0000-0000-000000000001\"]")]
    [InlineData("auto_redirect_to_identity", "true")]
    [InlineData("custom_deny_url", "\"javascript:alert(1)\"")]
    [InlineData("same_site_cookie_attribute", "\"maybe\"")]
    [InlineData("destinations", "[{\"type\":\"private\",\"cidr\":\"10.0.0.0/8\"}]")]
    [InlineData("destinations", "[{\"type\":\"public\",\"uri\":\"b.example.com\"}]")]
    [InlineData("destinations", "[{\"type\":\"public\",\"uri\":\"a.example.com\"},{\"type\":\"public\",\"uri\":\"A.example.com\"}]")]
    [InlineData("destinations", "[\"a.example.com\"]")]
    [InlineData("tags", "[\"t\"]")]
    [InlineData("cors_headers", "{\"allow_all_origins\":true,\"allow_credentials\":true}")]
    [InlineData("cors_headers", "{\"allow_all_origins\":true,\"allowed_origins\":[\"https://a.example\"]}")]
    [InlineData("cors_headers", "{\"allowed_origins\":[\"https://a.example/path\"]}")]
    [InlineData("cors_headers", "{\"allow_all_methods\":true,\"max_age\":86401}")]
    [InlineData("read_service_tokens_from_header", "\"Cookie\"")]
    [InlineData("read_service_tokens_from_header", "\"a b\"")]
    [InlineData("custom_non_identity_deny_url", "\"javascript:alert(1)\"")]
    [InlineData("mfa_config", "{\"allowed_authenticators\":[\"totp\"]}")]
    [InlineData("enable_binding_cookie", "\"yes\"")]
    [InlineData("eager_redirect_cookie_setting", "0")]
    [InlineData("service_auth_401_redirect", "7")]
    [InlineData("oauth_configuration", "{\"enabled\":true,\"grant\":{\"access_token_lifetime\":\"10s\"}}")]
    [InlineData("oauth_configuration", "{\"enabled\":true,\"dynamic_client_registration\":{\"allowed_uris\":[\"javascript:alert(1)\"]}}")]
    [InlineData("saas_app", "{\"auth_type\":\"oidc\"}")]
    [InlineData("policies", "[\"00000000-0000-0000-0000-000000000001\"]")]
    [InlineData("policies", "[{\"name\":\"p\",\"decision\":\"allow\"}]")]
    [InlineData("policies", "[{\"name\":\"p\",\"decision\":\"allow\",\"include\":[]}]")]
    [InlineData("policies", "[{\"name\":\"p\",\"decision\":\"magic\",\"include\":[{\"everyone\":{}}]}]")]
    [InlineData("policies", "[{\"name\":\"p\",\"decision\":\"allow\",\"precedence\":0,\"include\":[{\"everyone\":{}}]}]")]
    [InlineData("policies", "[{\"name\":\"p\",\"decision\":\"allow\",\"precedence\":1,\"include\":[{\"everyone\":{}}]},{\"name\":\"q\",\"decision\":\"allow\",\"precedence\":1,\"include\":[{\"everyone\":{}}]}]")]
    [InlineData("policies", "[{\"name\":\"p\",\"decision\":\"bypass\",\"include\":[{\"email\":{\"email\":\"a@example.com\"}}]}]")]
    [InlineData("policies", "[{\"name\":\"p\",\"decision\":\"bypass\",\"include\":[{\"everyone\":{}}],\"exclude\":[{\"email_domain\":{\"domain\":\"example.com\"}}]}]")]
    [InlineData("policies", "[{\"name\":\"p\",\"decision\":\"non_identity\",\"include\":[{\"everyone\":{}}],\"exclude\":[{\"email_domain\":{\"domain\":\"example.com\"}}]}]")]
    [InlineData("policies", "[{\"name\":\"p\",\"decision\":\"allow\",\"include\":[{\"everyone\":{}}],\"isolation_required\":true}]")]
    [InlineData("policies", "[3]")]
    public async Task An_app_with_a_fault_is_refused_with_12130(string field, string value)
    {
        var body = App("a.example.com");
        body[field] = JsonNode.Parse(value);

        var reply = (await Host.CloudflareAsync("POST", "/access/apps", body)).Expect(400);

        Assert.All(reply.Body!["errors"]!.AsArray(), e => Assert.Equal(12130, e!["code"]!.GetValue<int>()));
        Assert.Equal("0", (await Host.CloudflareAsync("GET", "/access/apps")).Text("result_info.total_count"));
    }

    [Theory]
    [InlineData("type", "\"saml\"")]
    [InlineData("type", "\"magic\"")]
    [InlineData("name", "\"\"")]
    [InlineData("config", "{}")]
    [InlineData("config", "[]")]
    [InlineData("config.auth_url", "\"http://idp.example.com/a\"")]
    [InlineData("config.token_url", "\"/token\"")]
    [InlineData("config.certs_url", "\"https://u:p@idp.example.com/jwks\"")]
    [InlineData("config.client_secret", "\"\"")]
    [InlineData("config.client_secret", "null")]
    [InlineData("config.scopes", "[\"email\"]")]
    [InlineData("config.scopes", "[\"openid email\"]")]
    [InlineData("config.claims", "[\"\"]")]
    [InlineData("scim_config", "{\"enabled\":true}")]
    public async Task A_login_method_with_a_fault_is_refused(string field, string value)
    {
        var body = LoginMethod();
        var at = field.StartsWith("config.", StringComparison.Ordinal) ? body["config"]!.AsObject() : body;
        at[field[(field.IndexOf('.', StringComparison.Ordinal) + 1)..]] = JsonNode.Parse(value);

        Assert.Equal("12130", (await Host.CloudflareAsync("POST", "/access/identity_providers", body)).Expect(400).Text("errors.0.code"));
    }

    private static JsonObject App(string domain) => new() { ["type"] = "self_hosted", ["domain"] = domain };

    private static JsonObject LoginMethod() => new()
    {
        ["name"] = "Authentik",
        ["type"] = "oidc",
        ["config"] = new JsonObject
        {
            ["client_id"] = "id",
            ["client_secret"] = "s3cret",
            ["auth_url"] = "https://idp.example.com/a",
            ["token_url"] = "https://idp.example.com/t",
            ["certs_url"] = "https://idp.example.com/j",
        },
    };
}
