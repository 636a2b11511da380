using System.Net.Sockets;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Rows S04, S06, S16 of the attack cases, and how a session is judged.</summary>
public class SessionTests
{
    private const string Upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    [Fact]
    public async Task S04_of_several_cookies_only_the_one_valid_here_counts()
    {
        await using var gateway = await GatewayHost.StartAsync(host => host.WithUsualApps().AddApp("other", "other.test", GatewayHost.Allow(new Rule.Everyone())));
        var mine = gateway.SignIn();
        var others = gateway.SignIn("other", "mallory@evil.test");
        foreach (var cookies in new[] { $"{mine}; CF_Authorization={others}", $"{others}; CF_Authorization={mine}", $"junk; CF_Authorization={mine}", $"{mine}; CF_Authorization={mine}" })
        {
            Assert.Equal(200, (await gateway.GetAsync("/", cookies)).Status);
        }

        Assert.All(gateway.Origin.Requests, r => Assert.Equal("ada@example.com", r.Header("Cf-Access-Authenticated-User-Email")));
    }

    [Fact]
    public async Task S04_two_people_in_one_request_are_nobody()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var (ada, bob) = (gateway.SignIn(), gateway.SignIn(email: "bob@example.com"));
        Assert.Equal(302, (await gateway.GetAsync("/", $"{ada}; CF_Authorization={bob}")).Status);
        Assert.Equal(302, (await gateway.GetAsync("/", ada, headers: $"Cf-Access-Token: {bob}\r\n")).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task S06_a_token_for_another_app_is_no_token_here()
    {
        await using var gateway = await GatewayHost.StartAsync(host => host.WithUsualApps().AddApp("other", "other.test", GatewayHost.Allow(new Rule.Everyone())));
        Assert.Equal(302, (await gateway.GetAsync("/", gateway.SignIn("other"))).Status);
        Assert.Equal(302, (await gateway.GetAsync("/", headers: $"Cf-Access-Token: {gateway.SignIn("other")}\r\n")).Status);
        var org = gateway.Issuer().IssueOrg(gateway.Tables.Current, gateway.Sessions.Start("ada@example.com", gateway.Clock.GetUtcNow()));
        Assert.Equal(302, (await gateway.GetAsync("/", org)).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task S12_a_token_opens_only_that_host_of_its_app_for_which_it_was_made()
    {
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.AddApp("staff", "*.test", GatewayHost.Allow(new Rule.Everyone())).Domains.Add("other.example");
            host.Publish("wiki.test").Publish("shop.test").Publish("other.example");
        });
        var token = gateway.SignIn(host: "wiki.test");
        foreach (var (host, status) in ((string, int)[])[("wiki.test", 200), ("WIKI.test", 200), ("shop.test", 302), ("other.example", 302)])
        {
            Assert.Equal(status, (await gateway.GetAsync("/", token, host)).Status);
            Assert.Equal(status, (await gateway.GetAsync("/", host: host, headers: $"Cf-Access-Token: {token}\r\n")).Status);
        }

        // Another host's token beside the right one changes nothing, whoever's it is.
        var mine = gateway.SignIn(email: "bob@example.com", host: "shop.test");
        Assert.Equal(200, (await gateway.GetAsync("/", $"{token}; CF_Authorization={mine}", "shop.test")).Status);
        Assert.Equal("bob@example.com", gateway.Origin.Requests.Last().Header("Cf-Access-Authenticated-User-Email"));
    }

    [Fact]
    public async Task S12_what_the_origin_of_a_quick_tunnel_is_shown_opens_nothing_else()
    {
        await using var attacker = new RawOrigin();
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.AddApp("staff", "*.test", GatewayHost.Allow(new Rule.Everyone()));
            host.Publish("wiki.test").Publish("quiet-river.test", $"http://127.0.0.1:{attacker.Port}");
        });
        Assert.Equal(200, (await gateway.GetAsync("/", gateway.SignIn(host: "quiet-river.test"), "quiet-river.test")).Status);
        var shown = attacker.Only.Header("Cf-Access-Jwt-Assertion");
        Assert.NotNull(shown);

