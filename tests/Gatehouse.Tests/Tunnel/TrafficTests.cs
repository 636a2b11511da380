using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Tunnel;

/// <summary>What passes through a tunnel, between our edge and our connector.</summary>
public class TrafficTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_reaches_the_service_as_it_was_sent_and_its_answer_comes_back_as_it_was_given()
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync()).TunnelId;

        using var plain = await rig.GetAsync(tunnel, "/a%2Fb/../c?q=%zz&x=1", "APP.test");
        using var headers = await rig.SendAsync(tunnel, HttpMethod.Get, "/headers", "app.test", null, ("X-Mine", "1"), ("Keep-Alive", "5"), ("TE", "gzip"), ("uber-trace-id", "x"), ("Cf-Cloudflared-Proxy-Src", "1.2.3.4"));

        Assert.Equal("app.test /a%2Fb/../c?q=%zz&x=1", await plain.Content.ReadAsStringAsync(Token));
        Assert.Equal(["a=1", "b=2"], headers.Headers.GetValues("Set-Cookie"));
        Assert.Equal(["caf\u00e9"], headers.Headers.GetValues("X-Latin"));
        var seen = (await headers.Content.ReadAsStringAsync(Token)).Split('\n').Select(l => l.Split(':')[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        Assert.Contains("X-Mine", seen);
        Assert.Contains("Accept-Encoding", seen);
        Assert.DoesNotContain(seen, n => n.StartsWith("cf-", StringComparison.OrdinalIgnoreCase) || n is "Keep-Alive" or "TE" or "uber-trace-id");
    }

    [Theory]
    [InlineData("NTLM TlRMTVNTUAABAAAA", false)]
    [InlineData("negotiate YII=", false)]
    [InlineData("Basic YTpi", true)]
    public async Task Signing_in_to_a_connection_is_left_to_nobody_since_the_next_visitor_gets_it(string credentials, bool passes)
    {
        await using var rig = await TunnelRig.StartAsync();
        using var answer = await rig.SendAsync((await rig.UsualAsync()).TunnelId, HttpMethod.Get, "/headers", "app.test", null, ("Authorization", credentials));

        Assert.Equal(passes, (await answer.Content.ReadAsStringAsync(Token)).Contains("Authorization: " + credentials, StringComparison.OrdinalIgnoreCase));
        Assert.Equal("Basic realm=\"x\"", Assert.Single(answer.Headers.NonValidated["WWW-Authenticate"]));
    }

    [Fact]
    public async Task A_request_is_over_when_its_answer_was_read()
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync()).TunnelId;
        var response = await rig.GetAsync(tunnel, "/bytes?n=1000000"); // not disposed of, as forwarders leave it
        await using (var body = await response.Content.ReadAsStreamAsync(Token))
        {
            await body.CopyToAsync(Stream.Null, Token);
        }

        Assert.Equal(0, rig.Registry.Connections(tunnel).Single().Streams);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(299)]
    [InlineData(304)]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(502)]
    public async Task The_status_is_the_services(int status)
    {
        await using var rig = await TunnelRig.StartAsync();
        using var response = await rig.GetAsync((await rig.UsualAsync()).TunnelId, $"/status?s={status}");
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("x.wild.test", "/in/side", 299)]
    [InlineData("deep.x.wild.test", "/in", 299)]
    [InlineData("x.wild.test", "/out", 404)]
    [InlineData("wild.test", "/in", 404)]
    [InlineData("other.test", "/", 404)]
    public async Task Rules_choose_by_host_and_path(string host, string path, int status)
    {
        await using var rig = await TunnelRig.StartAsync();
        using var response = await rig.GetAsync((await rig.UsualAsync()).TunnelId, path, host);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Large_bodies_pass_both_ways_whole()
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync()).TunnelId;
        var data = new byte[24 * 1024 * 1024];
        new Span<byte>(data).Fill(7);

        using var up = await rig.SendAsync(tunnel, HttpMethod.Post, "/sum", "app.test", new StreamContent(new MemoryStream(data)));
        using var down = await rig.GetAsync(tunnel, "/bytes?n=50000000");
        using var echo = await rig.SendAsync(tunnel, HttpMethod.Put, "/echo", "app.test", new ByteArrayContent(data, 0, 5_000_000));

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(data)), await up.Content.ReadAsStringAsync(Token));
        Assert.Equal(50_000_000, down.Content.Headers.ContentLength);
        Assert.Equal(50_000_000, (await down.Content.ReadAsByteArrayAsync(Token)).Length);
        Assert.Equal(5_000_000, (await echo.Content.ReadAsByteArrayAsync(Token)).Length);
    }

    [Fact]
    public async Task An_empty_post_says_that_it_is_empty()
    {
        await using var rig = await TunnelRig.StartAsync();
        using var response = await rig.SendAsync((await rig.UsualAsync()).TunnelId, HttpMethod.Post, "/headers");
        Assert.Contains("Content-Length: 0", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_piece_of_an_answer_comes_when_it_is_sent()
    {
        await using var rig = await TunnelRig.StartAsync();
        using var response = await rig.GetAsync((await rig.UsualAsync()).TunnelId, "/events");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Token));
        for (var n = 0; n < 3; n++)
        {
            Assert.Equal($"event {n}", await reader.ReadLineAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token));
            rig.Origin.Gate.Release();
        }

        Assert.Null(await reader.ReadLineAsync(Token));
    }

    [Fact]
    public async Task Trailers_pass()
    {
        await using var rig = await TunnelRig.StartAsync();
        await using var origin = new RawOrigin((_, to) => to.SendAsync(
            "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\ngrpc-status: 0\r\nX-Undeclared: u\r\n\r\n"));
        var credentials = rig.AddTunnel("raw", $$"""{"ingress":[{"service":"http://127.0.0.1:{{origin.Port}}"}]}""");
        await rig.ConnectAsync(credentials);
        using var response = await rig.GetAsync(credentials.TunnelId, "/trailers");
        Assert.Equal("body", await response.Content.ReadAsStringAsync(Token));
        Assert.Equal(["0"], response.TrailingHeaders.GetValues("grpc-status"));
        Assert.Equal(["u"], response.TrailingHeaders.GetValues("X-Undeclared"));
    }

    [Fact]
    public async Task A_visitor_who_goes_ends_the_request_at_the_service()
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync()).TunnelId;
        using var gone = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://tunnel/wait");
        request.Headers.Host = "app.test";
