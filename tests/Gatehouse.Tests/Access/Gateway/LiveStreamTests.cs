using Gatehouse.Access.Gateway;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Rows S07 and S17 of the attack cases for what no logout ends: tokens that expire, policies that change, apps and names that go.</summary>
public class LiveStreamTests
{
    private const string Upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    private const string Accepted = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    private const string PolicyViolation = "\u0088\u0002\u0003\u00f0";
    private static readonly TimeSpan InTime = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task S17_a_websocket_ends_with_its_token()
    {
        await using var gateway = await GatewayHost.StartAsync(origin: Echo());
        await using var quick = await OpenAsync(gateway, gateway.SignIn(duration: TimeSpan.FromMinutes(15)));
        await using var slow = await OpenAsync(gateway, gateway.SignIn(email: "bob@example.com"));

        gateway.Clock.Advance(TimeSpan.FromMinutes(15));

        await CutAsync(quick);
        await EchoesAsync(slow);
    }

    [Fact]
    public async Task S17_an_event_stream_ends_with_its_token()
    {
        var go = new SemaphoreSlim(0);
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin(async (_, to) =>
        {
            await to.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
            await go.WaitAsync();
        }));
        await using var browser = await RawStream.ConnectAsync(gateway.Port);
        await browser.SendAsync(GatewayHost.Request("GET", "/events", gateway.SignIn(duration: TimeSpan.FromMinutes(15))));
        Assert.StartsWith("HTTP/1.1 200", await browser.ReadHeadAsync().WaitAsync(InTime, TestContext.Current.CancellationToken), StringComparison.Ordinal);

        gateway.Clock.Advance(TimeSpan.FromMinutes(15));

