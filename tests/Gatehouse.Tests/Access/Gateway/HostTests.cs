using System.Net.Security;
using System.Net.Sockets;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Rows P10 to P13, P15 to P17 of the attack cases: hosts and methods; and what unmatched requests get.</summary>
public class HostTests
{
    [Fact]
    public async Task P10_the_letter_case_of_a_host_does_not_matter()
    {
        await using var gateway = await GatewayHost.StartAsync();
        Assert.Equal(302, (await gateway.GetAsync("/admin", host: "APP.tEst")).Status);
        Assert.Equal(200, (await gateway.GetAsync("/public/x", host: "APP.TEST")).Status);
    }

    [Theory]
    [InlineData("app.test.", 400)]
    [InlineData("app.test:443", 302)]
    [InlineData("app.test:0443", 400)]
    [InlineData("app.test:", 400)]
    [InlineData("app.test:99999999", 400)]
    [InlineData("\u00e4pp.test", 400)]
    [InlineData("xn--pp-fka.test", 404)]
    [InlineData("app.test/x", 400)]
    [InlineData("app.test@evil.test", 400)]
    [InlineData("app..test", 400)]
    [InlineData("[::1]", 400)]
    public async Task P11_other_spellings_of_a_host_open_nothing(string host, int status)
    {
        await using var gateway = await GatewayHost.StartAsync();
        Assert.Equal(status, (await gateway.GetAsync("/admin", host: host)).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Theory]
    [InlineData("GET /public/x HTTP/1.1\r\nHost:\r\n\r\n")]
    [InlineData("GET /public/x HTTP/1.1\r\n\r\n")]
    [InlineData("GET /public/x HTTP/1.0\r\n\r\n")]
    [InlineData("GET /public/x HTTP/1.1\r\nHost: app.test\r\nHost: app.test\r\n\r\n")]
    [InlineData("GET /public/x HTTP/1.1\r\nHost: app.test\r\nHost: other.test\r\n\r\n")]
    [InlineData("GET http://app.test/public/x HTTP/1.1\r\nHost: app.test\r\n\r\n")]
    [InlineData("GET http://other.test/ HTTP/1.1\r\nHost: app.test\r\n\r\n")]
    [InlineData("GET public/x HTTP/1.1\r\nHost: app.test\r\n\r\n")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: app.test\r\n\r\n")]
    [InlineData("CONNECT app.test:80 HTTP/1.1\r\nHost: app.test:80\r\n\r\n")]
    public async Task P12_an_empty_repeated_or_absolute_host_is_refused(string request)
    {
        await using var gateway = await GatewayHost.StartAsync();
        Assert.Equal(400, (await RawStream.AskAsync(gateway.Port, request)).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task P13_the_name_in_the_tls_handshake_decides_nothing()
    {
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.WithUsualApps().Publish("public.test");
            host.AddApp("open", "public.test", GatewayHost.Policy(PolicyAction.Bypass, new Rule.Everyone()));
        });
        using var client = new TcpClient("127.0.0.1", gateway.TlsPort);
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, c, _, _) => c?.Subject == "CN=public.test");
        await tls.AuthenticateAsClientAsync("public.test");
        await using var raw = new RawStream(tls);

        await raw.SendAsync(GatewayHost.Request("GET", "/", host: "app.test"));

        Assert.Equal(302, (await raw.ReadAnswerAsync()).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task P13_a_coalesced_connection_opens_no_other_host()
    {
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.WithUsualApps().Publish("public.test");
            host.AddApp("open", "public.test", GatewayHost.Policy(PolicyAction.Bypass, new Rule.Everyone()));
        });
        await using var h2 = await RawHttp2.ConnectTlsAsync(gateway.TlsPort, "public.test");
        (string, string)[] Head(string host) => [(":method", "GET"), (":scheme", "https"), (":authority", host), (":path", "/"), ("accept", "text/html")];

        Assert.Equal(200, await h2.AskAsync(Head("public.test")));
        Assert.Equal(302, await h2.AskAsync(Head("app.test"))); // sent to sign in: the policies of the host that was asked for
        Assert.Equal(200, await h2.AskAsync([.. Head("app.test"), ("cookie", "CF_Authorization=" + gateway.SignIn())]));
        Assert.Equal(2, gateway.Origin.Requests.Count);
    }