#pragma warning disable CA2025 // awaited two lines below
        var answer = rig.Sender.SendAsync(tunnel, request, gone.Token);
#pragma warning restore CA2025
        await TunnelRig.UntilAsync(() => rig.Origin.Seen.Contains("GET /wait"), "there");
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        await TunnelRig.UntilAsync(() => rig.Origin.Aborted == 1, "aborted");
    }

    [Fact]
    public async Task WebSockets_pass_text_bytes_and_the_end()
    {
        await using var rig = await TunnelRig.StartAsync();
        using var socket = await SocketAsync(rig, (await rig.UsualAsync()).TunnelId, "app.test");
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, Token);
        var buffer = new byte[200_000];
        var text = await socket.ReceiveAsync(buffer.AsMemory(), Token);
        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, text.Count));
        await socket.SendAsync(new byte[50_000], WebSocketMessageType.Binary, true, Token);
        Assert.Equal(50_000, await ReadMessageAsync(socket, buffer));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", Token);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task N03_a_socket_opens_only_when_the_service_agrees()
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync()).TunnelId;
        (string, string)[] upgrade = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13")];

        using var refused = await rig.SendAsync(tunnel, HttpMethod.Get, "/other", "app.test", null, upgrade);
        using var h2c = await rig.SendAsync(tunnel, HttpMethod.Get, "/headers", "app.test", null, ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk"));

        Assert.Equal(HttpStatusCode.OK, refused.StatusCode);
        Assert.Equal("app.test /other", await refused.Content.ReadAsStringAsync(Token));
        Assert.Equal(HttpStatusCode.OK, h2c.StatusCode);
        Assert.DoesNotContain("h2c", await h2c.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_TCP_service_is_reached_by_a_socket_and_by_nothing_else()
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync()).TunnelId;
        using var socket = await SocketAsync(rig, tunnel, "tcp.test");
        var sent = RandomNumberGenerator.GetBytes(100_000);
        for (var at = 0; at < sent.Length; at += 10_000)
        {
            await socket.SendAsync(sent.AsMemory(at, 10_000), WebSocketMessageType.Binary, true, Token);
        }

        var got = new List<byte>();
        var buffer = new byte[32 * 1024];
        while (got.Count < sent.Length)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(), Token);
            got.AddRange(buffer.AsSpan(0, read.Count));
        }

        Assert.Equal(sent, got);
        var fault = await Assert.ThrowsAsync<TunnelFaultException>(() => rig.GetAsync(tunnel, "/", "tcp.test"));
        Assert.Equal(400, fault.Status);
    }

    [Theory]
    [InlineData("dead.test", TunnelHop.Tcp, "refused the connection")]
    [InlineData("lost.test", TunnelHop.Dns, "could not be found")]
    [InlineData("plain.test", TunnelHop.Tls, "TLS")]
    public async Task R10_a_service_that_can_not_be_reached_is_named_with_its_hop(string host, TunnelHop hop, string what)
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync()).TunnelId;
        var fault = await Assert.ThrowsAsync<TunnelFaultException>(() => rig.GetAsync(tunnel, "/", host));
        Assert.Equal((502, hop), (fault.Status, fault.Hop));
        Assert.Contains(what, fault.Message, StringComparison.Ordinal);
        var noted = Assert.Single(rig.Registry.Faults(tunnel));
        Assert.Equal((hop, host, fault.Message), (noted.Hop, noted.Host, noted.What));
    }

    [Theory]
    [InlineData("app.test", false)]
    [InlineData("bastion.test", true)]
    public void Where_a_bastion_shall_lead_is_said_to_nothing_but_a_bastion(string host, bool isSaid)
    {
        var table = Gatehouse.Model.Tunnels.Ingress.IngressReader.ReadKept("""{"ingress":[{"hostname":"bastion.test","service":"bastion"},{"service":"http://a"}]}""");
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://tunnel/x");
        request.Headers.Host = host;
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        request.Headers.TryAddWithoutValidation("Cf-Access-Jump-Destination", "10.0.0.1:22");
        Gatehouse.Tunnel.Edge.OutgoingRequest.Shape(request, table);
        Assert.Equal(isSaid, request.Headers.Contains("Cf-Access-Jump-Destination"));
    }

    [Fact]
    public async Task R10_half_an_answer_never_looks_whole()
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync()).TunnelId;
        using var response = await rig.GetAsync(tunnel, "/break");
        rig.Origin.Gate.Release();
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsStringAsync(Token));
        var dropped = await Assert.ThrowsAsync<TunnelFaultException>(() => rig.GetAsync(tunnel, "/drop"));
        Assert.Equal(502, dropped.Status);
    }

    [Theory]
    [InlineData("/a%zz")]
    [InlineData("/a%2")]
    public async Task N02_a_path_that_connectors_reset_is_refused_before(string path)
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync()).TunnelId;
        Assert.Equal(400, (await Assert.ThrowsAsync<TunnelFaultException>(() => rig.GetAsync(tunnel, path))).Status);
    }

    [Theory]
    [InlineData("Content-Type", "text/plain\u0001")]
    [InlineData("Content-Language", "\u007f")]
    [InlineData("X-Any", "\u0002")]
    public void N02_headers_that_connectors_reset_are_refused_before(string name, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://tunnel/x") { Content = new ByteArrayContent([1]) };
        Assert.True(name.StartsWith("Content-", StringComparison.Ordinal) ? request.Content.Headers.TryAddWithoutValidation(name, value) : request.Headers.TryAddWithoutValidation(name, value));
        Assert.Equal(400, Assert.Throws<TunnelFaultException>(() => Gatehouse.Tunnel.Edge.OutgoingRequest.Shape(request, null)).Status);
    }

    [Fact]
    public async Task What_a_TCP_service_answers_to_the_end_of_what_it_was_sent_arrives()
    {
        await using var rig = await TunnelRig.StartAsync();
        using var service = new TcpListener(IPAddress.Loopback, 0);
        service.Start();
        var credentials = rig.AddTunnel("tcp", $$"""{"ingress":[{"service":"tcp://127.0.0.1:{{((IPEndPoint)service.LocalEndpoint).Port}}"}]}""");
        await rig.ConnectAsync(credentials);
        var serving = CountAsync();
        using var socket = await SocketAsync(rig, credentials.TunnelId, "any.test");
        await socket.SendAsync(new byte[1000], WebSocketMessageType.Binary, true, Token);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Token);
        var buffer = new byte[100];
        var got = await socket.ReceiveAsync(buffer.AsMemory(), Token);
        Assert.Equal("1000", Encoding.ASCII.GetString(buffer, 0, got.Count));
        Assert.Equal(WebSocketMessageType.Close, (await socket.ReceiveAsync(buffer.AsMemory(), Token)).MessageType);
        await serving;

        // Says how much there was when there is no more.
        async Task CountAsync()
        {
            using var client = await service.AcceptTcpClientAsync(Token);
            await using var stream = client.GetStream();
            var (all, piece) = (0, new byte[256]);
            for (int read; (read = await stream.ReadAsync(piece, Token)) > 0;)
            {
                all += read;
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes(all.ToString(System.Globalization.CultureInfo.InvariantCulture)), Token);
        }
    }

    [Fact]
    public async Task The_host_that_connectors_keep_for_themselves_is_not_passed_on()
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync()).TunnelId;
        Assert.Equal(400, (await Assert.ThrowsAsync<TunnelFaultException>(() => rig.GetAsync(tunnel, "/ping", "management.argotunnel.com"))).Status);
    }

    [Fact]
    public async Task A_stalled_upload_stands_in_nobodys_way()
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync()).TunnelId;
        var stalled = rig.SendAsync(tunnel, HttpMethod.Post, "/stall", "app.test", new ByteArrayContent(new byte[8 * 1024 * 1024]));
        await TunnelRig.UntilAsync(() => rig.Origin.Seen.Contains("POST /stall"), "there");
        using var other = await rig.SendAsync(tunnel, HttpMethod.Post, "/sum", "app.test", new ByteArrayContent(new byte[4 * 1024 * 1024]));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        rig.Origin.Gate.Release();
        using var done = await stalled;
    }

    [Fact]
    public async Task Uploads_that_stand_in_nobodys_way_are_not_given_up()
    {
        await using var rig = await TunnelRig.StartAsync(o => o.StalledUpload = TimeSpan.FromSeconds(1));
        var tunnel = (await rig.UsualAsync()).TunnelId;
        var stalled = Enumerable.Range(0, 3).Select(_ => rig.SendAsync(tunnel, HttpMethod.Post, "/stall", "app.test", new ByteArrayContent(new byte[8 * 1024 * 1024]))).ToList();
        await TunnelRig.UntilAsync(() => rig.Origin.Seen.Count(s => s == "POST /stall") == 3, "there");
        await Task.Delay(TimeSpan.FromSeconds(4), Token);
        rig.Origin.Gate.Release(3);
        foreach (var upload in stalled)
        {
            using var done = await upload;
            Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        }
    }

    private static async Task<int> ReadMessageAsync(WebSocket socket, byte[] buffer)
    {
        for (var total = 0; ;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(total), Token);
            total += read.Count;
            if (read.EndOfMessage)
            {
                return total;
            }
        }
    }

    internal static async Task<WebSocket> SocketAsync(TunnelRig rig, Guid tunnel, string host)
    {
        var response = await rig.SendAsync(
            tunnel, HttpMethod.Get, "/ws", host, null,
            ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"));
        Assert.Equal(HttpStatusCode.SwitchingProtocols, response.StatusCode);
        Assert.Equal(["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="], response.Headers.GetValues("Sec-WebSocket-Accept"));
        return WebSocket.CreateFromStream(await response.Content.ReadAsStreamAsync(Token), new WebSocketCreationOptions());
    }
}