        Assert.Equal(302, (await gateway.GetAsync("/", shown, "wiki.test")).Status);
        Assert.Equal(302, (await gateway.GetAsync("/", host: "wiki.test", headers: $"Cf-Access-Token: {shown}\r\n")).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task S12_a_token_of_an_earlier_version_names_no_host_and_opens_none()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var entry = gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")];
        var session = gateway.Sessions.Start("ada@example.com", gateway.Clock.GetUtcNow());
        var claims = new System.Text.Json.Nodes.JsonObject
        {
            ["type"] = "app",
            ["aud"] = new System.Text.Json.Nodes.JsonArray(entry.App.Aud),
            ["sub"] = session.UserId.ToString(),
            ["email"] = session.Email,
            ["identity_nonce"] = session.Nonce,
            ["policy_hash"] = entry.PolicyHash,
        };
        Assert.Equal(302, (await gateway.GetAsync("/", gateway.Issuer().IssueQuestion(gateway.Tables.Current, claims, TimeSpan.FromHours(1)))).Status);

        claims = claims.DeepClone().AsObject();
        claims["policy_hash"] = entry.PolicyHash + Gatehouse.Access.Tokens.HostMark.Of("app.test");
        Assert.Equal(200, (await gateway.GetAsync("/", gateway.Issuer().IssueQuestion(gateway.Tables.Current, claims, TimeSpan.FromHours(1)))).Status);
    }

    [Fact]
    public async Task A_token_counts_in_the_header_as_well()
    {
        await using var gateway = await GatewayHost.StartAsync();
        Assert.Equal(200, (await gateway.GetAsync("/", headers: $"cf-access-token: {gateway.SignIn()}\r\n")).Status);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("expired")]
    [InlineData("foreign origin")]
    [InlineData("foreign port")]
    [InlineData("null origin")]
    [InlineData("no token and foreign origin")]
    public async Task S16_a_websocket_is_refused_before_101(string how)
    {
        await using var gateway = await GatewayHost.StartAsync();
        var token = how is "none" or "no token and foreign origin" ? null : gateway.SignIn(duration: TimeSpan.FromMinutes(5));
        if (how == "expired")
        {
            gateway.Clock.Advance(TimeSpan.FromMinutes(6));
        }

        var origin = how switch
        {
            "foreign origin" or "no token and foreign origin" => "Origin: https://evil.test\r\n",
            "foreign port" => "Origin: http://app.test:81\r\n",
            "null origin" => "Origin: null\r\n",
            _ => "",
        };
        var answer = await gateway.GetAsync("/ws", token, headers: Upgrade + origin);
        Assert.Equal(token is null || how == "expired" ? 302 : 403, answer.Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task An_expired_token_is_none_even_when_it_was_seen_before()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var token = gateway.SignIn(duration: TimeSpan.FromMinutes(5));
        Assert.Equal(200, (await gateway.GetAsync("/", token)).Status);
        gateway.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(302, (await gateway.GetAsync("/", token)).Status);
    }

    [Fact]
    public async Task A_session_under_the_policies_in_force_is_never_looked_up()
    {
        await using var gateway = await GatewayHost.StartAsync();
        gateway.Sessions.Fault = new SocketException();
        var token = gateway.SignIn();
        Assert.Equal(200, (await gateway.GetAsync("/", token)).Status);
        gateway.Reload();
        Assert.Equal(200, (await gateway.GetAsync("/", token)).Status);
        Assert.Equal(0, gateway.Sessions.LookUps);
    }

    [Fact]
    public async Task A_changed_policy_judges_running_sessions_anew_with_one_look_up()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var (ada, bob) = (gateway.SignIn(), gateway.SignIn(email: "bob@example.com"));
        var policy = gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")].App.Policies[0].Policy!;
        policy.Include.Clear();
        policy.Include.Add(new Rule.Email("ada@example.com"));
        gateway.Reload();

        for (var n = 0; n < 3; n++)
        {
            Assert.Equal(200, (await gateway.GetAsync("/", ada)).Status);
            Assert.Equal(403, (await gateway.GetAsync("/", bob)).Status);
        }

        Assert.Equal(2, gateway.Sessions.LookUps);
        Assert.Equal("denied staff bob@example.com", (await gateway.GetAsync("/", bob)).Header("X-Answer"));
    }

