using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Rows N01 to N03 of the attack cases: what the origin counts.</summary>
public class SmugglingTests
{
    private const string Hidden = "GET /hidden HTTP/1.1\r\nHost: app.test\r\n\r\n";

    [Theory]
    [InlineData("Content-Length: +5\r\n\r\nhello")]
    [InlineData("Content-Length: -0\r\n\r\n")]
    [InlineData("Content-Length: 05\r\n\r\nhello")]
    [InlineData("Content-Length: 5, 5\r\n\r\nhello")]
    [InlineData("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello")]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + Hidden)]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + Hidden)]
    [InlineData("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + Hidden)]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + Hidden)]
    [InlineData("Transfer_Encoding: chunked\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5;a\0b\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5;\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhelloGET\r\n0\r\n\r\n")]
    [InlineData("Content-Length: 0\r\n\r\n" + Hidden)]
    public async Task N01_the_origin_counts_no_more_requests_than_were_sent(string rest)
    {
        await using var gateway = await GatewayHost.StartAsync();
        await using var raw = await RawStream.ConnectAsync(gateway.Port);
        await raw.SendAsync($"POST /public/first HTTP/1.1\r\nHost: app.test\r\n{rest}");
        var first = await raw.ReadAnswerAsync();

        // A probe on a connection of its own shares the connection to the origin: a smuggled rest would answer it.
        Assert.Equal(200, (await gateway.GetAsync("/public/probe")).Status);

        var targets = gateway.Origin.Requests.Select(r => r.Target).ToArray();
        Assert.DoesNotContain("/hidden", targets);
        Assert.Equal(first.Status == 200 ? ["/public/first", "/public/probe"] : ["/public/probe"], targets.Where(t => first.Status == 200 || t != "/public/first"));
        Assert.Contains(first.Status, new[] { 200, 400, 408, 501 });
    }

    [Theory]
    [InlineData("X-A: 1\r\n\tX-B: 2\r\n")]
    [InlineData("X-A\r\n")]
    [InlineData(": 1\r\n")]
    [InlineData("X-A: 1\n\nGET /hidden HTTP/1.1\r\n")]
    public async Task N01_broken_header_lines_are_refused(string headers)
    {
        await using var gateway = await GatewayHost.StartAsync();
        var answer = await gateway.GetAsync("/public/x", headers: headers);
        Assert.True(answer.Status == 400 || gateway.Origin.Only.Target == "/public/x", answer.FirstLine);
        Assert.DoesNotContain(gateway.Origin.Requests, r => r.Target == "/hidden");
    }

    [Theory]
    [InlineData("x-a", "1\r\nx-admin: 1")]
    [InlineData("x-a", "1\nx-admin: 1")]
    [InlineData("x-a", "1\0")]
    [InlineData("transfer-encoding", "chunked")]
    [InlineData("connection", "keep-alive")]
    [InlineData("content-length", "1, 2")]
    [InlineData("X-UPPER", "1")]
    [InlineData("x a", "1")]
    [InlineData(":path", "/hidden")]
    [InlineData("host", "other.test")]
    public async Task N02_http2_headers_never_become_http1_framing(string name, string value)
    {
        await using var gateway = await GatewayHost.StartAsync();
        await using var h2 = await RawHttp2.ConnectAsync(gateway.Http2Port);
        var status = await h2.AskAsync([(":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "/public/x"), (name, value)]);
        Assert.True(status is null or 400 || (status == 200 && name == "host"), $"{status}");
        Assert.All(gateway.Origin.Requests, r => Assert.Equal("GET /public/x HTTP/1.1", r.FirstLine));
        Assert.All(gateway.Origin.Requests, r => Assert.Equal("app.test", r.Header("Host")));
        Assert.All(gateway.Origin.Requests, r => Assert.Null(r.Header("x-admin")));
    }

    [Theory]
    [InlineData("/public/x y")]
    [InlineData("/public/x HTTP/1.1\r\nX-Admin: 1")]
    [InlineData("/public/x#y")]
    [InlineData("public/x")]
    [InlineData("http://app.test/public/x")]
    public async Task N02_an_http2_path_that_is_no_path_is_refused(string path)
    {
        await using var gateway = await GatewayHost.StartAsync();
        await using var h2 = await RawHttp2.ConnectAsync(gateway.Http2Port);
        var status = await h2.AskAsync([(":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", path)]);
        Assert.True(status is null or 400, $"{status}");
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task Http2_requests_are_gated_and_served()
    {
        await using var gateway = await GatewayHost.StartAsync();
        await using var h2 = await RawHttp2.ConnectAsync(gateway.Http2Port);
        (string, string)[] head = [(":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "/a%2Fb")];
        Assert.Equal(302, await h2.AskAsync(head));
        Assert.Equal(200, await h2.AskAsync([.. head, ("cookie", "a=1"), ("cookie", "CF_Authorization=" + gateway.SignIn()), ("cookie", "b=2")]));
        Assert.Equal("/a%2Fb", gateway.Origin.Only.Target);
        Assert.Equal("a=1; b=2", gateway.Origin.Only.Header("Cookie"));
    }

    [Fact]
    public async Task N03_h2c_is_not_offered_to_the_origin()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var answer = await gateway.GetAsync("/public/x", headers: "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n");
        Assert.Equal(200, answer.Status);
        Assert.Null(gateway.Origin.Only.Header("Upgrade"));
        Assert.Null(gateway.Origin.Only.Header("HTTP2-Settings"));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200)]
    [InlineData("HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n", 426)]
    public async Task N03_a_tunnel_opens_only_after_101(string answer, int status)
    {
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin((_, to) => to.SendAsync(answer)));
        await using var raw = await RawStream.ConnectAsync(gateway.Port);
        await raw.SendAsync(GatewayHost.Request("GET", "/public/ws", headers: "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: eA==\r\n") + "GET /admin HTTP/1.1\r\nHost: app.test\r\n\r\n");

        Assert.Equal(status, (await raw.ReadAnswerAsync()).Status);
        var second = await raw.ReadHeadAsync();
        Assert.True(second is null || second.StartsWith("HTTP/1.1 302", StringComparison.Ordinal), second);
        Assert.DoesNotContain(gateway.Origin.Requests, r => r.Target == "/admin");
    }

    [Fact]
    public async Task N03_an_unasked_switch_of_protocols_is_502()
    {
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin((_, to) =>
            to.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nsmuggled")));
        var answer = await gateway.GetAsync("/public/x");
        Assert.Equal(502, answer.Status);
        Assert.DoesNotContain("smuggled", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task N03_a_websocket_handshake_with_a_body_is_an_ordinary_request()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var answer = await RawStream.AskAsync(gateway.Port, GatewayHost.Request("GET", "/public/ws", headers: "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n") + "hello");
        Assert.Equal(200, answer.Status);
        Assert.Equal("hello", gateway.Origin.Only.Body);
        Assert.Null(gateway.Origin.Only.Header("Upgrade"));
    }
}
