using Gatehouse.Access.Saas;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Access tokens of SaaS applications at apps that name them: <c>linked_app_token</c> (contract 1.6, 2.2).</summary>
public class LinkedTokenTests
{
    private const string Upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    [Fact]
    public async Task A_token_of_the_linked_application_admits_and_the_origin_sees_another()
    {
        await using var gateway = await StartAsync();
        var answer = await gateway.GetAsync("/", headers: Bearer(Token(gateway, "linked")));
        Assert.Equal(200, answer.Status);
        Assert.Empty(answer.Headers("Set-Cookie"));
        var seen = gateway.Origin.Only;
        Assert.Null(seen.Header("Authorization"));
        var token = new JsonWebToken(seen.Header("Cf-Access-Jwt-Assertion"));
        Assert.Equal(("", "app", GatewayHost.AudOf("client of linked")), (token.Subject, token.GetClaim("type").Value, token.GetClaim("common_name").Value));
        Assert.True(Assert.Single(gateway.Audit.Records).Allowed);
    }

    [Theory]
    [InlineData("another application")]
    [InlineData("expired")]
    [InlineData("session ended")]
    [InlineData("tokens ended")]
    [InlineData("application gone")]
    [InlineData("id token")]
    [InlineData("app token")]
    [InlineData("cut")]
    [InlineData("nothing")]
    [InlineData("twice")]
    public async Task O13_O18_O24_what_is_no_token_of_it_admits_nobody(string row)
    {
        await using var gateway = await StartAsync();
        var token = Token(gateway, row == "another application" ? "other" : "linked");
        var headers = Bearer(token);
        switch (row)
        {
            case "expired":
                gateway.Clock.Advance(TimeSpan.FromMinutes(5));
                break;
            case "session ended":
                gateway.Revoke(token);
                break;
            case "tokens ended":
                App(gateway, "linked").TokenEpoch++;
                gateway.Reload();
                break;
            case "application gone":
                gateway.Remove(App(gateway, "linked"));
                gateway.Reload();
                break;
            case "id token":
                headers = Bearer(Id(gateway));
                break;
            case "app token":
                headers = Bearer(gateway.SignIn("machines"));
                break;
            case "cut":
                headers = Bearer(token[..^2]);
                break;
            case "twice":
                headers = Bearer(token) + Bearer(token);
                break;
            case "nothing":
                headers = "";
                break;
        }

        var answer = await gateway.GetAsync("/", headers: headers);
        Assert.NotEqual(200, answer.Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task Where_no_policy_names_an_application_its_tokens_are_the_origin_s_business()
    {
        await using var gateway = await GatewayHost.StartAsync(g =>
        {
            g.AddClient("linked");
            g.AddApp("open", "app.test", GatewayHost.Policy(PolicyAction.Bypass, new Rule.Everyone()));
            g.Publish("app.test");
        });
        var token = Token(gateway, "linked");
        Assert.Equal(200, (await gateway.GetAsync("/", headers: Bearer(token))).Status);
        Assert.Equal("Bearer " + token, gateway.Origin.Only.Header("Authorization"));
    }

    [Fact]
    public async Task A_bearer_token_of_the_origin_s_own_passes_beside_a_person_s_session()
    {
        await using var gateway = await GatewayHost.StartAsync(g =>
        {
            var client = g.AddClient("linked");
            g.AddApp("staff", "app.test", GatewayHost.Policy(PolicyAction.NonIdentity, new Rule.LinkedAppToken(client.Id)), GatewayHost.Allow(new Rule.Everyone()));
            g.Publish("app.test");
        });
        Assert.Equal(200, (await gateway.GetAsync("/", gateway.SignIn(), headers: Bearer("a-key-of-the-origin"))).Status);
        Assert.Equal("Bearer a-key-of-the-origin", gateway.Origin.Only.Header("Authorization"));
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("session ended")]
    [InlineData("tokens ended")]
    [InlineData("rule changed")]
    public async Task S17_a_websocket_ends_with_the_token_that_opened_it(string row)
    {
        await using var gateway = await StartAsync(new RawOrigin(async (_, to) =>
        {
            await to.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
            while (await to.ReadAsync(1) is { Length: > 0 } piece)
            {
                await to.SendAsync(piece);
            }
        }));
        var token = Token(gateway, "linked");
        await using var socket = await RawStream.ConnectAsync(gateway.Port);
        await socket.SendAsync(GatewayHost.Request("GET", "/ws", null, "app.test", Upgrade + Bearer(token)));
        Assert.Equal(101, (await socket.ReadAnswerAsync()).Status);
        switch (row)
        {
            case "expired":
                gateway.Clock.Advance(TimeSpan.FromMinutes(5));
                break;
            case "session ended":
                gateway.Revoke(token);
                break;
            case "tokens ended":
                App(gateway, "linked").TokenEpoch++;
                gateway.Reload();
                break;
            default:
                App(gateway, "machines").Policies[0].Policy!.Include = [new Rule.LinkedAppToken(App(gateway, "other").Id)];
                gateway.Reload();
                break;
        }

        Assert.Equal("\u0088\u0002\u0003\u00f0", await socket.ReadAsync(4).WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
    }

    private static Task<GatewayHost> StartAsync(RawOrigin? origin = null) => GatewayHost.StartAsync(
        g =>
        {
            var client = g.AddClient("linked");
            g.AddClient("other");
            g.AddApp("machines", "app.test", GatewayHost.Policy(PolicyAction.NonIdentity, new Rule.LinkedAppToken(client.Id)));
            g.Publish("app.test");
        },
        origin);

    private static App App(GatewayHost gateway, string name) => gateway.Tables.Current.AppsByAud[GatewayHost.AudOf(name)].App;

    private static string Token(GatewayHost gateway, string name) => Tokens(gateway).Access(
        gateway.Tables.Current, gateway.Tables.Current.AppsByAud[GatewayHost.AudOf(name)], gateway.Sessions.Start("ada@example.com", gateway.Clock.GetUtcNow()), ["openid"], TimeSpan.FromMinutes(5));

    private static string Id(GatewayHost gateway)
    {
        var session = gateway.Sessions.Start("ada@example.com", gateway.Clock.GetUtcNow());
        var grant = new SaasGrantState { Id = "x", Aud = "x", Epoch = 0, SessionNonce = session.Nonce, Scopes = ["openid"], SignedInAt = session.CreatedAt, ExpiresAt = session.ExpiresAt };
        return Tokens(gateway).Id(gateway.Tables.Current, gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("linked")], session, grant, grant.Scopes, null, null);
    }

    private static SaasTokens Tokens(GatewayHost gateway) => new(gateway.Issuer(), new PublicUrls("test", 443), gateway.Clock);

    private static string Bearer(string token) => $"Authorization: Bearer {token}\r\n";
}