    [Fact]
    public async Task Who_is_somebody_else_after_a_new_sign_in_is_judged_so_within_a_minute()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var ada = gateway.SignIn();
        var policy = gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")].App.Policies[0].Policy!;
        policy.Include = [new Rule.OidcClaim("groups", "staff", null)];
        gateway.Reload();
        Assert.Equal(200, (await gateway.GetAsync("/", ada)).Status);

        gateway.Sessions.Change(GatewayHost.NonceOf(ada), s => s.ClaimsJson = """{"groups":["guests"]}"""); // as the store does to what programs were granted
        gateway.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(403, (await gateway.GetAsync("/", ada)).Status);
    }

    [Fact]
    public async Task A_shorter_policy_ends_older_tokens()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var token = gateway.SignIn();
        gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")].App.Policies[0].Policy!.SessionDuration = TimeSpan.FromMinutes(10);
        gateway.Reload();
        Assert.Equal(200, (await gateway.GetAsync("/", token)).Status);
        gateway.Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(302, (await gateway.GetAsync("/", token)).Status);
    }

    [Fact]
    public async Task A_duration_shortened_to_zero_leaves_a_minute_to_tokens_that_are_out()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var token = gateway.SignIn();
        gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")].App.Policies[0].Policy!.SessionDuration = TimeSpan.Zero;
        gateway.Reload();
        gateway.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(200, (await gateway.GetAsync("/", token)).Status);
        gateway.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(302, (await gateway.GetAsync("/", token)).Status);
    }

    [Fact]
    public async Task A_login_method_that_is_no_longer_allowed_has_to_be_left()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var token = gateway.SignIn();
        var app = gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")].App;
        app.AllowedLoginMethods.Add(Guid.CreateVersion7());
        gateway.Reload();
        Assert.Equal(302, (await gateway.GetAsync("/", token)).Status);
        app.AllowedLoginMethods.Add(gateway.Sessions.LoginMethodId);
        gateway.Reload();
        Assert.Equal(200, (await gateway.GetAsync("/", token)).Status);
    }

    [Fact]
    public async Task F07_a_login_method_that_is_gone_admits_nobody_even_where_every_one_is_allowed()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var token = gateway.SignIn();
        Assert.Equal(200, (await gateway.GetAsync("/", token)).Status);
        gateway.LoginMethods.Clear();
        gateway.LoginMethods.Add(Guid.CreateVersion7());
        gateway.Reload();
        Assert.Equal(302, (await gateway.GetAsync("/", token)).Status);
    }

    [Fact]
    public async Task Rules_about_the_address_are_checked_on_every_request()
    {
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            var policy = GatewayHost.Allow(new Rule.EmailDomain("example.com"));
            policy.Require.Add(new Rule.Ip(System.Net.IPNetwork.Parse("192.0.2.0/24")));
            host.AddApp("staff", "app.test", policy);
            host.Publish("app.test");
        });
        Assert.Equal(403, (await gateway.GetAsync("/", gateway.SignIn())).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task L06_without_the_store_a_look_up_is_503_and_never_open()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var token = gateway.SignIn();
        gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")].App.Policies[0].Policy!.Include.Add(new Rule.Everyone());
        gateway.Reload();
        gateway.Sessions.Fault = new InvalidOperationException("down");
        Assert.Equal(503, (await gateway.GetAsync("/", token)).Status);
        gateway.Sessions.Fault = new OperationCanceledException();
        Assert.Equal(503, (await gateway.GetAsync("/", token)).Status);
        Assert.Empty(gateway.Origin.Requests);

        gateway.Sessions.Fault = null;
        Assert.Equal(200, (await gateway.GetAsync("/", token)).Status);
        gateway.Sessions.Fault = new InvalidOperationException("down");
        Assert.Equal(200, (await gateway.GetAsync("/", token)).Status);
    }

    [Fact]
    public async Task A_forgotten_session_has_to_sign_in_again()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var token = gateway.SignIn();
        gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")].App.Policies[0].Policy!.Include.Add(new Rule.Everyone());
        gateway.Reload();
        gateway.Sessions.Forget();
        Assert.Equal(302, (await gateway.GetAsync("/", token)).Status);
    }

    [Fact]
    public async Task L06_tables_that_nobody_confirmed_for_half_a_day_admit_nobody()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var token = gateway.SignIn(duration: TimeSpan.FromDays(2));
        gateway.Clock.Advance(TimeSpan.FromHours(11.9));
        Assert.Equal(200, (await gateway.GetAsync("/", token)).Status);
        gateway.Clock.Advance(TimeSpan.FromHours(0.2));
        Assert.Equal(503, (await gateway.GetAsync("/", token)).Status);
        Assert.Equal(503, (await gateway.GetAsync("/public/x")).Status);

        gateway.Reload();
        Assert.Equal(503, (await gateway.GetAsync("/", token)).Status); // the revocations are still old
        gateway.Revocations.Swap(gateway.Revocations.Current);
        Assert.Equal(200, (await gateway.GetAsync("/", token)).Status);
    }

    [Fact]
    public async Task An_app_without_policies_admits_nobody_and_one_without_people_denies()
    {
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.AddApp("empty", "empty.test");
            host.AddApp("machines", "machines.test", GatewayHost.Policy(PolicyAction.NonIdentity, new Rule.Ip(System.Net.IPNetwork.Parse("192.0.2.0/24"))));
            host.Publish("empty.test").Publish("machines.test");
        });
        Assert.Equal(302, (await gateway.GetAsync("/", host: "empty.test")).Status);
        Assert.Equal(403, (await gateway.GetAsync("/", host: "machines.test")).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task A_service_is_admitted_with_a_token_that_names_nobody()
    {
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.AddApp("machines", "app.test", GatewayHost.Policy(PolicyAction.NonIdentity, new Rule.Ip(System.Net.IPNetwork.Parse("127.0.0.0/8"))));
            host.Publish("app.test");
        });
        var first = await gateway.GetAsync("/");
        var token = gateway.Origin.Only.Header("Cf-Access-Jwt-Assertion");
        var cookie = Assert.Single(first.Headers("Set-Cookie"));
        Assert.StartsWith($"CF_Authorization={token}; expires=", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("path=/; secure; samesite=none", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Null(gateway.Origin.Only.Header("Cf-Access-Authenticated-User-Email"));
        Assert.True(Assert.Single(gateway.Audit.Records).Allowed);

        var second = await gateway.GetAsync("/", token);
        Assert.Empty(second.Headers("Set-Cookie"));
        Assert.Equal(token, gateway.Origin.Requests.Last().Header("Cf-Access-Jwt-Assertion"));
        Assert.Single(gateway.Audit.Records);

        var forged = await gateway.GetAsync("/", token + "x");
        Assert.Single(forged.Headers("Set-Cookie"));
        Assert.Equal(2, gateway.Audit.Records.Count);
    }

    [Fact]
    public async Task A_foreign_page_cannot_borrow_the_address_that_a_bypass_admits()
    {
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.AddApp("office", "app.test", GatewayHost.Policy(PolicyAction.Bypass, new Rule.Ip(System.Net.IPNetwork.Parse("127.0.0.0/8"))));
            host.Publish("app.test");
        });

        Assert.Equal(403, (await gateway.GetAsync("/ws", headers: Upgrade + "Origin: https://evil.test\r\n")).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task A_service_token_alone_is_no_session()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var token = gateway.Issuer().IssueService(gateway.Tables.Current, gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")], "app.test", null, null, TimeSpan.FromHours(1));
        Assert.Equal(302, (await gateway.GetAsync("/", token)).Status);
        Assert.Empty(gateway.Origin.Requests);
    }
}
