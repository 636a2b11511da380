using System.Net;
using System.Text.Json;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Providers;
using Gatehouse.Store;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Oidc;

/// <summary>Who may use an application, where OAuth asks; and what expressions put into tokens.</summary>
public class AccessRuleTests
{
    [Fact]
    public async Task A_member_of_a_group_inside_gets_a_code_and_somebody_else_a_page()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ChangeAsync(async db => Bind(db, host, group: (await db.Groups.SingleAsync(g => g.Name == "staff", OidcHost.Stop)).Id));

        using var allowed = await host.GetAsync(OidcHost.Authorize(), host.Cookie);
        Assert.Equal(HttpStatusCode.Found, allowed.StatusCode);
        Assert.NotNull(OidcHost.Field(allowed.Headers.Location!, "code"));

        var bob = await host.SignInAsync(host.Seed.BobId);
        foreach (var prompt in (string?[])[null, "consent"])
        {
            using var denied = await host.GetAsync(OidcHost.Authorize(("prompt", prompt)), bob);
            var page = await denied.Content.ReadAsStringAsync(OidcHost.Stop);
            Assert.Equal((HttpStatusCode.OK, null), (denied.StatusCode, denied.Headers.Location));
            Assert.Contains("Permission denied", page, StringComparison.Ordinal);
            Assert.Contains("bob", page, StringComparison.Ordinal);
            Assert.Contains("Not you?", page, StringComparison.Ordinal);
            Assert.Contains("Go home", page, StringComparison.Ordinal);
            Assert.DoesNotContain("binding 0", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task X04_what_a_policy_says_is_shown_as_text()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ChangeAsync(db => BindExpression(db, host, "ak_message('<script>alert(1)</script> ask the desk')\nreturn False"));

        using var denied = await host.GetAsync(OidcHost.Authorize(), host.Cookie);

        var page = await denied.Content.ReadAsStringAsync(OidcHost.Stop);
        Assert.Contains("ask the desk", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_sees_address_and_scopes_and_a_fault_denies_and_is_an_event()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ChangeAsync(db => BindExpression(db, host, "return ak_client_ip in ip_network('127.0.0.0/8') and 'openid' in context['oauth_scopes'] and http_request.path == '/application/o/authorize/'"));
        using var allowed = await host.GetAsync(OidcHost.Authorize(), host.Cookie);
        Assert.Equal(HttpStatusCode.Found, allowed.StatusCode);

        await host.ChangeAsync(db => BindExpression(db, host, "return context['nothing']", order: 1, mode: "all"));
        using var denied = await host.GetAsync(OidcHost.Authorize(), host.Cookie);
        Assert.Equal(HttpStatusCode.OK, denied.StatusCode);
        Assert.Contains(host.Events.All, e => e.Action == "policy_exception" && e.Actor?.Username == "ada" && e.ClientIp == "127.0.0.1");
    }

    [Theory]
    [InlineData("10.0.0.7", "127.0.0.0/8", true)] // signed in outside, now inside
    [InlineData("10.0.0.7", "10.0.0.0/8", false)] // a session that was begun inside, used outside
    public async Task S09_the_consent_page_judges_by_where_the_browser_is_not_by_where_it_signed_in(string signedInAt, string allowed, bool isLetIn)
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.AuthorizationFlowId = host.Seed.ExplicitFlowId);
        await host.ChangeAsync(db => db.AuthenticatedSessions.ExecuteUpdateAsync(s => s.SetProperty(x => x.LastAddress, signedInAt), OidcHost.Stop));
        await host.ChangeAsync(db => BindExpression(
            db, host, $"return ak_client_ip in ip_network('{allowed}') and context['oauth_redirect_uri'] == 'https://rp.test/cb' and http_request.method != ''"));
        using var browser = host.BrowserOf(host.Cookie);

        var flow = browser.Flow("default-provider-authorization-explicit-consent", OidcHost.Authorize().Split('?')[1]);
        var asked = await flow.ShowAsync();

        Assert.Equal(isLetIn ? "ak-stage-consent" : "ak-stage-access-denied", asked.Component);
        if (isLetIn)
        {
            var end = await flow.AnswerAsync(("component", "ak-stage-consent"), ("token", asked.Text("token")));
            Assert.StartsWith(Seed.RedirectUri + "?code=", end.Text("to"), StringComparison.Ordinal);
            Assert.Equal("127.0.0.1", Assert.Single(host.Events.All, e => e.Action == "authorize_application").ClientIp);
        }
    }

