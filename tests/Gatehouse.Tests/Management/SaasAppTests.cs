using System.Text.Json.Nodes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Machines;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary>SaaS applications, bookmarks and the App Launcher in Cloudflare's API (contract §3.4, check 7).</summary>
public class SaasAppTests
{
    [Fact]
    public async Task A_client_secret_is_shown_once_and_kept_as_a_hash()
    {
        await using var host = await ApiHost.StartAsync();
        var made = (await host.CloudflareAsync("POST", "/access/apps", Oidc())).Expect(201);
        var (id, secret) = (made.Text("result.id")!, made.Text("result.saas_app.client_secret")!);
        Assert.Matches("^[0-9a-f]{64}$", made.Text("result.saas_app.client_id"));
        Assert.Matches("^[0-9a-f]{64}$", secret);
        Assert.Equal($"access.example.com/cdn-cgi/access/sso/oidc/{made.Text("result.saas_app.client_id")}", made.Text("result.domain"));

        foreach (var answer in new[] { await host.CloudflareAsync("GET", $"/access/apps/{id}"), await host.CloudflareAsync("GET", "/access/apps"), await host.CloudflareAsync("PUT", $"/access/apps/{id}", Oidc()) })
        {
            Assert.DoesNotContain("client_secret\"", answer.Expect(200).Body!.ToJsonString().Replace("allow_pkce_without_client_secret\"", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        await using var db = host.Open();
        var row = await db.Apps.AsNoTracking().SingleAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Gatehouse.Model.Machines.ServiceTokenEntry.HashOf(secret), row.ClientSecretHash);
        Assert.Equal(made.Text("result.saas_app.client_id"), row.SsoId);
    }

    [Fact]
    public async Task Every_field_of_a_client_is_kept_and_shown_as_it_was_written()
    {
        await using var host = await ApiHost.StartAsync();
        var idp = (await host.CloudflareAsync("POST", "/access/identity_providers", CloudflareAppTests.LoginMethod())).Expect(201).Text("result.id");
        await using (var db = host.Open())
        {
            db.AccessKeys.Add(new AccessKey { Kid = new string('a', 64), CertificatePem = "-----BEGIN CERTIFICATE-----", SealedPrivateKey = [1], CreatedAt = host.Clock.GetUtcNow() });
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var wanted = Oidc();
        (wanted["session_duration"], wanted["allowed_idps"], wanted["auto_redirect_to_identity"], wanted["logo_url"]) = ("30m", new JsonArray(idp), true, "https://cdn.example.com/logo.png");
        (wanted["custom_deny_message"], wanted["app_launcher_visible"]) = ("No.", false);
        wanted["saas_app"] = JsonNode.Parse(
            $$$"""
            {"auth_type":"oidc","redirect_uris":["https://app.example.com/cb","com.example.app:/cb","http://127.0.0.1:8080/cb"],
             "grant_types":["authorization_code_with_pkce","refresh_tokens","hybrid","implicit"],"scopes":["openid","groups","email","profile"],
             "app_launcher_url":"https://app.example.com/","group_filter_regex":"^team-","access_token_lifetime":"10m","allow_pkce_without_client_secret":true,
             "hybrid_and_implicit_options":{"return_access_token_from_authorization_endpoint":true,"return_id_token_from_authorization_endpoint":true},
             "refresh_token_options":{"lifetime":"720h"},
             "custom_claims":[{"name":"department","required":true,"source":{"name":"dept","name_by_idp":{"{{{idp}}}":"division"}},"scope":"profile"}]}
            """);
        var made = (await host.CloudflareAsync("POST", "/access/apps", wanted)).Expect(201);
        var read = (await host.CloudflareAsync("GET", $"/access/apps/{made.Text("result.id")}")).Expect(200);
        Assert.All(wanted.Where(f => f.Key != "saas_app"), f => Assert.Equal(f.Value!.ToJsonString(), read.Result[f.Key]!.ToJsonString()));
        Assert.All(wanted["saas_app"]!.AsObject(), f => Assert.Equal(f.Value!.ToJsonString(), read.Result["saas_app"]![f.Key]!.ToJsonString()));
        Assert.StartsWith("-----BEGIN CERTIFICATE-----", read.Text("result.saas_app.public_key"), StringComparison.Ordinal);

        var bare = (await host.CloudflareAsync("PUT", $"/access/apps/{made.Text("result.id")}", Oidc())).Expect(200);
        Assert.Equal(("5m", made.Text("result.saas_app.client_id")), (bare.Text("result.saas_app.access_token_lifetime"), bare.Text("result.saas_app.client_id")));
        Assert.Equal("[\"authorization_code\"]", bare.Text("result.saas_app.grant_types"));
        Assert.Equal("[\"openid\",\"email\",\"profile\"]", bare.Text("result.saas_app.scopes"));
        (await host.CloudflareAsync("DELETE", $"/access/apps/{made.Text("result.id")}")).Expect(200);
    }

    [Theory]
    [InlineData("redirect_uris", "[]")]
    [InlineData("redirect_uris", "[\"http://app.example.com/cb\"]")]
    [InlineData("redirect_uris", "[\"https://app.example.com/cb#x\"]")]
    [InlineData("redirect_uris", "[\"https://u@app.example.com/\"]")]
    [InlineData("redirect_uris", "[\"javascript:alert(1)\"]")]
    [InlineData("redirect_uris", "[\"JavaScript://x/%0a\"]")]
    [InlineData("redirect_uris", "[\"data:text/html,x\"]")]
    [InlineData("redirect_uris", "[\" vbscript:x\"]")]
    [InlineData("redirect_uris", "[\"https://app.example.com/ x\"]")]
    [InlineData("redirect_uris", "[\"https://app.example.com\\u005c@evil/\"]")]
    [InlineData("redirect_uris", "\"https://app.example.com/cb\"")]
    [InlineData("grant_types", "[\"password\"]")]
    [InlineData("grant_types", "[]")]
    [InlineData("scopes", "[\"openid\",\"admin\"]")]
    [InlineData("app_launcher_url", "\"javascript:alert(1)\"")]
    [InlineData("group_filter_regex", "\"(a\"")]
    [InlineData("group_filter_regex", "\"(a)\\\\1\"")]
    [InlineData("group_filter_regex", "\"(a{1000}){1000}\"")]
    [InlineData("access_token_lifetime", "\"30s\"")]
    [InlineData("access_token_lifetime", "\"25h\"")]
    [InlineData("refresh_token_options", "{\"lifetime\":\"1m\"}")]
    [InlineData("refresh_token_options", "{\"lifetime\":\"30\"}")]
    [InlineData("refresh_token_options", "{\"lifetime\":\"400d\"}")]
    [InlineData("refresh_token_options", "{\"lifetime\":\"99999999d\"}")]
    [InlineData("custom_claims", "[{\"name\":\"sub\",\"source\":{\"name\":\"x\"}}]")]
    [InlineData("custom_claims", "[{\"name\":\"AUD\",\"source\":{\"name\":\"x\"}}]")]
    [InlineData("custom_claims", "[{\"name\":\"a\"}]")]
    [InlineData("custom_claims", "[{\"name\":\"a\",\"source\":{}}]")]
    [InlineData("custom_claims", "[{\"name\":\"a\",\"scope\":\"admin\",\"source\":{\"name\":\"x\"}}]")]
    [InlineData("custom_claims", "[{\"name\":\"a\",\"source\":{\"name_by_idp\":{\"x\":\"y\"}}}]")]
    [InlineData("custom_claims", "[{\"name\":\"a\",\"source\":{\"name_by_idp\":{\"3f2504e0-4f89-41d3-9a0c-0305e82c3301\":\"y\"}}}]")]
    [InlineData("custom_claims", "[{\"name\":\"a\",\"source\":{\"name\":\"x\"}},{\"name\":\"a\",\"source\":{\"name\":\"y\"}}]")]
    [InlineData("custom_claims", "[7]")]
    [InlineData("auth_type", "\"ws-fed\"")]
    [InlineData("hybrid_and_implicit_options", "[]")]
    public async Task O03_what_a_client_may_not_be_is_refused_with_its_place(string field, string value)
    {
        await using var host = await ApiHost.StartAsync();
        var body = Oidc();
        body["saas_app"]![field] = JsonNode.Parse(value);
        var refused = (await host.CloudflareAsync("POST", "/access/apps", body)).Expect(400);
        Assert.Equal("12130", refused.Text("errors.0.code"));
        Assert.StartsWith("/saas_app", refused.Text("errors.0.source.pointer"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cors_headers", "{\"allow_all_origins\":true}")]
    [InlineData("oauth_configuration", "{\"enabled\":true}")]
    [InlineData("enable_binding_cookie", "true")]
    [InlineData("destinations", "[{\"type\":\"public\",\"uri\":\"a.example.com\"}]")]
    [InlineData("mfa_config", "{\"allowed_authenticators\":[\"totp\"]}")]
    [InlineData("saas_app", "null")]
    [InlineData("name", "\"\"")]
    public async Task What_only_the_gateway_could_do_is_refused(string field, string value)
    {
        await using var host = await ApiHost.StartAsync();
        var body = Oidc();
        body[field] = JsonNode.Parse(value);
        (await host.CloudflareAsync("POST", "/access/apps", body)).Expect(400);
    }

    [Fact]
    public async Task A_client_secret_is_made_anew_and_the_one_before_goes_on_as_long_as_it_may()
    {
        await using var host = await ApiHost.StartAsync();
        var made = (await host.CloudflareAsync("POST", "/access/apps", Oidc())).Expect(201);
        var (id, first) = (made.Text("result.id"), made.Text("result.saas_app.client_secret"));
        var end = host.Clock.GetUtcNow().AddHours(1);
        var second = (await host.CloudflareAsync("POST", $"/access/apps/{id}/rotate_client_secret", new JsonObject { ["previous_client_secret_expires_at"] = end.ToString("O") })).Expect(200);
        Assert.Matches("^[0-9a-f]{64}$", second.Text("result.saas_app.client_secret"));
        Assert.Equal(made.Text("result.saas_app.client_id"), second.Text("result.saas_app.client_id"));
        await AssertAsync(second.Text("result.saas_app.client_secret")!, first);

        var read = (await host.CloudflareAsync("GET", $"/access/apps/{id}")).Expect(200);
        Assert.Null(read.Text("result.saas_app.client_secret"));
        Assert.NotNull(read.Text("result.saas_app.previous_client_secret_expires_at"));
        foreach (var when in new[] { "soon", host.Clock.GetUtcNow().AddDays(30).AddMinutes(1).ToString("O") })
        {
            (await host.CloudflareAsync("POST", $"/access/apps/{id}/rotate_client_secret", new JsonObject { ["previous_client_secret_expires_at"] = when })).Expect(400);
        }

        var third = (await host.CloudflareAsync("POST", $"/access/apps/{id}/rotate_client_secret")).Expect(200);
        Assert.Null(third.Text("result.saas_app.previous_client_secret_expires_at"));
        await AssertAsync(third.Text("result.saas_app.client_secret")!, null); // not the second, and not the first either

        await using (var db = host.Open())
        {
            var told = await db.Events.Where(e => e.Action == EventActions.SecretRotate).OrderBy(e => e.CreatedAt).Select(e => e.ContextJson).ToListAsync(TestContext.Current.CancellationToken);
            Assert.Equal(2, told.Count);
            Assert.Contains($"\"former_ends_at\":\"{end:yyyy-MM-ddTHH:mm}", told[0], StringComparison.Ordinal);
            Assert.DoesNotContain(told, t => t.Contains(first!, StringComparison.Ordinal) || t.Contains(third.Text("result.saas_app.client_secret")!, StringComparison.Ordinal));
        }

        var saml = (await host.CloudflareAsync("POST", "/access/apps", Saml())).Expect(201).Text("result.id");
        (await host.CloudflareAsync("POST", $"/access/apps/{saml}/rotate_client_secret")).Expect(400);
        (await host.CloudflareAsync("POST", $"/access/apps/{Guid.CreateVersion7()}/rotate_client_secret")).Expect(404);

        async Task AssertAsync(string current, string? previous)
        {
            await using var db = host.Open();
            var app = await db.Apps.SingleAsync(a => a.Id == Guid.Parse(id!), TestContext.Current.CancellationToken);
            Assert.Equal(ServiceTokenEntry.HashOf(current), app.ClientSecretHash);
            Assert.Equal(previous is null ? null : ServiceTokenEntry.HashOf(previous), app.PreviousClientSecretHash);
        }
    }

    [Fact]
    public async Task Neither_the_type_nor_the_protocol_of_an_app_changes()
    {
        await using var host = await ApiHost.StartAsync();
        var id = (await host.CloudflareAsync("POST", "/access/apps", Oidc())).Expect(201).Text("result.id");
        (await host.CloudflareAsync("PUT", $"/access/apps/{id}", Bookmark())).Expect(400);
        (await host.CloudflareAsync("PUT", $"/access/apps/{id}", Saml())).Expect(400);
        Assert.Equal("oidc", (await host.CloudflareAsync("GET", $"/access/apps/{id}")).Text("result.saas_app.auth_type"));
    }

    [Fact]
    public async Task A_saml_application_is_kept_and_shown_as_it_was_written()
    {
        await using var host = await ApiHost.StartAsync();
        var idp = (await host.CloudflareAsync("POST", "/access/identity_providers", CloudflareAppTests.LoginMethod())).Expect(201).Text("result.id");
        var wanted = Saml();
        wanted["saas_app"] = JsonNode.Parse(
            $$$"""
            {"consumer_service_url":"https://sp.example.com/acs","sp_entity_id":"https://sp.example.com","name_id_format":"id","default_relay_state":"/home",
             "custom_attributes":[{"name":"dept","friendly_name":"Department","name_format":"urn:oasis:names:tc:SAML:2.0:attrname-format:basic","required":true,
              "source":{"name":"department","name_by_idp":[{"idp_id":"{{{idp}}}","source_name":"division"}]}}]}
            """);
        var made = (await host.CloudflareAsync("POST", "/access/apps", wanted)).Expect(201);
        var read = (await host.CloudflareAsync("GET", $"/access/apps/{made.Text("result.id")}")).Expect(200);
        Assert.Equal("saml", read.Text("result.saas_app.auth_type")); // the default
        Assert.All(wanted["saas_app"]!.AsObject().Where(f => f.Key != "custom_attributes"), f => Assert.Equal(f.Value!.ToJsonString(), read.Result["saas_app"]![f.Key]!.ToJsonString()));
        Assert.Equal("division", read.Text("result.saas_app.custom_attributes.0.source.name_by_idp.0.source_name"));
        Assert.Matches("^https://access.example.com:8443/cdn-cgi/access/sso/saml/[0-9a-f]{64}$", read.Text("result.saas_app.sso_endpoint"));
        Assert.Equal(read.Text("result.saas_app.sso_endpoint"), read.Text("result.saas_app.idp_entity_id"));
        Assert.Null(read.Text("result.saas_app.client_id"));
        foreach (var (field, value) in ((string, string)[])[("consumer_service_url", "\"javascript:x\""), ("sp_entity_id", "\"\""), ("name_id_format", "\"x\""), ("saml_attribute_transform_jsonata", "\"$x\""), ("custom_attributes", "[{\"name\":\"a\"}]"), ("custom_attributes", "[{\"name\":\"a\",\"source\":{\"name_by_idp\":[3]}}]")])
        {
            var body = Saml();
            body["saas_app"]![field] = JsonNode.Parse(value);
            (await host.CloudflareAsync("POST", "/access/apps", body)).Expect(400);
        }
    }

    [Fact]
    public async Task Bookmarks_and_the_launcher_are_applications_too()
    {
        await using var host = await ApiHost.StartAsync();
        var bookmark = (await host.CloudflareAsync("POST", "/access/apps", Bookmark())).Expect(201);
        Assert.Equal(("bookmark", "https://wiki.example.com/start"), (bookmark.Text("result.type"), bookmark.Text("result.domain")));
        Assert.Equal("1", (await host.CloudflareAsync("GET", "/access/apps?domain=wiki.example.com")).Text("result_info.count"));

        var launcher = JsonNode.Parse(
            """
            {"type":"app_launcher","bg_color":"#101820","header_bg_color":"#ffffff","app_launcher_logo_url":"https://cdn.example.com/l.png","skip_app_launcher_login_page":true,
             "footer_links":[{"name":"Help","url":"https://help.example.com/"}],"landing_page_design":{"title":"Hello","message":"Sign in","button_color":"#00ff00"},
             "policies":[{"name":"all","decision":"allow","include":[{"everyone":{}}]}]}
            """)!.AsObject();
        var made = (await host.CloudflareAsync("POST", "/access/apps", launcher)).Expect(201);
        Assert.All(launcher.Where(f => f.Key is not ("policies")), f => Assert.Equal(f.Value!.ToJsonString(), made.Result[f.Key]!.ToJsonString()));
        (await host.CloudflareAsync("POST", "/access/apps", launcher)).Expect(409); // one is enough
        foreach (var (field, value) in ((string, string)[])[("bg_color", "\"red;}\""), ("app_launcher_logo_url", "\"http://x.example/\""), ("footer_links", "[{\"name\":\"x\",\"url\":\"javascript:x\"}]"), ("landing_page_design", "{\"button_color\":\"x\"}")])
        {
            var body = launcher.DeepClone().AsObject();
            body[field] = JsonNode.Parse(value);
            (await host.CloudflareAsync("PUT", $"/access/apps/{made.Text("result.id")}", body)).Expect(400);
        }

        var odd = Bookmark();
        odd["domain"] = "javascript:alert(1)";
        (await host.CloudflareAsync("POST", "/access/apps", odd)).Expect(400);
        (await host.CloudflareAsync("DELETE", $"/access/apps/{made.Text("result.id")}")).Expect(200);
        (await host.CloudflareAsync("DELETE", $"/access/apps/{bookmark.Text("result.id")}")).Expect(200);
    }

    [Fact]
    public async Task An_application_whose_tokens_a_policy_names_stays()
    {
        await using var host = await ApiHost.StartAsync();
        var client = (await host.CloudflareAsync("POST", "/access/apps", Oidc())).Expect(201).Text("result.id");
        var saml = (await host.CloudflareAsync("POST", "/access/apps", Saml())).Expect(201).Text("result.id");
        (await host.CloudflareAsync("POST", "/access/policies", Linked(saml!))).Expect(400); // has no tokens
        (await host.CloudflareAsync("POST", "/access/policies", Linked(Guid.CreateVersion7().ToString()))).Expect(400);
        var policy = (await host.CloudflareAsync("POST", "/access/policies", Linked(client!))).Expect(201);
        Assert.Equal(client, policy.Text("result.include.0.linked_app_token.app_uid"));
        (await host.CloudflareAsync("DELETE", $"/access/apps/{client}")).Expect(409);
        (await host.CloudflareAsync("DELETE", $"/access/policies/{policy.Text("result.id")}")).Expect(200);
        (await host.CloudflareAsync("DELETE", $"/access/apps/{client}")).Expect(200);
    }

    private static JsonObject Linked(string app) => new()
    {
        ["name"] = "linked",
        ["decision"] = "non_identity",
        ["include"] = new JsonArray(new JsonObject { ["linked_app_token"] = new JsonObject { ["app_uid"] = app } }),
    };

    private static JsonObject Oidc() => new()
    {
        ["type"] = "saas",
        ["name"] = "Tracker",
        ["saas_app"] = new JsonObject { ["auth_type"] = "oidc", ["redirect_uris"] = new JsonArray("https://app.example.com/cb") },
    };

    private static JsonObject Saml() => new()
    {
        ["type"] = "saas",
        ["name"] = "Sp",
        ["saas_app"] = new JsonObject { ["consumer_service_url"] = "https://sp.example.com/acs", ["sp_entity_id"] = "sp" },
    };

    private static JsonObject Bookmark() => new() { ["type"] = "bookmark", ["name"] = "Wiki", ["domain"] = "https://wiki.example.com/start" };
}
