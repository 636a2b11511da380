using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Gatehouse.Access.Gateway;
using Gatehouse.Model.Dns;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;
using Gatehouse.Model.Tunnels.Ingress;
using Gatehouse.Tests.Access.Gateway;
using Gatehouse.Tests.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Tunnel;

/// <summary>The gateway, a tunnel and a service, one behind the other.</summary>
public class GatewayTunnelTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("abc.test", 200)]
    [InlineData("x.abc.test", 404)]
    [InlineData("own.test", 403)] // somebody else's decision: it is not the name that was given out
    [InlineData("kept.test", 403)]
    [InlineData("guarded.test", 302)]
    public async Task The_random_name_of_a_quick_tunnel_is_public_unless_an_app_covers_it_and_no_other_name_is(string host, int status)
    {
        var sender = new Answering();
        await using var gateway = await GatewayHost.StartAsync(it =>
        {
            it.TunnelSender = sender;
            var (quick, guarded, ordinary) = (Quick("abc"), Quick("guarded"), Entry("ordinary"));
            it.Tunnels.AddRange([quick, guarded, ordinary]);
            it.DnsRecords.AddRange([Record("abc.test", quick), Record("own.test", quick), Record("guarded.test", guarded), Record("kept.test", ordinary)]);
            it.AddApp("staff", "guarded.test", GatewayHost.Allow(new Rule.EmailDomain("example.com")));
        });
        Assert.True(gateway.Organization.DenyUnmatchedRequests);
        Assert.Equal(status, (await gateway.GetAsync("/", host: host)).Status);
        Assert.Equal(status == 200 ? 1 : 0, sender.Count);
    }

    [Fact]
    public async Task A_stream_of_a_quick_tunnel_ends_when_an_app_comes_to_cover_its_name()
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("quick abc", null, isQuick: true);
        rig.AddRecord("abc.test", credentials.TunnelId);
        await rig.ConnectAsync(credentials, own: $$"""{"ingress":[{"service":"http://127.0.0.1:{{rig.Origin.Port}}"}]}""");
        await using var gateway = await BeforeAsync(rig, it => it.DnsRecords.AddRange([new DnsRecord { Id = Guid.CreateVersion7(), Name = "abc.test", Type = "CNAME", Content = credentials.TunnelId + DnsRecord.TunnelSuffix, IsProxied = true }]));
        await using var visitor = await RawStream.ConnectAsync(gateway.Port);
        await visitor.SendAsync(GatewayHost.Request("GET", "/ws", host: "abc.test", headers: "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
        Assert.Equal(101, (await visitor.ReadAnswerAsync()).Status);
        gateway.Reload(); // the same again ends nothing
        await visitor.SendAsync("\u0081\u0082\0\0\0\0hi");
        Assert.Equal("\u0081\u0002hi", await visitor.ReadAsync(4).WaitAsync(TimeSpan.FromSeconds(60), Token));
        gateway.AddApp("staff", "abc.test", GatewayHost.Allow(new Rule.EmailDomain("example.com")));
        gateway.Reload();
        Assert.True((await visitor.ReadAsync(int.MaxValue).WaitAsync(TimeSpan.FromSeconds(60), Token)).Length < 10); // no more than a goodbye
    }

    [Theory]
    [InlineData("a.x.test", true, 302)]
    [InlineData("a.x.test", false, 302)]
    [InlineData("a.b.x.test", true, 403)]
    [InlineData("a.b.x.test", false, 200)]
    public async Task P16_a_wildcard_of_a_tunnel_publishes_every_depth_and_an_app_covers_one(string host, bool denies, int status)
    {
        await using var gateway = await GatewayHost.StartAsync(it =>
        {
            it.TunnelSender = new Answering();
            it.Tunnels.Add(Entry("wide", """{"ingress":[{"hostname":"*.x.test","service":"http://10.0.0.1"},{"service":"http_status:404"}]}"""));
            it.AddApp("staff", "*.x.test", GatewayHost.Allow(new Rule.EmailDomain("example.com")));
            it.Organization.DenyUnmatchedRequests = denies;
        });
        Assert.Equal(status, (await gateway.GetAsync("/", host: host)).Status);
    }

    [Fact]
    public async Task R10_a_service_that_hangs_behind_a_tunnel_is_given_up_on_at_the_set_time()
    {
        await using var rig = await TunnelRig.StartAsync();
        await rig.UsualAsync();
        await using var gateway = await BeforeAsync(rig, options: o => o.ResponseTimeout = TimeSpan.FromMilliseconds(700));
        var began = TimeProvider.System.GetTimestamp();
        var answer = await gateway.GetAsync("/wait");
        Assert.Equal(504, answer.Status);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0.6, 60);
        await TunnelRig.UntilAsync(() => rig.Origin.Aborted == 1, "given up at the service");
        Assert.Equal(200, (await gateway.GetAsync("/status?s=200")).Status); // and the tunnel is as it was
    }

    [Fact]
    public async Task A_WebSocket_over_HTTP2_passes_gateway_and_tunnel()
    {
        await using var rig = await TunnelRig.StartAsync();
        await rig.UsualAsync();
        await using var gateway = await BeforeAsync(rig);
        using var client = Client(gateway);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        await socket.ConnectAsync(new Uri("wss://app.test/ws"), client, Token);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, Token);
        var buffer = new byte[100];
        var text = await socket.ReceiveAsync(buffer.AsMemory(), Token);
        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, text.Count));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", Token);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task The_trailers_of_gRPC_pass_gateway_and_tunnel()
    {
        await using var rig = await TunnelRig.StartAsync();
        await using var service = await GrpcAsync(rig);
        var credentials = rig.AddTunnel("grpc", $$"""{"ingress":[{"hostname":"app.test","service":"https://127.0.0.1:{{new Uri(service.Urls.First()).Port}}","originRequest":{"http2Origin":true,"noTLSVerify":true} },{"service":"http_status:404"}]}""");
        await rig.ConnectAsync(credentials);
        await using var gateway = await BeforeAsync(rig);
        using var client = Client(gateway);
        using var request = new HttpRequestMessage(HttpMethod.Post, "https://app.test/echo.Echo/Say") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent([0, 0, 0, 0, 2, 8, 1]) };
        request.Content.Headers.ContentType = new("application/grpc");
        request.Headers.TE.Add(new("trailers"));
        using var answer = await client.SendAsync(request, Token);
        Assert.Equal([0, 0, 0, 0, 2, 8, 1], await answer.Content.ReadAsByteArrayAsync(Token));
        Assert.Equal("application/grpc", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(["0"], answer.TrailingHeaders.GetValues("grpc-status"));
        Assert.Equal(["trailers over HTTP/2"], answer.TrailingHeaders.GetValues("grpc-message"));
    }

    [Fact]
    public async Task An_answer_that_is_whole_passes_before_its_stream_ends_and_though_it_is_reset_then()
    {
        await using var rig = await TunnelRig.StartAsync();
        await using var service = await Http2Async(rig, async context =>
        {
            context.Response.ContentLength = 5;
            await context.Response.WriteAsync("whole");
            await context.Response.Body.FlushAsync();
            await rig.Origin.Gate.WaitAsync(context.RequestAborted);
            context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(2); // INTERNAL_ERROR
        });
        var credentials = rig.AddTunnel("reset", $$"""{"ingress":[{"hostname":"app.test","service":"https://127.0.0.1:{{new Uri(service.Urls.First()).Port}}","originRequest":{"http2Origin":true,"noTLSVerify":true} },{"service":"http_status:404"}]}""");
        await rig.ConnectAsync(credentials);
        using var answer = await rig.GetAsync(credentials.TunnelId, "/").WaitAsync(TimeSpan.FromSeconds(30), Token);
        await using var body = await answer.Content.ReadAsStreamAsync(Token);
        var text = new byte[5];
        await body.ReadExactlyAsync(text, Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal("whole", Encoding.UTF8.GetString(text));
        rig.Origin.Gate.Release();
        Assert.Equal(0, await body.ReadAsync(text, Token));
    }

    // Echoes the message; its trailers tell what it saw.
    private static Task<WebApplication> GrpcAsync(TunnelRig rig) => Http2Async(rig, async context =>
    {
        context.Response.ContentType = context.Request.ContentType;
        await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", "0");
        context.Response.AppendTrailer("grpc-message", $"{context.Request.Headers.TE} over {context.Request.Protocol}");
    });

    private static async Task<WebApplication> Http2Async(TunnelRig rig, RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var certificate = rig.Authority.Issue(["grpc.test"], TunnelRig.Built);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(certificate);
        }));
        var service = builder.Build();
        service.Run(answer);
        await service.StartAsync(Token);
        return service;
    }

    private static async Task<GatewayHost> BeforeAsync(TunnelRig rig, Action<GatewayHost>? arrange = null, Action<GatewayOptions>? options = null) => await GatewayHost.StartAsync(
        it =>
        {
            it.TunnelSender = rig.Sender;
            it.Tunnels.AddRange(rig.Tables.Current.Tunnels.Values);
            if (arrange is null)
            {
                it.AddApp("open", "app.test", GatewayHost.Policy(PolicyAction.Bypass, new Rule.Everyone()));
            }
            else
            {
                arrange(it);
            }
        },
        options: options);

    private static HttpMessageInvoker Client(GatewayHost gateway) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, gateway.TlsPort, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
#pragma warning disable CA5359 // the test's own gateway
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
#pragma warning restore CA5359
    });

    private static TunnelEntry Quick(string label) => Entry(Gatehouse.Model.Tunnels.Tunnel.QuickNameOf(label), isQuick: true);

    private static TunnelEntry Entry(string name, string? configuration = null, bool isQuick = false) => new()
    {
        Tunnel = new Gatehouse.Model.Tunnels.Tunnel { Id = Guid.CreateVersion7(), Name = name, SealedSecret = [], IsQuick = isQuick, IsRemotelyManaged = configuration is not null },
        SecretHash = [],
        Ingress = configuration is null ? null : IngressReader.ReadKept(configuration),
    };

    private static DnsRecord Record(string name, TunnelEntry tunnel) =>
        new() { Id = Guid.CreateVersion7(), Name = name, Type = "CNAME", Content = tunnel.Tunnel.Id + DnsRecord.TunnelSuffix, IsProxied = true };

    private sealed class Answering : ITunnelSender
    {
        private int count;

        public int Count => count;

        public Task<HttpResponseMessage> SendAsync(Guid tunnel, HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref count);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([]) });
        }
    }
}
