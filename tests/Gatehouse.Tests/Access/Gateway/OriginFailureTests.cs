using System.Net;
using System.Net.Sockets;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Row R10 of the fault cases: an origin that refuses, hangs, lies or is cut.</summary>
public class OriginFailureTests
{
    [Fact]
    public async Task R10_an_origin_that_refuses_is_502_and_the_page_says_which_hop()
    {
        await using var gateway = await GatewayHost.StartAsync();
        using var closed = new Socket(SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)closed.LocalEndPoint!).Port;

        var answer = await AskAsync(gateway, $"http://127.0.0.1:{port}");

        Assert.Equal(502, answer.Status);
        Assert.Contains("the service refused the connection", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain($":{port}", answer.Body, StringComparison.Ordinal); // where it is, only the log says
        Assert.Contains("Your browser to the gateway", answer.Body, StringComparison.Ordinal);
        Assert.Matches("^[0-9a-f]{16}$", answer.Header("CF-Ray"));
        Assert.Contains(answer.Header("CF-Ray")!, answer.Body, StringComparison.Ordinal);
        Assert.Equal("no-store", answer.Header("Cache-Control"));
    }

    [Theory]
    [InlineData("http://169.254.169.254")]
    [InlineData("http://0xa9fea9fe")]
    [InlineData("http://2852039166")]
    [InlineData("http://[::ffff:169.254.169.254]")]
    [InlineData("http://[fd00:ec2::254]")]
    [InlineData("https://100.100.100.200")]
    [InlineData("http://[fe80::1]")]
    public async Task X01_T09_a_published_name_never_leads_to_a_metadata_service_and_the_page_names_no_address(string service)
    {
        await using var gateway = await GatewayHost.StartAsync();

        var answer = await AskAsync(gateway, service);

        Assert.Equal(502, answer.Status);
        Assert.Contains("the service has an address that must not be reached from here", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("169.254", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(new Uri(service).Host, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task R10_a_name_that_does_not_resolve_is_502()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var answer = await AskAsync(gateway, "http://nowhere.invalid:80");
        Assert.Equal(502, answer.Status);
        Assert.Contains("does not resolve", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("http://127.0.0.1/path")]
    [InlineData("127.0.0.1:80")]
    [InlineData("x")]
    [InlineData("")]
    public async Task A_service_that_is_no_address_is_502(string service)
    {
        await using var gateway = await GatewayHost.StartAsync();
        Assert.Equal(502, (await AskAsync(gateway, service)).Status);
    }

    [Fact]
    public async Task R10_tls_to_an_origin_that_speaks_none_is_502()
    {
        await using var gateway = await GatewayHost.StartAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        async Task ServeAsync()
        {
            using var accepted = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
            await using var raw = new RawStream(accepted.GetStream());
            await raw.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            await raw.ReadAsync(1);
        }

        var serve = ServeAsync();
        var answer = await AskAsync(gateway, $"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        Assert.Equal(502, answer.Status);
        await serve;
    }

    [Fact]
    public async Task An_untrusted_certificate_is_refused_unless_the_hostname_says_otherwise()
    {
        await using var inner = await GatewayHost.StartAsync();
        await using var gateway = await GatewayHost.StartAsync();
        var refused = await AskAsync(gateway, $"https://localhost:{inner.TlsPort}");
        Assert.Equal(502, refused.Status);
        Assert.Contains("can&#x27;t be trusted", refused.Body, StringComparison.Ordinal);

        gateway.AddApp("lax", "lax.test", GatewayHost.Policy(PolicyAction.Bypass, new Rule.Everyone()));
        gateway.Publish("lax.test", $"https://localhost:{inner.TlsPort}", h => h.NoTlsVerify = true);
        gateway.Reload();
        Assert.Equal(404, (await gateway.GetAsync("/", host: "lax.test")).Status);
    }

    [Fact]
    public async Task R10_an_origin_that_says_nothing_is_504_in_time()
    {
        var hang = new TaskCompletionSource();
        await using var gateway = await GatewayHost.StartAsync(
            origin: new RawOrigin((_, _) => hang.Task), options: o => o.ResponseTimeout = TimeSpan.FromMilliseconds(300));
        var answer = await gateway.GetAsync("/public/x");
        hang.SetResult();
        Assert.Equal(504, answer.Status);
        Assert.Contains("sent no answer within 0.3 seconds", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task R10_an_origin_that_takes_no_connection_is_504_in_time()
    {
        // A full backlog: the kernel drops what does not fit.
        using var full = new Socket(SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        var end = (IPEndPoint)full.LocalEndPoint!;
        using var first = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var second = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(end, TestContext.Current.CancellationToken);
        using var brief = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        try
        {
            await second.ConnectAsync(end, brief.Token);
        }
        catch (OperationCanceledException)
        {
            // The backlog was full already.
        }

        await using var gateway = await GatewayHost.StartAsync(options: o => o.ConnectTimeout = TimeSpan.FromSeconds(1));
        var answer = await AskAsync(gateway, $"http://127.0.0.1:{end.Port}");
        Assert.Equal(504, answer.Status);
        Assert.Contains("did not accept the connection in time", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task R10_an_address_of_an_origin_that_says_nothing_costs_a_moment_and_not_the_answer()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "localhost has one address here");
        using var origin = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        origin.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        origin.Listen();
        var port = ((IPEndPoint)origin.LocalEndPoint!).Port;
        using var hole = new BlackHole(IPAddress.Loopback, port);
        await using var gateway = await GatewayHost.StartAsync();
        var began = TimeProvider.System.GetTimestamp();
        var asking = AskAsync(gateway, $"http://localhost:{port}");
        using var accepted = await origin.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(8), TestContext.Current.CancellationToken);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0.2, 5);
        await using var raw = new RawStream(new NetworkStream(accepted));
        await raw.ReadHeadAsync();
        await raw.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(200, (await asking).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n")]
    [InlineData("HTTP/1.1 abc\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nbad header\r\n\r\n")]
    public async Task R10_an_answer_that_is_none_is_502(string bytes)
    {
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin(async (_, to) =>
        {
            await to.SendAsync(bytes);
            await to.DisposeAsync();
        }));
        Assert.Equal(502, (await gateway.GetAsync("/public/x")).Status);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n")]
    public async Task R10_half_an_answer_never_looks_whole(string head)
    {
        await using var gateway = await GatewayHost.StartAsync(origin: new RawOrigin(async (_, to) =>
        {
            await to.SendAsync(head + new string('x', 50000));
            await to.DisposeAsync();
        }));
        await using var browser = await RawStream.ConnectAsync(gateway.Port);
        await browser.SendAsync(GatewayHost.Request("GET", "/public/x"));
        try
        {
            var answer = await browser.ReadAnswerAsync();
            Assert.False(answer.IsWhole);
            Assert.InRange(answer.Body.Length, 0, 50000);
        }
        catch (IOException)
        {
            // The connection was cut before even the head had left: not whole either.
        }

        await using var h2 = await RawHttp2.ConnectAsync(gateway.Http2Port);
        await h2.OpenAsync([(":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "/public/x")], endStream: true);
        byte last = 0;
        var ended = false;
        while (await h2.ReadAsync() is var (type, flags, _, _) && type is not (3 or 7))
        {
            (last, ended) = (type, ended || (type == 0 && (flags & 1) == 1));
        }

        Assert.False(ended, $"the stream ended cleanly after frame {last}");
    }

    [Fact]
    public async Task An_answer_to_half_a_body_passes_and_a_broken_body_is_the_visitors_fault()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var bad = await RawStream.AskAsync(gateway.Port, GatewayHost.Request("POST", "/public/x", headers: "Transfer-Encoding: chunked\r\n") + "zz\r\n");
        Assert.Equal(400, bad.Status);
    }

    private static async Task<RawMessage> AskAsync(GatewayHost gateway, string service)
    {
        var host = $"x{Guid.CreateVersion7():N}.test";
        gateway.AddApp(host, host, GatewayHost.Policy(PolicyAction.Bypass, new Rule.Everyone()));
        gateway.Publish(host, service);
        gateway.Reload();
        return await gateway.GetAsync("/", host: host);
    }
}
