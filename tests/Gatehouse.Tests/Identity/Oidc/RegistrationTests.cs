using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Registration;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Oidc;

public class RegistrationTests
{
    [Fact]
    public async Task A_client_registers_itself_and_signs_people_in()
    {
        await using var host = await StartAsync();
        using var answer = await RegisterAsync(host, new JsonObject { ["redirect_uris"] = new JsonArray("https://new.test/cb"), ["client_name"] = "New one", ["logo_uri"] = "https://new.test/logo.png", ["unknown"] = 1 });
        var body = await OidcHost.JsonAsync(answer);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.True(answer.Headers.CacheControl!.NoStore); // Q10
        Assert.Equal((128, 0), (body.GetProperty("client_secret").GetString()!.Length, body.GetProperty("client_secret_expires_at").GetInt32()));
        Assert.Equal(("client_secret_basic", "New one", """["authorization_code"]"""), (
            body.GetProperty("token_endpoint_auth_method").GetString(), body.GetProperty("client_name").GetString(), body.GetProperty("grant_types").GetRawText()));
        Assert.False(body.TryGetProperty("unknown", out _));

        var id = body.GetProperty("client_id").GetString()!;
        await AgreeAsync(host, id);
        var code = await host.CodeAsync(("client_id", id), ("redirect_uri", "https://new.test/cb"));
        using var tokens = await host.RedeemAsync(code, ("client_id", id), ("client_secret", body.GetProperty("client_secret").GetString()), ("redirect_uri", "https://new.test/cb"));
        Assert.Equal(HttpStatusCode.OK, tokens.StatusCode);

        // Who may not use the application that let it in may not use it either.
        host.Policies.Denied[(host.Seed.ApplicationId, host.Seed.AdaId)] = "no";
        using var denied = await host.GetAsync(OidcHost.Authorize(("client_id", id), ("redirect_uri", "https://new.test/cb")), host.Cookie);
        Assert.Null(denied.Headers.Location);
    }