    [Theory]
    [InlineData("get")]
    [InlineData("FOO")]
    [InlineData("DELETE")]
    [InlineData("HEAD")]
    [InlineData("POST")]
    public async Task P15_every_method_is_gated_and_overrides_are_not_honoured(string method)
    {
        await using var gateway = await GatewayHost.StartAsync();
        const string Override = "X-HTTP-Method-Override: DELETE\r\nX-Method-Override: DELETE\r\nX_HTTP_METHOD: DELETE\r\n";

        Assert.Equal(302, (await RawStream.AskAsync(gateway.Port, GatewayHost.Request(method, "/admin", headers: Override))).Status);
        Assert.Empty(gateway.Origin.Requests);

        await RawStream.AskAsync(gateway.Port, GatewayHost.Request(method, "/admin", gateway.SignIn(), headers: Override + "Content-Length: 0\r\n"));
        Assert.Equal(method, gateway.Origin.Only.FirstLine.Split(' ')[0], ignoreCase: true);
        Assert.DoesNotContain("DELETE\r\n", gateway.Origin.Only.Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("app.test", "app.test", "true", true)]
    [InlineData("one.wild.test", "*.wild.test", "true", true)]
    [InlineData("app.test", "app.test", "yes", false)]
    public async Task Check_37_T08_programs_are_told_which_application_it_is_in_a_statement_that_opens_nothing(string host, string name, string value, bool isTold)
    {
        await using var gateway = await GatewayHost.StartAsync(h =>
        {
            h.AddApp("staff", "app.test", GatewayHost.Allow(new Rule.Everyone())).Domains.Add("*.wild.test");
            h.Publish("app.test").Publish("one.wild.test");
        });
        await using var raw = await RawStream.ConnectAsync(gateway.Port);
        await raw.SendAsync(GatewayHost.Request("HEAD", "/deep/path?q=1", host: host, headers: $"Cf-Access-Metadata-Request: {value}\r\n"));
        var answer = await raw.ReadAnswerAsync(isHead: true);

        var statement = answer.Header("Cf-Access-Metadata");
        Assert.Equal((isTold, isTold ? 200 : 302), (statement is not null, answer.Status));
        if (statement is not null)
        {
            var match = new JsonWebToken(statement);
            Assert.Equal(
                ("RS256", "match", host, "access.test", GatewayHost.AudOf("staff"), name, gateway.Clock.GetUtcNow().ToUnixTimeSeconds(), "https://access.test/cdn-cgi/access/statement"),
                (match.Alg, ClaimText.Of(match, "type"), ClaimText.Of(match, "hostname"), ClaimText.Of(match, "auth_domain"), match.Audiences.Single(), ClaimText.Of(match, "app_hostname"), new DateTimeOffset(match.IssuedAt).ToUnixTimeSeconds(), match.Issuer));
            Assert.Equal(302, (await gateway.GetAsync("/", statement, host)).Status);
            Assert.Null((await gateway.GetAsync("/", host: host, headers: "Cf-Access-Metadata-Request: true\r\n")).Header("Cf-Access-Metadata"));
        }

        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task Trace_is_not_served()
    {
        await using var gateway = await GatewayHost.StartAsync();
        Assert.Equal(405, (await RawStream.AskAsync(gateway.Port, GatewayHost.Request("TRACE", "/public/x"))).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Theory]
    [InlineData("a.test", 302)]
    [InlineData("a.b.test", 404)]
    [InlineData(".test", 400)]
    [InlineData("eviltest", 404)]
    [InlineData("test", 404)]
    [InlineData("a.test.evil", 404)]
    public async Task P16_a_wildcard_stands_for_one_label(string name, int status)
    {
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.AddApp("staff", "*.test", GatewayHost.Allow(new Rule.Everyone()));
            host.Publish("*.test");
        });
        Assert.Equal(status, (await gateway.GetAsync("/", host: name)).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task P17_only_a_preflight_passes_the_preflight_bypass()
    {
        const string Preflight = "Origin: https://other.test\r\nAccess-Control-Request-Method: DELETE\r\n";
        await using var gateway = await GatewayHost.StartAsync(host => host.WithUsualApps().AddApp("api", "app.test/api", GatewayHost.Allow(new Rule.Everyone())).OptionsPreflightBypass = true);
        async Task<int> Ask(string method, string target, string headers) =>
            (await RawStream.AskAsync(gateway.Port, GatewayHost.Request(method, target, headers: headers))).Status;

        Assert.Equal(403, await Ask("OPTIONS", "/admin", Preflight));
        Assert.Equal(302, await Ask("OPTIONS", "/api", "Origin: https://other.test\r\n"));
        Assert.Equal(302, await Ask("GET", "/api", Preflight));
        Assert.Equal(400, await Ask("OPTIONS", "/api/..;/admin", Preflight));
        Assert.Equal(302, await Ask("OPTIONS", "/api", Preflight + "Content-Length: 1\r\n"));
        Assert.Empty(gateway.Origin.Requests);

        Assert.Equal(200, await Ask("OPTIONS", "/api/x", Preflight));
        Assert.Equal("OPTIONS /api/x HTTP/1.1", gateway.Origin.Only.FirstLine);
        Assert.Null(gateway.Origin.Only.Header("Cf-Access-Jwt-Assertion"));
    }

    [Fact]
    public async Task A_script_is_told_401_instead_of_being_redirected()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var answer = await gateway.GetAsync("/admin", headers: "X-Requested-With: XMLHttpRequest\r\n");
        Assert.Equal(401, answer.Status);
        Assert.Null(answer.Header("Location"));
        Assert.Matches("^[0-9a-f]{16}$", answer.Header("CF-Ray"));
    }

    [Fact]
    public async Task Unknown_names_are_404_and_published_ones_without_an_app_403()
    {
        await using var gateway = await GatewayHost.StartAsync(host => host.WithUsualApps().Publish("bare.test"));
        Assert.Equal(404, (await gateway.GetAsync("/", host: "nowhere.test")).Status);
        Assert.Contains("Nothing is published under this name", (await gateway.GetAsync("/", host: "nowhere.test")).Body, StringComparison.Ordinal);

        var bare = await gateway.GetAsync("/", host: "bare.test");
        Assert.Equal(403, bare.Status);
        Assert.Equal(bare.Header("CF-Ray"), Assert.Single(gateway.Audit.Records).Id);
        Assert.Empty(gateway.Origin.Requests);

        gateway.Organization.DenyUnmatchedRequests = false;
        Assert.Equal(200, (await gateway.GetAsync("/", host: "bare.test")).Status);
        Assert.Null(gateway.Origin.Only.Header("Cf-Access-Jwt-Assertion"));
    }

    [Fact]
    public async Task S12_a_name_that_an_app_covers_but_nobody_published_asks_nobody_to_sign_in()
    {
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.AddApp("staff", "*.test", GatewayHost.Allow(new Rule.Everyone()));
            host.Publish("wiki.test");
        });
        Assert.Equal(302, (await gateway.GetAsync("/", host: "wiki.test")).Status);
        foreach (var path in (string[])["/", "/cdn-cgi/access/login", "/cdn-cgi/access/authorized?nonce=a&state=b"])
        {
            var answer = await gateway.GetAsync(path, gateway.SignIn(host: "dangling.test"), "dangling.test");
            Assert.Equal(404, answer.Status);
            Assert.Contains("Nothing is published under this name", answer.Body, StringComparison.Ordinal);
            Assert.Null(answer.Header("Location"));
            Assert.Empty(answer.Headers("Set-Cookie"));
        }
    }

    [Fact]
    public async Task An_origin_that_is_the_gateway_itself_ends_as_a_loop()
    {
        await using var gateway = await GatewayHost.StartAsync();
        gateway.Publish("loop.test", $"http://127.0.0.1:{gateway.Port}").AddApp("loop", "loop.test", GatewayHost.Policy(PolicyAction.Bypass, new Rule.Everyone()));
        gateway.Reload();
        Assert.Equal(508, (await gateway.GetAsync("/", host: "loop.test")).Status);
    }
}
