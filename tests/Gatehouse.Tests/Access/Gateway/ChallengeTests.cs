using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Who is led to the login page and who is told 401 (contract 1.12), preflights that the gateway answers (1.11, check 22), and programs' tokens at the gateway (1.14).</summary>
public class ChallengeTests
{
    [Theory]
    [InlineData("", 302)]
    [InlineData("Accept: */*\r\n", 302)]
    [InlineData("Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n", 302)]
    [InlineData("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n", 302)]
    [InlineData("Sec-Fetch-Mode: cors\r\n", 302)] // a program: browsers say whose request it is as well
    [InlineData("X-Requested-With: XMLHttpRequest\r\n", 401)]
    [InlineData("x-requested-with: xmlhttprequest\r\nAccept: text/html\r\n", 401)]
    [InlineData("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nAccept: */*\r\n", 401)]
    [InlineData("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n", 401)]
    [InlineData("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: websocket\r\n", 401)]
    [InlineData("Accept: application/json\r\n", 401)]
    [InlineData("Accept: text/event-stream\r\n", 401)]
    public async Task A_redirect_is_for_those_who_can_follow_it(string headers, int status)
    {
        await using var gateway = await GatewayHost.StartAsync();
        Assert.Equal(status, (await gateway.GetAsync("/", headers: headers)).Status);
        Assert.Equal(200, (await gateway.GetAsync("/", gateway.SignIn(), headers: headers)).Status);
    }

    [Fact]
    public async Task C22_preflights_are_answered_as_the_app_says_and_nothing_else_is()
    {
        await using var gateway = await StartAsync(app => app.Cors = new CorsRules
        {
            AllowedOrigins = ["https://spa.test"],
            AllowedMethods = ["GET", "PUT"],
            AllowAllHeaders = true,
            AllowCredentials = true,
            MaxAge = 600,
        });
        var answer = await AskAsync(gateway, "OPTIONS", "https://spa.test", "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-a, x-b\r\n");
        Assert.Equal(200, answer.Status);
        Assert.Equal(("https://spa.test", "GET, PUT", "x-a, x-b"), (answer.Header("Access-Control-Allow-Origin"), answer.Header("Access-Control-Allow-Methods"), answer.Header("Access-Control-Allow-Headers")));
        Assert.Equal(("true", "600"), (answer.Header("Access-Control-Allow-Credentials"), answer.Header("Access-Control-Max-Age")));
        Assert.Contains("Origin", answer.Header("Vary"), StringComparison.Ordinal);

        var foreign = await AskAsync(gateway, "OPTIONS", "https://evil.test", "Access-Control-Request-Method: PUT\r\n");
        Assert.Null(foreign.Header("Access-Control-Allow-Origin"));
        Assert.Equal(302, (await AskAsync(gateway, "OPTIONS", "https://spa.test", "")).Status); // no preflight
        Assert.Equal(302, (await AskAsync(gateway, "GET", "https://spa.test", "")).Status);
        Assert.Empty(gateway.Origin.Requests);

        // The page may read that it has to sign in.
        var refused = await AskAsync(gateway, "GET", "https://spa.test", "X-Requested-With: XMLHttpRequest\r\n");
        Assert.Equal((401, "https://spa.test"), (refused.Status, refused.Header("Access-Control-Allow-Origin")));
    }

    [Fact]
    public async Task C22_preflights_reach_the_origin_where_they_are_let_through_and_are_refused_elsewhere()
    {
        const string Preflight = "Access-Control-Request-Method: PUT\r\n";
        await using var closed = await StartAsync(_ => { });
        Assert.Equal(403, (await AskAsync(closed, "OPTIONS", "https://spa.test", Preflight)).Status);
        await using var open = await StartAsync(app => app.OptionsPreflightBypass = true);
        Assert.Equal(200, (await AskAsync(open, "OPTIONS", "https://spa.test", Preflight)).Status);
        Assert.StartsWith("OPTIONS ", open.Origin.Only.Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n", 302)]
    [InlineData("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400)]
    [InlineData("Connection: Upgrade\r\n", 302)]
    [InlineData("Upgrade: h2c\r\n", 302)]
    public async Task C22_H12_a_preflight_that_would_become_another_request_is_none(string more, int status)
    {
        await using var gateway = await StartAsync(app => app.OptionsPreflightBypass = true);
        var answer = await AskAsync(gateway, "OPTIONS", "https://spa.test", "Access-Control-Request-Method: GET\r\n" + more);
        Assert.Equal(status, answer.Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task H11_a_programs_token_admits_where_the_app_takes_programs_and_reaches_no_origin()
    {
        await using var gateway = await StartAsync(app => app.Agents = new AgentRules());
        var bearer = $"Authorization: Bearer oauth:{gateway.SignIn()}\r\n";
        Assert.Equal(200, (await gateway.GetAsync("/", headers: bearer)).Status);
        Assert.Null(gateway.Origin.Only.Header("Authorization"));
        Assert.Equal("ada@example.com", gateway.Origin.Only.Header("Cf-Access-Authenticated-User-Email"));
        Assert.Equal(401, (await gateway.GetAsync("/")).Status);
        Assert.Equal(401, (await gateway.GetAsync("/", headers: "Accept: */*\r\n")).Status);
        Assert.Equal(302, (await gateway.GetAsync("/", headers: "Accept: text/html\r\n")).Status);
        Assert.Equal(401, (await gateway.GetAsync("/", headers: "Authorization: Bearer oauth:x\r\n")).Status);

        // The origin's own bearer tokens are not ours.
        Assert.Equal(200, (await gateway.GetAsync("/", gateway.SignIn(), headers: "Authorization: Bearer abc\r\n")).Status);
        Assert.Equal("Bearer abc", gateway.Origin.Requests.Last().Header("Authorization"));
    }

    [Fact]
    public async Task A_programs_token_is_none_where_the_app_takes_no_programs()
    {
        await using var gateway = await StartAsync(_ => { });
        Assert.Equal(302, (await gateway.GetAsync("/", headers: $"Authorization: Bearer oauth:{gateway.SignIn()}\r\n")).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    private static Task<Gatehouse.Tests.Fakes.RawMessage> AskAsync(GatewayHost gateway, string method, string origin, string headers) =>
        Gatehouse.Tests.Fakes.RawStream.AskAsync(gateway.Port, GatewayHost.Request(method, "/", headers: $"Origin: {origin}\r\n{headers}"));

    private static Task<GatewayHost> StartAsync(Action<App> change) => GatewayHost.StartAsync(host =>
    {
        change(host.AddApp("staff", "app.test", GatewayHost.Allow(new Rule.EmailDomain("example.com"))));
        host.Publish("app.test");
    });
}