    [Fact]
    public async Task A_client_with_keys_gets_no_secret_and_proves_itself_by_them()
    {
        await using var host = await StartAsync();
        using var key = new Proof();
        using var answer = await RegisterAsync(host, new JsonObject
        {
            ["redirect_uris"] = new JsonArray("https://new.test/cb"),
            ["token_endpoint_auth_method"] = "private_key_jwt",
            ["token_endpoint_auth_signing_alg"] = "ES256",
            ["jwks"] = JsonNode.Parse(key.KeySet),
        });
        var body = await OidcHost.JsonAsync(answer);
        Assert.False(body.TryGetProperty("client_secret", out _));
        var id = body.GetProperty("client_id").GetString()!;
        await AgreeAsync(host, id);
        var code = await host.CodeAsync(("client_id", id), ("redirect_uri", "https://new.test/cb"));
        using var tokens = await host.RedeemAsync(
            code, ("client_id", id), ("client_secret", null), ("redirect_uri", "https://new.test/cb"), ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", key.Assertion(host, (_, p) => p["aud"] = "https://auth.example.test/application/o/token/", id)));
        Assert.Equal(HttpStatusCode.OK, tokens.StatusCode);
    }

    [Theory]
    [InlineData("redirect_uris", """["https://new.test/cb#frag"]""", "invalid_redirect_uri")]
    [InlineData("redirect_uris", """["javascript:alert(1)"]""", "invalid_redirect_uri")] // O03
    [InlineData("redirect_uris", """["http://new.test/cb"]""", "invalid_redirect_uri")]
    [InlineData("redirect_uris", """["http://127.0.0.1/cb"]""", "invalid_redirect_uri")] // Q22: not for the web
    [InlineData("redirect_uris", """["com.example.app:/cb"]""", "invalid_redirect_uri")]
    [InlineData("redirect_uris", """["https://a@new.test/cb"]""", "invalid_redirect_uri")]
    [InlineData("redirect_uris", "[]", "invalid_redirect_uri")]
    [InlineData("redirect_uris", "\"https://new.test/cb\"", "invalid_redirect_uri")]
    [InlineData("grant_types", """["client_credentials"]""", "invalid_client_metadata")]
    [InlineData("grant_types", "7", "invalid_client_metadata")]
    [InlineData("response_types", """["id_token"]""", "invalid_client_metadata")]
    [InlineData("token_endpoint_auth_method", "\"tls_client_auth\"", "invalid_client_metadata")]
    [InlineData("token_endpoint_auth_method", "\"private_key_jwt\"", "invalid_client_metadata")]
    [InlineData("jwks", """{"keys":[{"kty":"oct","k":"AAAA"}]}""", "invalid_client_metadata")]
    [InlineData("jwks_uri", "\"https://new.test/jwks\"", "invalid_client_metadata")]
    [InlineData("sector_identifier_uri", "\"https://new.test/s\"", "invalid_client_metadata")]
    [InlineData("id_token_signed_response_alg", "\"none\"", "invalid_client_metadata")]
    [InlineData("userinfo_signed_response_alg", "\"HS256\"", "invalid_client_metadata")]
    [InlineData("initiate_login_uri", "\"http://new.test/\"", "invalid_client_metadata")]
    [InlineData("logo_uri", "\"javascript:alert(1)\"", "invalid_client_metadata")]
    [InlineData("client_name", "\"a\\u0000b\"", "invalid_client_metadata")]
    public async Task What_can_not_be_kept_is_refused(string name, string json, string error)
    {
        await using var host = await StartAsync();
        using var answer = await RegisterAsync(host, new JsonObject { ["redirect_uris"] = new JsonArray("https://new.test/cb"), [name] = JsonNode.Parse(json) });
        Assert.Equal((HttpStatusCode.BadRequest, error), (answer.StatusCode, await OidcHost.ErrorAsync(answer)));
    }

    [Theory]
    [InlineData("https://new.test/bye", true)]
    [InlineData("http://127.0.0.1:8080/bye", true)]
    [InlineData("http://localhost/bye", true)]
    [InlineData("http://new.test/bye", false)]
    [InlineData("com.example.app:/bye", false)]
    [InlineData("javascript:alert(1)", false)]
    [InlineData("https://a@new.test/bye", false)]
    [InlineData("https://169.254.169.254/latest/", false)]
    [InlineData("https://0xA9FEA9FE/", false)]
    [InlineData("https://2852039166/", false)]
    [InlineData("https://[::ffff:169.254.169.254]/", false)]
    [InlineData("https://[fe80::1]/", false)]
    [InlineData("https://[fd00:ec2::254]/", false)]
    [InlineData("https://metadata.google.internal./", false)]
    [InlineData("http://0.0.0.0/", false)]
    public async Task X01_where_a_logout_leads_is_https_or_this_machine_and_never_link_local(string uri, bool isFine)
    {
        await using var host = await StartAsync();
        foreach (var type in (string[])["web", "native"])
        {
            using var answer = await RegisterAsync(host, new JsonObject
            {
                ["redirect_uris"] = new JsonArray("https://new.test/cb"),
                ["application_type"] = type,
                ["post_logout_redirect_uris"] = new JsonArray(uri),
                ["backchannel_logout_uri"] = "https://new.test/out",
                ["frontchannel_logout_uri"] = "https://new.test/out",
            });
            Assert.Equal(isFine ? HttpStatusCode.Created : HttpStatusCode.BadRequest, answer.StatusCode);
            var body = await OidcHost.JsonAsync(answer);
            Assert.False(body.TryGetProperty("backchannel_logout_uri", out _) || body.TryGetProperty("frontchannel_logout_uri", out _)); // nothing is called for a stranger
        }

        await host.ChangeAsync(async db => Assert.False(await db.Providers.AnyAsync(p => p.LogoutUri != "", OidcHost.Stop)));
    }

    [Fact]
    public async Task Q22_loopback_and_private_schemes_are_for_native_clients()
    {
        await using var host = await StartAsync();
        using var answer = await RegisterAsync(host, new JsonObject
        {
            ["application_type"] = "native",
            ["token_endpoint_auth_method"] = "none",
            ["redirect_uris"] = new JsonArray("http://127.0.0.1/cb", "com.example.app:/cb"),
        });
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    [Fact]
    public async Task Q38_a_registered_client_is_asked_about_though_its_pattern_consents_for_everybody()
    {
        await using var host = await StartAsync();
        using var answer = await RegisterAsync(host, new JsonObject { ["redirect_uris"] = new JsonArray("https://evil.test/cb") });
        var id = (await OidcHost.JsonAsync(answer)).GetProperty("client_id").GetString();
        var url = OidcHost.Authorize(("client_id", id), ("redirect_uri", "https://evil.test/cb"));

        using var silent = await host.GetAsync(url + "&prompt=none", host.Cookie);
        Assert.Equal("consent_required", OidcHost.Field(silent.Headers.Location!, "error"));
        using var sent = await host.GetAsync(url, host.Cookie);
        var page = sent.Headers.Location!.OriginalString;
        Assert.StartsWith("/if/flow/default-provider-authorization-implicit-consent/", page, StringComparison.Ordinal);
        using var browser = host.BrowserOf(host.Cookie);
        var flow = browser.Flow(page.Split('/')[3], page.Split('?')[1]);
        var asked = await flow.ShowAsync();
        Assert.Equal("ak-stage-consent", asked.Component);
        Assert.StartsWith("https://evil.test/cb?code=", (await flow.AnswerAsync(("token", asked.Text("token")))).Text("to"), StringComparison.Ordinal);

        using var known = await host.GetAsync(url, host.Cookie);
        Assert.NotNull(OidcHost.Field(known.Headers.Location!, "code"));
        using var more = await host.GetAsync(OidcHost.Authorize(("client_id", id), ("redirect_uri", "https://evil.test/cb"), ("scope", "openid email profile offline_access")), host.Cookie);
        Assert.StartsWith("/if/flow/", more.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A08_what_the_pattern_may_do_at_the_api_is_handed_on_by_the_rule_alone_and_its_duties_always(bool isNamed)
    {
        await using var host = await StartAsync();
        await host.ChangeAsync(async db =>
        {
            var api = new ScopeMapping { Id = Guid.CreateVersion7(), Name = "api", ScopeName = "goauthentik.io/api", Managed = ScopeNames.ManagedApi };
            db.ScopeMappings.Add(api);
            var pattern = await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop);
            pattern.ScopeMappingIds = [.. pattern.ScopeMappingIds, api.Id];
            (pattern.RequiresPushedRequests, pattern.EncryptionKeyId) = (true, host.Seed.KeyPairId);
            if (isNamed)
            {
                (await db.RegistrationRules.SingleAsync(OidcHost.Stop)).ScopeMappingIds = [api.Id];
            }
        });
        var token = await TokenAsync(host, "goauthentik.io/oidc/dcr");
        await host.ConfigureAsync(p => p.RequiresDpop = true);

        using var answer = await SendAsync(host, token, """{"redirect_uris":["https://new.test/cb"]}""");

        var body = await OidcHost.JsonAsync(answer);
        Assert.True(body.GetProperty("dpop_bound_access_tokens").GetBoolean() && body.GetProperty("require_pushed_authorization_requests").GetBoolean());
        await host.ChangeAsync(async db =>
        {
            var id = body.GetProperty("client_id").GetString();
            var made = await db.Providers.SingleAsync(p => p.ClientId == id, OidcHost.Stop);
            Assert.True(made.RequiresDpop && made.RequiresPushedRequests && made.EncryptionKeyId == host.Seed.KeyPairId);
            Assert.Equal(isNamed, await db.ScopeMappings.AnyAsync(m => made.ScopeMappingIds.Contains(m.Id) && m.ScopeName == "goauthentik.io/api", OidcHost.Stop));
            Assert.Equal(isNamed ? 1 : host.Seed.Mappings.Count, made.ScopeMappingIds.Count);
        });
    }

    [Theory]
    [InlineData("any", HttpStatusCode.Created)]
    [InlineData("all", HttpStatusCode.Forbidden)]
    public async Task A04_the_rules_bindings_say_who_may_register_in_its_own_mode(string mode, HttpStatusCode expected)
    {
        await using var host = await StartAsync();
        var token = await TokenAsync(host, "goauthentik.io/oidc/dcr");
        await host.ChangeAsync(async db =>
        {
            var rule = await db.RegistrationRules.SingleAsync(OidcHost.Stop);
            var account = await db.Users.SingleAsync(u => u.UsernameKey == "ak-a-client_credentials", OidcHost.Stop);
            rule.PolicyEngineMode = mode;
            db.AddRange(Bound(rule.Id, account.Id, 0), Bound(rule.Id, host.Seed.BobId, 1));
        });

        using var answer = await SendAsync(host, token, """{"redirect_uris":["https://new.test/cb"]}""");
        Assert.Equal(expected, answer.StatusCode);

        static PolicyBinding Bound(Guid rule, int user, int order) => new() { Id = Guid.CreateVersion7(), TargetId = rule, UserId = user, Order = order };
    }

    [Theory]
    [InlineData(RegisterClient.MostOfOne, true)]
    [InlineData(RegisterClient.MostOfAll, false)]
    public async Task A04_there_is_an_end_to_registering(int count, bool isOwn)
    {
        await using var host = await StartAsync();
        var token = await TokenAsync(host, "goauthentik.io/oidc/dcr");
        await host.ChangeAsync(async db =>
        {
            var pattern = await db.Providers.AsNoTracking().SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop);
            var account = await db.Users.SingleAsync(u => u.UsernameKey == "ak-a-client_credentials", OidcHost.Stop);
            db.Providers.AddRange(Enumerable.Range(1, count - 1).Select(i => new OAuth2Provider
            {
                Name = $"made {i}",
                ClientId = $"made-{i}",
                SealedClientSecret = pattern.SealedClientSecret,
                RedirectUris = [],
                AuthorizationFlowId = pattern.AuthorizationFlowId,
                InvalidationFlowId = pattern.InvalidationFlowId,
                RegisteredThroughId = pattern.Id,
                RegisteredById = isOwn ? account.Id : host.Seed.BobId,
            }));
        });

        using var last = await SendAsync(host, token, """{"redirect_uris":["https://new.test/cb"]}""");
        using var tooMany = await SendAsync(host, token, """{"redirect_uris":["https://new.test/cb"]}""");
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Forbidden, "access_denied"), (last.StatusCode, tooMany.StatusCode, await OidcHost.ErrorAsync(tooMany)));
    }