        Assert.Null(await browser.ReadUntilAsync("0\r\n\r\n").WaitAsync(InTime, TestContext.Current.CancellationToken));
        go.Release();
    }

    [Theory]
    [InlineData("another policy")]
    [InlineData("narrowed rule")]
    [InlineData("shorter session")]
    [InlineData("other login method")]
    [InlineData("app deleted")]
    [InlineData("app moved")]
    [InlineData("name unpublished")]
    [InlineData("narrower app")]
    [InlineData("session forgotten")]
    [InlineData("tokens of the app revoked")]
    [InlineData("second factor")]
    public async Task S17_a_websocket_that_would_not_be_opened_any_more_is_cut_within_five_seconds(string change)
    {
        await using var gateway = await GatewayHost.StartAsync(origin: Echo());
        await using var socket = await OpenAsync(gateway, gateway.SignIn(email: "mallory@example.com"));
        var app = gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")].App;
        var policy = app.Policies[0].Policy!;
        switch (change)
        {
            case "another policy":
                policy.Include.Clear();
                policy.Include.Add(new Rule.Email("ada@example.com"));
                break;
            case "narrowed rule":
                policy.Require.Add(new Rule.Ip(System.Net.IPNetwork.Parse("192.0.2.0/24")));
                break;
            case "shorter session":
                policy.SessionDuration = TimeSpan.FromMinutes(10);
                gateway.Clock.Advance(TimeSpan.FromMinutes(11));
                break;
            case "other login method":
                app.AllowedLoginMethods.Add(Guid.CreateVersion7());
                break;
            case "second factor":
                policy.Mfa = new MfaRules(false, MfaMethods.Totp, null);
                break;
            case "app deleted":
                gateway.Remove(app);
                break;
            case "tokens of the app revoked":
                app.TokenEpoch++;
                break;
            case "app moved":
                app.Domains[0] = "elsewhere.test";
                break;
            case "name unpublished":
                gateway.Unpublish("app.test");
                break;
            case "narrower app":
                gateway.AddApp("narrow", "app.test/ws", GatewayHost.Allow(new Rule.Everyone()));
                break;
            default:
                policy.Include.Add(new Rule.Everyone());
                gateway.Sessions.Forget();
                break;
        }

        gateway.Reload();

        await CutAsync(socket);
    }

    [Theory]
    [InlineData("second factor", false)]
    [InlineData("second factor", true)]
    [InlineData("shorter session", true)]
    public async Task S17_a_websocket_ends_with_what_the_policy_of_now_lets_it_in_for(string row, bool isOpen)
    {
        await using var gateway = await GatewayHost.StartAsync(origin: Echo());
        var token = gateway.SignIn();
        var policy = gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")].App.Policies[0].Policy!;
        var early = isOpen ? await OpenAsync(gateway, token) : null;
        gateway.Sessions.Change(GatewayHost.NonceOf(token), s => s.Passed = [Passed.OfMfa(MfaMethods.Totp, gateway.Clock.GetUtcNow())]);
        gateway.Organization.Mfa = new OrganizationMfa(MfaMethods.Totp, null, null);
        policy.Mfa = row == "second factor" ? new MfaRules(false, MfaMethods.Totp, TimeSpan.FromMinutes(10)) : null;
        policy.SessionDuration = row == "shorter session" ? TimeSpan.FromMinutes(10) : null;
        gateway.Reload();
        await using var socket = early ?? await OpenAsync(gateway, token);
        await EchoesAsync(socket);

        gateway.Clock.Advance(TimeSpan.FromMinutes(10)); // of the hour that its token has

        await CutAsync(socket);
    }

    [Fact]
    public async Task A_websocket_that_would_be_opened_again_runs_on_through_every_change()
    {
        await using var gateway = await GatewayHost.StartAsync(origin: Echo());
        await using var socket = await OpenAsync(gateway, gateway.SignIn());
        var policy = gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")].App.Policies[0].Policy!;
        gateway.Reload();
        await EchoesAsync(socket);

        policy.Include.Add(new Rule.Email("bob@example.org"));
        gateway.Reload();
        await EchoesAsync(socket);
        Assert.Equal(1, gateway.Sessions.LookUps);
    }

    [Theory]
    [InlineData(PolicyAction.Bypass, "narrowed rule")]
    [InlineData(PolicyAction.Bypass, "app deleted")]
    [InlineData(PolicyAction.NonIdentity, "narrowed rule")]
    [InlineData(PolicyAction.NonIdentity, "app deleted")]
    public async Task S17_a_websocket_of_nobody_or_a_service_is_cut_when_nothing_admits_it_any_more(PolicyAction action, string change)
    {
        await using var gateway = await GatewayHost.StartAsync(
            host =>
            {
                host.AddApp("staff", "app.test", GatewayHost.Policy(action, new Rule.Ip(System.Net.IPNetwork.Parse("127.0.0.0/8"))));
                host.Publish("app.test");
            },
            Echo());
        await using var socket = await OpenAsync(gateway, null);
        var app = gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")].App;
        gateway.Reload();
        await EchoesAsync(socket);

        if (change == "app deleted")
        {
            gateway.Remove(app);
        }
        else
        {
            app.Policies[0].Policy!.Include[0] = new Rule.Ip(System.Net.IPNetwork.Parse("192.0.2.0/24"));
        }

        gateway.Reload();

        await CutAsync(socket);
    }

    [Theory]
    [InlineData("rotated")]
    [InlineData("switched off")]
    [InlineData("expires")]
    [InlineData("overlap ends")]
    [InlineData("taken away")]
    public async Task S17_a_websocket_of_a_service_ends_with_its_token(string row)
    {
        const string Secret = "0123456789abcdef0123456789abcdef";
        var id = new string('c', 32) + ".access";
        await using var gateway = await GatewayHost.StartAsync(
            host =>
            {
                host.ServiceTokens.Add(new ServiceToken { Id = Guid.CreateVersion7(), Name = "backup", ClientId = id, SecretHash = ServiceTokenEntry.HashOf(Secret) });
                host.AddApp("staff", "app.test", GatewayHost.Policy(PolicyAction.NonIdentity, new Rule.ServiceToken(host.ServiceTokens[0].Id)));
                host.Publish("app.test");
            },
            Echo());
        await using var socket = await OpenAsync(gateway, null, $"CF-Access-Client-Id: {id}\r\nCF-Access-Client-Secret: {Secret}\r\n");
        var token = gateway.ServiceTokens[0];
        var soon = gateway.Clock.GetUtcNow().AddMinutes(10);
        switch (row)
        {
            case "rotated":
                (token.SecretHash, token.SecretVersion) = (ServiceTokenEntry.HashOf("new"), 2);
                break;
            case "overlap ends":
                (token.PreviousSecretHash, token.PreviousSecretExpiresAt) = (token.SecretHash, soon);
                (token.SecretHash, token.SecretVersion) = (ServiceTokenEntry.HashOf("new"), 2);
                break;
            case "switched off":
                token.IsEnabled = false;
                break;
            case "expires":
                token.ExpiresAt = soon;
                break;
            default:
                gateway.ServiceTokens.Clear();
                break;
        }

        gateway.Reload();
        if (row is "overlap ends" or "expires")
        {
            await EchoesAsync(socket);
            gateway.Clock.Advance(TimeSpan.FromMinutes(10));
        }

        await CutAsync(socket);
    }

    [Fact]
    public async Task S17_a_websocket_of_a_host_without_an_app_ends_when_unmatched_requests_are_denied()
    {
        await using var gateway = await GatewayHost.StartAsync(
            host =>
            {
                host.Organization.DenyUnmatchedRequests = false;
                host.Publish("app.test");
            },
            Echo());
        await using var socket = await OpenAsync(gateway, null);
        gateway.Organization.DenyUnmatchedRequests = true;

        gateway.Reload();

        await CutAsync(socket);
    }

    [Fact]
    public async Task An_upload_to_a_bypassed_path_that_is_closed_meanwhile_is_refused()
    {
        await using var gateway = await GatewayHost.StartAsync();
        await using var browser = await RawStream.ConnectAsync(gateway.Port);
        await browser.SendAsync(GatewayHost.Request("POST", "/public/x", headers: "Transfer-Encoding: chunked\r\n") + "3\r\none\r\n");
        var streams = gateway.Services.GetRequiredService<LiveStreams>();
        for (var n = 0; n < 100 && streams.Count == 0; n++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        gateway.Remove(gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("public")].App);
        gateway.Reload();

        Assert.Equal(403, (await browser.ReadAnswerAsync().WaitAsync(InTime, TestContext.Current.CancellationToken)).Status);
        Assert.All(gateway.Origin.Requests, r => Assert.False(r.IsWhole));
    }

    private static async Task CutAsync(RawStream socket)
    {
        Assert.Equal(PolicyViolation, await socket.ReadAsync(4).WaitAsync(InTime, TestContext.Current.CancellationToken));
        Assert.Equal("", await socket.ReadAsync(1).WaitAsync(InTime, TestContext.Current.CancellationToken));
    }

    // Longer than the gateway takes to look at every stream.
    private static async Task EchoesAsync(RawStream socket)
    {
        await Task.Delay(TimeSpan.FromSeconds(2.5), TimeProvider.System, TestContext.Current.CancellationToken);
        await socket.SendAsync("\u0081\u0002hi");
        Assert.Equal("\u0081\u0002hi", await socket.ReadAsync(4).WaitAsync(InTime, TestContext.Current.CancellationToken));
    }

    private static RawOrigin Echo() => new(async (_, to) =>
    {
        await to.SendAsync(Accepted);
        while (await to.ReadAsync(1) is { Length: > 0 } piece)
        {
            await to.SendAsync(piece);
        }
    });

    private static async Task<RawStream> OpenAsync(GatewayHost gateway, string? token, string headers = "")
    {
        var raw = await RawStream.ConnectAsync(gateway.Port);
        await raw.SendAsync(GatewayHost.Request("GET", "/ws", token, "app.test", Upgrade + "Origin: http://app.test\r\n" + headers));
        Assert.Equal(101, (await raw.ReadAnswerAsync()).Status);
        return raw;
    }
}
