using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Rows H01 to H05 and H07 to H12 of the attack cases: headers and cookies.</summary>
public class HeaderTests
{
    private const string Forged =
        "Cf-Access-Authenticated-User-Email: root@example.com\r\nCf-Access-Jwt-Assertion: forged\r\nX-authentik-username: root\r\nCF-Connecting-IP: 6.6.6.6\r\nCf-Ray: forged\r\nRemote-User: root\r\n";

    private const string Aliases =
        "Cf_Access_Jwt_Assertion: forged\r\nX_Forwarded_For: 6.6.6.6\r\nx-AUTHENTIK_groups: root\r\nCF.Access.Authenticated.User.Email: forged\r\ncf_access-jwt!assertion: forged\r\nX_REAL_IP: 6.6.6.6\r\n";

    [Fact]
    public async Task H01_Q18_spoofed_identity_headers_are_replaced()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var token = gateway.SignIn();
        await gateway.GetAsync("/", token, headers: Forged);
        var seen = gateway.Origin.Only;
        Assert.Equal([token], seen.Headers("Cf-Access-Jwt-Assertion"));
        Assert.Equal(["ada@example.com"], seen.Headers("Cf-Access-Authenticated-User-Email"));
        Assert.Equal(["127.0.0.1"], seen.Headers("Cf-Connecting-Ip"));
        Assert.DoesNotContain("root", seen.Head, StringComparison.Ordinal);
        Assert.DoesNotContain("forged", seen.Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task H02_underscores_and_letter_case_hide_nothing()
    {
        await using var gateway = await GatewayHost.StartAsync();
        await gateway.GetAsync("/", gateway.SignIn(), headers: Aliases);
        var seen = gateway.Origin.Only.Head;
        Assert.DoesNotContain("forged", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("6.6.6.6", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("root", seen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NTLM TlRMTVNTUAADAAAA")]
    [InlineData("Negotiate YII=")]
    public async Task Nobody_is_served_on_a_connection_that_somebody_else_signed_in(string credentials)
    {
        var signedIn = new System.Runtime.CompilerServices.ConditionalWeakTable<RawStream, string>();
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin((request, to) =>
        {
            if (request.Header("Authorization") is { } shown)
            {
                signedIn.AddOrUpdate(to, shown);
            }

            return to.SendAsync(signedIn.TryGetValue(to, out _)
                ? "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nada"
                : "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM, Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n");
        }));

        var refused = await gateway.GetAsync("/", gateway.SignIn(), headers: $"Authorization: {credentials}\r\n");
        var next = await gateway.GetAsync("/", gateway.SignIn(email: "eve@example.com"));

        Assert.Equal((401, 401), (refused.Status, next.Status));
        Assert.Equal(["Basic realm=\"x\""], refused.Headers("WWW-Authenticate"));
        Assert.Equal(200, (await gateway.GetAsync("/", gateway.SignIn(), headers: "Authorization: Basic YTpi\r\n")).Status);
    }

    [Fact]
    public async Task H03_bypassed_paths_are_stripped_too()
    {
        await using var gateway = await GatewayHost.StartAsync();
        await gateway.GetAsync("/public/x", gateway.SignIn("public"), headers: Forged + Aliases);
        var seen = gateway.Origin.Only;
        Assert.DoesNotContain("forged", seen.Head, StringComparison.Ordinal);
        Assert.DoesNotContain("root", seen.Head, StringComparison.Ordinal);
        Assert.DoesNotContain("cf-access", seen.Head, StringComparison.OrdinalIgnoreCase);
        Assert.Null(seen.Header("Cookie"));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("%00%ff;;;===")]
    [InlineData("\"quoted\"")]
    [InlineData("\u00e9\u00ff")]
    [InlineData("LONG")]
    [InlineData("DOTS")]
    [InlineData("MAC")]
    [InlineData("MANY")]
    public async Task H04_a_malformed_session_cookie_is_no_session(string cookie)
    {
        await using var gateway = await GatewayHost.StartAsync();
        var valid = gateway.SignIn();
        var value = cookie switch
        {
            "LONG" => new string('a', 8000),
            "DOTS" => new string('.', 3000),
            "MAC" => valid[..^4] + (valid.EndsWith("AAAA", StringComparison.Ordinal) ? "BBBB" : "AAAA"),
            "MANY" => string.Join("; CF_Authorization=", Enumerable.Repeat(valid, 5)),
            _ => cookie,
        };
        Assert.Equal(302, (await gateway.GetAsync("/", value)).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("::")]
    [InlineData("10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1")]
    public async Task H05_a_spoofed_address_is_ignored(string forwardedFor)
    {
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.AddApp("office", "app.test", GatewayHost.Policy(PolicyAction.Bypass, new Rule.Ip(System.Net.IPNetwork.Parse("10.0.0.0/8"))), GatewayHost.Allow(new Rule.Everyone()));
            host.Publish("app.test");
        });
        var headers = $"X-Forwarded-For: {forwardedFor}\r\nForwarded: for=10.0.0.1\r\nX-Real-IP: 10.0.0.1\r\nTrue-Client-IP: 10.0.0.1\r\n";
        Assert.Equal(302, (await gateway.GetAsync("/", headers: headers)).Status);

        await gateway.GetAsync("/", gateway.SignIn("office"), headers: headers);
        var seen = gateway.Origin.Only;
        Assert.Equal(["127.0.0.1"], seen.Headers("X-Forwarded-For"));
        Assert.Equal(["http"], seen.Headers("X-Forwarded-Proto"));
        Assert.Equal(["app.test"], seen.Headers("X-Forwarded-Host"));
        Assert.DoesNotContain("10.0.0.1", seen.Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task H07_headers_that_name_another_address_are_ignored()
    {
        const string Headers = "X-Forwarded-Uri: /public/x\r\nX-Original-URL: /public/x\r\nX-Rewrite-URL: /public/x\r\nX-Forwarded-Prefix: /public\r\nX_Original_Url: /public/x\r\n";
        await using var gateway = await GatewayHost.StartAsync();
        Assert.Equal(302, (await gateway.GetAsync("/admin", headers: Headers)).Status);
        Assert.Empty(gateway.Origin.Requests);
        await gateway.GetAsync("/admin", gateway.SignIn(), headers: Headers);
        Assert.DoesNotContain("/public", gateway.Origin.Only.Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Cf-Access-Jwt-Assertion, X-Forwarded-For, X-Mine", null)]
    [InlineData("CF-ACCESS-JWT-ASSERTION,x-forwarded-for,cf-access-authenticated-user-email,x-mine,cookie", null)]
    [InlineData("close, Cf-Access-Jwt-Assertion, X-Forwarded-For, X-Mine", "1")] // of such a list the server keeps "close" alone
    [InlineData("keep-alive, cf-access-jwt-assertion, x-forwarded-for, x-mine", "1")]
    public async Task H08_a_connection_header_removes_the_visitors_headers_but_never_ours(string connection, string? mine)
    {
        await using var gateway = await GatewayHost.StartAsync();
        var token = gateway.SignIn();
        await gateway.GetAsync("/", token, headers: $"Connection: {connection}\r\nX-Mine: 1\r\nX-Kept: 1\r\nCf-Access-Jwt-Assertion: forged\r\n");
        var seen = gateway.Origin.Only;
        Assert.Equal([token], seen.Headers("Cf-Access-Jwt-Assertion"));
        Assert.Equal(["ada@example.com"], seen.Headers("Cf-Access-Authenticated-User-Email"));
        Assert.Equal(["127.0.0.1"], seen.Headers("X-Forwarded-For"));
        Assert.Equal(mine, seen.Header("X-Mine"));
        Assert.Equal("1", seen.Header("X-Kept"));
    }

    [Theory]
    [InlineData("kube-probe/1.29")]
    [InlineData("GoogleHC/1.0")]
    [InlineData("ELB-HealthChecker/2.0")]
    public async Task H09_no_user_agent_is_special(string agent)
    {
        await using var gateway = await GatewayHost.StartAsync();
        Assert.Equal(302, (await gateway.GetAsync("/admin", headers: $"User-Agent: {agent}\r\n")).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task H10_bytes_beyond_ascii_pass_unchanged_and_control_bytes_do_not_pass()
    {
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin((_, to) =>
            to.SendAsync("HTTP/1.1 200 OK\r\nX-Name: J\u00fcrgen \u00c3\u00a9\r\nContent-Length: 0\r\n\r\n")));
        var token = gateway.SignIn();

        var answer = await gateway.GetAsync("/", token, headers: "X-Name: J\u00fcrgen \u00f0\u009f\u0098\u0080\r\n");
        Assert.Equal(200, answer.Status);
        Assert.Equal("J\u00fcrgen \u00c3\u00a9", answer.Header("X-Name"));
        Assert.Equal("J\u00fcrgen \u00f0\u009f\u0098\u0080", gateway.Origin.Only.Header("X-Name"));

        foreach (var bad in new[] { "X-A: a\u0001b\r\n", "X-A: a\u007fb\r\n", "X-A: a\0b\r\n", "X-A: a\rX-Admin: 1\r\n", "X[A: 1\r\n", "X A: 1\r\n", "X-A : 1\r\n", "X-A: 1\r\n X-Admin: 1\r\n" })
        {
            Assert.Equal(400, (await gateway.GetAsync("/", token, headers: bad)).Status);
        }

        Assert.Single(gateway.Origin.Requests);
    }

    [Fact]
    public async Task H11_credentials_of_the_gateway_never_reach_the_origin()
    {
        await using var gateway = await GatewayHost.StartAsync(host => host.WithUsualApps().Organization.StrictServiceTokens = false);
        var token = gateway.SignIn();
        await RawStream.AskAsync(gateway.Port, $"GET / HTTP/1.1\r\nHost: app.test\r\nCookie: a=\"1 2\"; CF_Authorization={token};b=2=3;  c; CF_AppSession=s; cf_binding=b; CF_Session=s; __Host-CF_Session=s; authentik_mfa=m; __Host-authentik_session=i; authentik_next=n;d=4\r\n"
            + $"Cf-Access-Token: {token}\r\nCF-Access-Client-Id: id\r\nCf-Access-Client-Secret: hush\r\nAuthorization: Bearer for-the-origin\r\n\r\n");
        var seen = gateway.Origin.Only;
        Assert.Equal("a=\"1 2\";b=2=3;  c;d=4", seen.Header("Cookie"));
        Assert.Equal("Bearer for-the-origin", seen.Header("Authorization"));
        Assert.DoesNotContain("hush", seen.Head, StringComparison.Ordinal);
        Assert.Equal(1, seen.Head.Split(token).Length - 1);
    }

    [Fact]
    public async Task Cookies_that_are_not_ours_pass_byte_for_byte()
    {
        await using var gateway = await GatewayHost.StartAsync();
        await gateway.GetAsync("/public/x", headers: "Cookie: a=1;b= \"x;y\" ;  c==;;d\r\n");
        Assert.Equal("a=1;b= \"x;y\" ;  c==;;d", gateway.Origin.Only.Header("Cookie"));
    }

    [Fact]
    public async Task H12_an_origin_sets_neither_our_cookies_nor_our_transport_policy()
    {
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin((_, to) => to.SendAsync(
            "HTTP/1.1 200 OK\r\nSet-Cookie: CF_Authorization=x; Domain=test\r\nSet-Cookie: cf_appsession=x\r\nSet-Cookie: own=1; Path=/\r\nset-cookie:  =CF_Authorization=x\r\n"
            + "Set-Cookie: authentik_session=x; Domain=test\r\nSet-Cookie: Authentik_CSRF=x\r\nSet-Cookie: authentik_mfa=x; Domain=test\r\nSet-Cookie: __Secure-authentik_next=x; Domain=test\r\nSet-Cookie: CF_Session ; x\r\nSet-Cookie: __Host-CF_Session=x; Path=/; Secure\r\nSet-Cookie: other=2\r\n"
            + "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n")));
        var answer = await gateway.GetAsync("/", gateway.SignIn());
        Assert.Equal(["own=1; Path=/", "other=2"], answer.Headers("Set-Cookie"));
        Assert.Null(answer.Header("Strict-Transport-Security"));
        Assert.Null(answer.Header("X-Hop"));
        Assert.Null(answer.Header("Keep-Alive"));
    }

    [Theory]
    [InlineData("\"cookies\"", null)]
    [InlineData("\"*\"", null)]
    [InlineData("\"cache\", \"cookies\", \"storage\"", "\"cache\", \"storage\"")]
    [InlineData("\"cache\",\"*\"", "\"cache\"")]
    [InlineData("\"Cookies\" , \"executionContexts\"", "\"executionContexts\"")]
    [InlineData("cookies", null)]
    [InlineData("\"storage\"\r\nClear-Site-Data: \"cookies\"", "\"storage\"")]
    [InlineData("\"cache\", \"storage\", \"clientHints\"", "\"cache\", \"storage\", \"clientHints\"")]
    public async Task H12_an_origin_does_not_clear_our_cookies(string sent, string? expected)
    {
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin((_, to) => to.SendAsync(
            $"HTTP/1.1 200 OK\r\nClear-Site-Data: {sent}\r\nContent-Length: 0\r\n\r\n")));

        var answer = await gateway.GetAsync("/", gateway.SignIn());

        Assert.Equal(200, answer.Status);
        Assert.Equal(expected, answer.Header("Clear-Site-Data"));
    }

    [Fact]
    public async Task The_origin_sees_the_browsers_host_or_the_one_configured()
    {
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.AddApp("open", "*.test", GatewayHost.Policy(PolicyAction.Bypass, new Rule.Everyone()));
            host.Publish("a.test").Publish("b.test", change: h => h.HttpHostHeader = "inner.example:81");
        });
        await gateway.GetAsync("/", host: "A.test:8443");
        await gateway.GetAsync("/", host: "b.test");
        Assert.Equal(["A.test:8443", "inner.example:81"], gateway.Origin.Requests.Select(r => r.Header("Host")));
        Assert.Equal(["A.test:8443", "b.test"], gateway.Origin.Requests.Select(r => r.Header("X-Forwarded-Host")));
    }
}