    [Fact]
    public async Task A04_registering_gets_slow()
    {
        await using var host = await StartAsync();
        var token = await TokenAsync(host, "goauthentik.io/oidc/dcr");
        for (var i = 0; i < RegistrationThrottle.InAnHour; i++)
        {
            using var refused = await SendAsync(host, token, "[");
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }

        using var throttled = await SendAsync(host, token, """{"redirect_uris":["https://new.test/cb"]}""");
        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromHours(1)), (throttled.StatusCode, throttled.Headers.RetryAfter!.Delta));
    }

    [Fact]
    public async Task L05_a_registration_leaves_events_with_who_and_what_and_its_tile_stays_hidden()
    {
        await using var host = await StartAsync();
        using var answer = await RegisterAsync(host, new JsonObject { ["redirect_uris"] = new JsonArray("https://evil.test/cb"), ["client_name"] = "Payroll" });
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);

        await host.ChangeAsync(async db =>
        {
            var happened = await db.Events.Where(e => e.Action == "model_created").ToListAsync(OidcHost.Stop);
            Assert.Equal(["application", "oauth2provider"], happened.Select(e => e.TargetModel).Order());
            Assert.All(happened, e => Assert.Equal(("ak-a-client_credentials", "127.0.0.1"), (e.Username, e.ClientIp)));
            var application = await db.ProviderApplications.SingleAsync(a => a.Name == "Payroll", OidcHost.Stop);
            Assert.True(application.IsHidden);

            // Put up by an administrator, it is there for those who may use what let it in.
            application.IsHidden = false;
            db.PolicyBindings.Add(new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = host.Seed.ApplicationId, UserId = host.Seed.AdaId, Order = 0 });
        });
        Assert.Contains("Payroll", await PageAsync(host.Cookie), StringComparison.Ordinal);
        Assert.DoesNotContain("Payroll", await PageAsync(await host.SignInAsync(host.Seed.BobId)), StringComparison.Ordinal);

        async Task<string> PageAsync(string cookie)
        {
            using var page = await host.GetAsync("/if/user/", cookie);
            return await page.Content.ReadAsStringAsync(OidcHost.Stop);
        }
    }

    [Theory]
    [InlineData("no token")]
    [InlineData("no scope")]
    [InlineData("other provider")]
    [InlineData("denied")]
    [InlineData("no rule")]
    [InlineData("no json")]
    public async Task Nobody_registers_without_the_right_to(string what)
    {
        await using var host = await StartAsync();
        var token = what switch
        {
            "no token" => null,
            "no scope" => await TokenAsync(host, "openid"),
            "other provider" => await TokenAsync(host, "openid", Seed.OtherClientId, Seed.OtherClientSecret),
            _ => await TokenAsync(host, "goauthentik.io/oidc/dcr"),
        };
        if (what == "denied")
        {
            await host.ChangeAsync(async db =>
            {
                var rule = await db.RegistrationRules.SingleAsync(OidcHost.Stop);
                var account = await db.Users.SingleAsync(u => u.UsernameKey == "ak-a-client_credentials", OidcHost.Stop);
                host.Policies.Denied[(rule.Id, account.Id)] = "no";
            });
        }

        if (what == "no rule")
        {
            await host.ChangeAsync(db => db.RegistrationRules.ExecuteDeleteAsync(OidcHost.Stop));
        }

        using var answer = await SendAsync(host, token, what == "no json" ? "[" : """{"redirect_uris":["https://new.test/cb"]}""");
        Assert.Equal(
            what switch { "denied" => HttpStatusCode.Forbidden, "no rule" => HttpStatusCode.NotFound, "no json" => HttpStatusCode.BadRequest, _ => HttpStatusCode.Unauthorized },
            answer.StatusCode);
    }

    internal static async Task<OidcHost> StartAsync()
    {
        var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.GrantTypes = ["authorization_code", "refresh_token", "client_credentials"]);
        await host.ConfigureAsync(p => p.GrantTypes = ["authorization_code", "refresh_token", "client_credentials"], Seed.OtherClientId);
        await host.ChangeAsync(async db => db.RegistrationRules.Add(new RegistrationRule
        {
            Id = Guid.CreateVersion7(),
            ProviderId = (await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop)).Id,
        }));
        return host;
    }

    /// <summary>Has ada agree to a client for good.</summary>
    internal static Task AgreeAsync(OidcHost host, string clientId) => host.ChangeAsync(async db =>
    {
        var application = await db.ProviderApplications.SingleAsync(a => db.Providers.Any(p => p.ClientId == clientId && p.Id == a.ProviderId), OidcHost.Stop);
        db.UserConsents.Add(new UserConsent { UserId = host.Seed.AdaId, ApplicationId = application.Id, Scopes = ["openid", "email", "profile", "offline_access"] });
    });

    internal static async Task<HttpResponseMessage> RegisterAsync(OidcHost host, JsonObject metadata) =>
        await SendAsync(host, await TokenAsync(host, "goauthentik.io/oidc/dcr"), metadata.ToJsonString());

    private static async Task<string> TokenAsync(OidcHost host, string scope, string id = Seed.ClientId, string secret = Seed.ClientSecret)
    {
        using var answer = await host.GrantAsync("client_credentials", ("scope", scope), ("client_id", id), ("client_secret", secret));
        JsonElement body = await OidcHost.JsonAsync(answer);
        return body.GetProperty("access_token").GetString()!;
    }

    private static Task<HttpResponseMessage> SendAsync(OidcHost host, string? token, string json) => host.SendAsync(
        HttpMethod.Post,
        "/application/o/app-a/register/",
        new StringContent(json, Encoding.UTF8, "application/json"),
        authorization: token is null ? null : new AuthenticationHeaderValue("Bearer", token));
}