    [Fact]
    public async Task A_refresh_token_ends_with_the_access_of_its_user()
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await host.TokensAsync();
        var refresh = tokens.GetProperty("refresh_token").GetString()!;
        await host.ChangeAsync(db =>
        {
            Bind(db, host, user: host.Seed.BobId);
            return Task.CompletedTask;
        });

        using var lost = await host.RefreshAsync(refresh);
        Assert.Equal(HttpStatusCode.BadRequest, lost.StatusCode);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(lost));

        await host.ChangeAsync(db =>
        {
            Bind(db, host, user: host.Seed.AdaId);
            return Task.CompletedTask;
        });
        using var back = await host.RefreshAsync(refresh);
        Assert.Equal(HttpStatusCode.OK, back.StatusCode);
    }

    [Fact]
    public async Task Expressions_of_scope_mappings_reach_tokens_userinfo_and_discovery()
    {
        await using var host = await OidcHost.StartAsync();
        await AddMappingAsync(host, "email", """return {"email_verified": True, "team": [g.name for g in user.all_groups()], "iss": "evil", "sub": "root", "realm": {"a": 1}}""");
        await AddMappingAsync(host, "profile", """return {"realm": {"b": user.uid}}""");
        await AddMappingAsync(host, "profile", "return user.attributes['nothing']");

        var tokens = await host.TokensAsync("openid email profile");
        using var userinfo = await host.GetAsync("/application/o/userinfo/", bearer: tokens.GetProperty("access_token").GetString());
        using var discovery = await host.GetAsync("/application/o/app-a/.well-known/openid-configuration");

        foreach (var claims in (JsonElement[])[Payload(tokens.GetProperty("id_token").GetString()!), await OidcHost.JsonAsync(userinfo)])
        {
            Assert.True(claims.GetProperty("email_verified").GetBoolean());
            Assert.Equal(["engineers", "staff"], claims.GetProperty("team").EnumerateArray().Select(t => t.GetString()));
            Assert.Equal(64, claims.GetProperty("sub").GetString()!.Length);
            Assert.Equal(claims.GetProperty("sub").GetString(), claims.GetProperty("realm").GetProperty("b").GetString());
            Assert.Equal(1, claims.GetProperty("realm").GetProperty("a").GetInt32());
            Assert.Equal("Ada Lovelace", claims.GetProperty("name").GetString());
        }

        Assert.Equal("https://auth.example.test/application/o/app-a/", Payload(tokens.GetProperty("id_token").GetString()!).GetProperty("iss").GetString());
        Assert.Contains("team", (await OidcHost.JsonAsync(discovery)).GetProperty("claims_supported").EnumerateArray().Select(c => c.GetString()));
        Assert.Contains(host.Events.All, e => e.Action == "property_mapping_exception");
    }

    [Theory]
    [InlineData("page")]
    [InlineData("silent")]
    [InlineData("consent")]
    [InlineData("refresh")]
    [InlineData("device page")]
    [InlineData("device code")]
    [InlineData("machine")]
    [InlineData("exchange")]
    public async Task L05_every_way_to_be_denied_leaves_an_event_whatever_its_policies_log(string way)
    {
        const string deviceCode = "urn:ietf:params:oauth:grant-type:device_code";
        const string exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p =>
        {
            p.GrantTypes = ["authorization_code", "refresh_token", "client_credentials", deviceCode, exchange];
            p.AuthorizationFlowId = way == "consent" ? host.Seed.ExplicitFlowId : host.Seed.ImplicitFlowId;
        });
        var tokens = way == "consent" ? default : await host.TokensAsync();
        using var begun = await host.PostAsync("/application/o/device/", [("client_id", Seed.ClientId), ("scope", "openid")]);
        var device = await OidcHost.JsonAsync(begun);
        using var browser = host.BrowserOf(host.Cookie);
        if (way == "device code")
        {
            var sent = (await TypeAsync(browser, device)).Text("to");
            var consent = browser.Flow(sent.Split('/')[3], sent.Split('?')[1]);
            var asked = await consent.ShowAsync();
            Assert.Equal("ak-provider-oauth2-device-code-finish", (await consent.AnswerAsync(("token", asked.Text("token")))).Component);
        }

        await host.ChangeAsync(db =>
        {
            Bind(db, host, user: host.Seed.BobId);
            return Task.CompletedTask;
        });
        switch (way)
        {
            case "page": (await host.GetAsync(OidcHost.Authorize(), host.Cookie)).Dispose(); break;
            case "silent": (await host.GetAsync(OidcHost.Authorize(("prompt", "none")), host.Cookie)).Dispose(); break;
            case "consent": await browser.Flow("default-provider-authorization-explicit-consent", OidcHost.Authorize().Split('?')[1]).ShowAsync(); break;
            case "refresh": (await host.RefreshAsync(tokens.GetProperty("refresh_token").GetString()!)).Dispose(); break;
            case "device page": await TypeAsync(browser, device); break;
            case "device code": (await host.GrantAsync(deviceCode, ("device_code", device.GetProperty("device_code").GetString()))).Dispose(); break;
            case "machine": (await host.GrantAsync("client_credentials")).Dispose(); break;
            default:
                (await host.GrantAsync(
                    exchange, ("subject_token", tokens.GetProperty("access_token").GetString()), ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"))).Dispose();
                break;
        }

        var happened = Assert.Single(host.Events.All, e => e.Action == "policy_execution");
        Assert.Equal((way == "machine" ? "ak-a-client_credentials" : "ada", "127.0.0.1"), (happened.Actor?.Username, happened.ClientIp));
        Assert.Equal("App a", (string?)happened.Context["model"]!["name"]); // there by contract, as below
        Assert.False(happened.Context["result"]!["passing"]!.GetValue<bool>());
    }

    [Fact]
    public async Task L05_a_policy_that_wants_to_be_logged_leaves_an_event_of_its_own_beside_it()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ChangeAsync(db => BindExpression(db, host, "return False", logs: true));

        using var denied = await host.GetAsync(OidcHost.Authorize(), host.Cookie);

        var all = host.Events.All.Where(e => e.Action == "policy_execution").ToList();
        Assert.All(all, e => Assert.Equal(("ada", "127.0.0.1"), (e.Actor?.Username, e.ClientIp)));
        Assert.Equal([true, false], all.Select(e => e.Context.ContainsKey("policy")));
    }

    // Showing first, as a page does: it brings the token that proves the answer.
    private static async Task<Seen> TypeAsync(Browser browser, JsonElement device)
    {
        var flow = browser.Flow("default-device-code-flow");
        await flow.ShowAsync();
        return await flow.AnswerAsync(("code", device.GetProperty("user_code").GetString()!)); // RFC 8628 has it
    }

    internal static void Bind(GatehouseDb db, OidcHost host, Guid? group = null, int? user = null) =>
        db.PolicyBindings.Add(new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = host.Seed.ApplicationId, GroupId = group, UserId = user, Order = 0 });

    private static async Task BindExpression(GatehouseDb db, OidcHost host, string expression, int order = 0, string mode = "any", bool logs = false)
    {
        var policy = new IdentityPolicy
        {
            Id = Guid.CreateVersion7(),
            Name = expression,
            Kind = PolicyKind.Expression,
            SettingsJson = JsonSerializer.Serialize(new { expression }),
            LogsRuns = logs,
        };
        db.AddRange(policy, new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = host.Seed.ApplicationId, PolicyId = policy.Id, Order = order });
        (await db.ProviderApplications.SingleAsync(a => a.Id == host.Seed.ApplicationId, OidcHost.Stop)).PolicyEngineMode = mode;
    }

    private static Task AddMappingAsync(OidcHost host, string scope, string expression) => host.ChangeAsync(async db =>
    {
        var mapping = new ScopeMapping { Id = Guid.CreateVersion7(), Name = expression, ScopeName = scope, Expression = expression };
        db.ScopeMappings.Add(mapping);
        var provider = await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop);
        provider.ScopeMappingIds = [.. provider.ScopeMappingIds, mapping.Id];
    });

    private static JsonElement Payload(string jwt)
    {
        using var document = JsonDocument.Parse(Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Decode(jwt.Split('.')[1]));
        return document.RootElement.Clone();
    }
}
