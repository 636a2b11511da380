using System.Globalization;
using Gatehouse.Access.Gateway;
using Gatehouse.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Bodies of any size, event streams and WebSockets; and row S07: an ended session ends them too.</summary>
public class StreamingTests
{
    private const string Upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    private const string Accepted = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    private static readonly TimeSpan InTime = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_body_larger_than_any_default_limit_passes_up_and_down()
    {
        const int Size = 40_000_000;
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin(async (request, to) =>
        {
            await to.SendAsync($"HTTP/1.1 200 OK\r\nX-Got: {request.Body.Length}\r\nContent-Length: {Size}\r\n\r\n");
            var piece = new string('d', 1_000_000);
            for (var n = 0; n < Size / piece.Length; n++)
            {
                await to.SendAsync(piece);
            }
        }));
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{gateway.Port}") };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/up") { Content = new ByteArrayContent(new byte[Size]) };
        request.Headers.Host = "app.test";
        request.Headers.Add("Cookie", "CF_Authorization=" + gateway.SignIn());
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(Size.ToString(CultureInfo.InvariantCulture), Assert.Single(answer.Headers.GetValues("X-Got")));
        Assert.Equal(Size, (await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length);
    }

    [Fact]
    public async Task A_request_body_reaches_the_origin_while_it_is_sent()
    {
        var first = new TaskCompletionSource<string?>();
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin());
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        gateway.Publish("slow.test", $"http://127.0.0.1:{((System.Net.IPEndPoint)listener.LocalEndpoint).Port}").AddApp("slow", "slow.test", GatewayHost.Allow(new Gatehouse.Model.Policies.Rule.Everyone()));
        gateway.Reload();
        async Task ServeAsync()
        {
            using var accepted = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
            await using var raw = new RawStream(accepted.GetStream());
            await raw.ReadHeadAsync();
            first.SetResult(await raw.ReadUntilAsync("one"));
            await raw.ReadUntilAsync("two");
            await raw.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }

        var serve = ServeAsync();

        await using var browser = await RawStream.ConnectAsync(gateway.Port);
        await browser.SendAsync(GatewayHost.Request("POST", "/", gateway.SignIn("slow"), "slow.test", "Transfer-Encoding: chunked\r\n") + "3\r\none\r\n");
        Assert.Contains("one", await first.Task.WaitAsync(InTime, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await browser.SendAsync("3\r\ntwo\r\n0\r\n\r\n");
        Assert.Equal(200, (await browser.ReadAnswerAsync()).Status);
        await serve;
    }

    [Fact]
    public async Task A_slow_upload_is_not_too_late_while_it_moves()
    {
        await using var gateway = await GatewayHost.StartAsync(options: o => o.ResponseTimeout = TimeSpan.FromMilliseconds(600));
        await using var browser = await RawStream.ConnectAsync(gateway.Port);
        await browser.SendAsync(GatewayHost.Request("POST", "/", gateway.SignIn(), headers: "Content-Length: 10\r\n"));
        for (var n = 0; n < 10; n++)
        {
            await browser.SendAsync("x");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        Assert.Equal(200, (await browser.ReadAnswerAsync()).Status);
        Assert.Equal("xxxxxxxxxx", gateway.Origin.Only.Body);
    }

    [Fact]
    public async Task Continue_is_the_origins_to_say()
    {
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin((_, to) =>
            to.SendAsync("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")));
        await using var browser = await RawStream.ConnectAsync(gateway.Port);
        await browser.SendAsync(GatewayHost.Request("POST", "/", gateway.SignIn(), headers: "Expect: 100-continue\r\nContent-Length: 2\r\n"));
        Assert.StartsWith("HTTP/1.1 100", await browser.ReadHeadAsync(), StringComparison.Ordinal);
        await browser.SendAsync("hi");
        Assert.Equal(200, (await browser.ReadAnswerAsync()).Status);
        Assert.Equal("hi", gateway.Origin.Only.Body);
    }

    [Fact]
    public async Task An_event_stream_flows_at_once_and_S07_ends_with_its_session()
    {
        var go = new SemaphoreSlim(0);
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin(async (_, to) =>
        {
            await to.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
            await go.WaitAsync();
            await to.SendAsync("data: one\n\n");
            await go.WaitAsync();
        }));
        var token = gateway.SignIn();
        await using var browser = await RawStream.ConnectAsync(gateway.Port);
        await browser.SendAsync(GatewayHost.Request("GET", "/events", token));
        Assert.StartsWith("HTTP/1.1 200", await browser.ReadHeadAsync().WaitAsync(InTime, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        go.Release();
        Assert.NotNull(await browser.ReadUntilAsync("data: one\n\n").WaitAsync(InTime, TestContext.Current.CancellationToken));

        gateway.Revoke(token);
        Assert.Null(await browser.ReadUntilAsync("0\r\n\r\n").WaitAsync(InTime, TestContext.Current.CancellationToken));
        go.Release();
        Assert.Equal(302, (await gateway.GetAsync("/", token)).Status);
    }

    [Fact]
    public async Task A_websocket_echoes_and_S07_ends_with_its_session()
    {
        await using var gateway = await GatewayHost.StartAsync(origin: Echo());
        var (ada, bob) = (gateway.SignIn(), gateway.SignIn(email: "bob@example.com"));
        await using var hers = await OpenAsync(gateway, ada);
        await using var his = await OpenAsync(gateway, bob);
        await hers.SendAsync("hello");
        Assert.Equal("hello", await hers.ReadAsync(5));
        Assert.Equal("/ws", gateway.Origin.Requests.First().Target);
        Assert.Equal(ada, gateway.Origin.Requests.First().Header("Cf-Access-Jwt-Assertion"));

        gateway.Revoke(ada);
        Assert.Equal("", await hers.ReadAsync(1).WaitAsync(InTime, TestContext.Current.CancellationToken));
        await his.SendAsync("still here");
        Assert.Equal("still here", await his.ReadAsync(10));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    [InlineData(70_000)]
    public async Task S07_a_websocket_whose_session_ends_gets_a_close_frame_1008_and_passes_nothing_more(int length)
    {
        await using var gateway = await GatewayHost.StartAsync(origin: Echo());
        var token = gateway.SignIn();
        await using var socket = await OpenAsync(gateway, token);
        var frame = Frame(new string('x', length));
        await socket.SendAsync(frame);
        Assert.Equal(frame, await socket.ReadAsync(frame.Length).WaitAsync(InTime, TestContext.Current.CancellationToken));

        gateway.Revoke(token);

        Assert.Equal("\u0088\u0002\u0003\u00f0", await socket.ReadAsync(4).WaitAsync(InTime, TestContext.Current.CancellationToken));
        await socket.SendAsync(Frame("more"));
        Assert.Equal("", await socket.ReadAsync(1).WaitAsync(InTime, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task S07_a_websocket_is_cut_in_the_middle_of_a_frame_without_a_word()
    {
        await using var gateway = await GatewayHost.StartAsync(origin: Echo());
        var token = gateway.SignIn();
        await using var socket = await OpenAsync(gateway, token);
        await socket.SendAsync(Frame("hello")[..3]);
        Assert.Equal(3, (await socket.ReadAsync(3)).Length);

        gateway.Revoke(token);

        Assert.Equal("", await socket.ReadAsync(1).WaitAsync(InTime, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("/ws")]
    [InlineData("/public/ws")] // of no session
    public async Task R23_a_websocket_gets_a_close_frame_1001_when_the_process_stops(string path)
    {
        await using var gateway = await GatewayHost.StartAsync(origin: Echo());
        await using var socket = await OpenAsync(gateway, gateway.SignIn(), path);
        await socket.SendAsync(Frame("hello"));
        Assert.Equal(Frame("hello"), await socket.ReadAsync(7));

        gateway.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        Assert.Equal("\u0088\u0002\u0003\u00e9", await socket.ReadAsync(4).WaitAsync(InTime, TestContext.Current.CancellationToken));
        Assert.Equal("", await socket.ReadAsync(1).WaitAsync(InTime, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task R23_an_event_stream_ends_whole_when_the_process_stops_and_a_download_is_let_finish()
    {
        var go = new TaskCompletionSource();
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin(async (request, to) =>
        {
            if (request.Target == "/events")
            {
                await to.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n");
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, TestContext.Current.CancellationToken);
            }

            await to.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
            await go.Task;
            await to.SendAsync("4\r\nhalf\r\n0\r\n\r\n");
        }));
        var token = gateway.SignIn();
        await using var events = await RawStream.ConnectAsync(gateway.Port);
        await events.SendAsync(GatewayHost.Request("GET", "/events", token));
        Assert.Contains("data: 1", await events.ReadUntilAsync("data: 1"), StringComparison.Ordinal);
        await using var download = await RawStream.ConnectAsync(gateway.Port);
        await download.SendAsync(GatewayHost.Request("GET", "/file", token));
        await download.ReadUntilAsync("half");

        gateway.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        Assert.NotNull(await events.ReadUntilAsync("0\r\n\r\n").WaitAsync(InTime, TestContext.Current.CancellationToken));
        go.SetResult();
        Assert.Contains("half", await download.ReadUntilAsync("0\r\n\r\n").WaitAsync(InTime, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task S16_a_websocket_over_http2_is_gated_and_echoes()
    {
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin(async (request, to) =>
        {
            var accept = Convert.ToBase64String(Sha1(request.Header("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
            await to.SendAsync($"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n");
            await to.SendAsync(await to.ReadAsync(5));
        }));
        (string, string)[] head = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":authority", "app.test"), (":path", "/ws"), ("sec-websocket-version", "13")];
        await using var h2 = await RawHttp2.ConnectAsync(gateway.Http2Port);
        Assert.Equal(302, await h2.AskAsync(head));
        Assert.Equal(403, await h2.AskAsync([.. head, ("origin", "https://evil.test"), ("cookie", "CF_Authorization=" + gateway.SignIn())]));
        Assert.Equal(405, await h2.AskAsync([(":method", "CONNECT"), (":protocol", "connect-udp"), .. head[2..]]));
        Assert.Empty(gateway.Origin.Requests);

        var id = await h2.OpenAsync([.. head, ("cookie", "CF_Authorization=" + gateway.SignIn())], endStream: false);
        await h2.DataAsync(id, "hello");
        var status = 0;
        var echoed = "";
        while (echoed.Length < 5 && await h2.ReadAsync() is var (type, _, stream, payload))
        {
            if (stream != id)
            {
                continue;
            }

            status = type == 1 ? RawHttp2.StatusOf(payload) ?? 0 : status;
            echoed += type == 0 ? System.Text.Encoding.Latin1.GetString(payload) : "";
        }

        Assert.Equal((200, "hello"), (status, echoed));
        Assert.Equal("GET /ws HTTP/1.1", gateway.Origin.Only.FirstLine);
    }

    [Fact]
    public async Task S07_an_answer_that_begins_after_the_session_ended_is_not_delivered()
    {
        var asked = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin(async (_, to) =>
        {
            asked.SetResult();
            await go.Task;
            await to.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret");
        }));
        var token = gateway.SignIn();
        var waiting = gateway.GetAsync("/poll", token);
        await asked.Task.WaitAsync(InTime, TestContext.Current.CancellationToken);
        gateway.Revoke(token);
        go.SetResult();
        var answer = await waiting;
        Assert.Equal(302, answer.Status);
        Assert.DoesNotContain("secret", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task S07_an_upload_is_cut_when_its_session_ends()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var token = gateway.SignIn();
        await using var browser = await RawStream.ConnectAsync(gateway.Port);
        await browser.SendAsync(GatewayHost.Request("POST", "/", token, headers: "Transfer-Encoding: chunked\r\n") + "3\r\none\r\n");
        var streams = gateway.Services.GetRequiredService<LiveStreams>();
        for (var n = 0; n < 100 && streams.Count == 0; n++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        gateway.Revoke(token);
        Assert.Equal(302, (await browser.ReadAnswerAsync().WaitAsync(InTime, TestContext.Current.CancellationToken)).Status);
        Assert.All(gateway.Origin.Requests, r => Assert.False(r.IsWhole));
    }

    [Fact]
    public async Task Short_answers_are_not_listed_and_ended_streams_are_forgotten()
    {
        await using var gateway = await GatewayHost.StartAsync(origin: Echo());
        var streams = gateway.Services.GetRequiredService<LiveStreams>();
        var token = gateway.SignIn();
        await using (await OpenAsync(gateway, token))
        {
            Assert.Equal(1, streams.Count);
        }

        for (var n = 0; n < 100 && streams.Count > 0; n++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        Assert.Equal(0, streams.Count);
    }

    // RFC 6455 §5.2, unmasked, final, text.
    private static string Frame(string payload) => (payload.Length switch
    {
        < 126 => $"\u0081{(char)payload.Length}",
        <= ushort.MaxValue => $"\u0081~{(char)(payload.Length >> 8)}{(char)(payload.Length & 255)}",
        _ => $"\u0081\u007f\0\0\0\0{(char)(payload.Length >> 24)}{(char)((payload.Length >> 16) & 255)}{(char)((payload.Length >> 8) & 255)}{(char)(payload.Length & 255)}",
    }) + payload;

    private static RawOrigin Echo() => new(async (_, to) =>
    {
        await to.SendAsync(Accepted);
        while (await to.ReadAsync(1) is { Length: > 0 } piece)
        {
            await to.SendAsync(piece);
        }
    });

    private static async Task<RawStream> OpenAsync(GatewayHost gateway, string token, string path = "/ws")
    {
        var raw = await RawStream.ConnectAsync(gateway.Port);
        await raw.SendAsync(GatewayHost.Request("GET", path, token, "app.test", Upgrade + "Origin: http://app.test\r\n"));
        var answer = await raw.ReadAnswerAsync();
        Assert.Equal(101, answer.Status);
        Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", answer.Header("Sec-WebSocket-Accept"));
        return raw;
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "RFC 6455 §4.2.2 says SHA-1.")]
    private static byte[] Sha1(string text) => System.Security.Cryptography.SHA1.HashData(System.Text.Encoding.ASCII.GetBytes(text));
}
