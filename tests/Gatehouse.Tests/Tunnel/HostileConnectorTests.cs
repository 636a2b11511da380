using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tunnel.Wire;
using Gatehouse.Tunnel.Wire.Rpc;

namespace Gatehouse.Tests.Tunnel;

/// <summary>A connector with good credentials and bad intentions. Whatever it does, other tunnels go on.</summary>
[Collection(nameof(Alone))]
public class HostileConnectorTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("huge headers")]
    [InlineData("goaway")]
    [InlineData("bad hpack")]
    [InlineData("reset")]
    [InlineData("window flood")]
    [InlineData("interim flood")]
    [InlineData("push")]
    [InlineData("ping flood")]
    [InlineData("settings flood")]
    [InlineData("garbage")]
    [InlineData("no meta")]
    [InlineData("bad user headers")]
    public async Task T04_only_its_own_tunnel_suffers(string what)
    {
        await using var rig = await TunnelRig.StartAsync();
        var good = (await rig.UsualAsync()).TunnelId;
        var evil = rig.AddTunnel("evil", null);
        using var connector = await Evil.RegisterAsync(rig, evil);
        var request = rig.GetAsync(evil.TunnelId, "/", "evil.test");
        await connector.AnswerAsync(what);
        using var other = await rig.GetAsync(good, "/");
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        var fault = await Assert.ThrowsAsync<TunnelFaultException>(() => request.WaitAsync(TimeSpan.FromSeconds(60), Token));
        Assert.Equal(502, fault.Status);
    }

    [Fact]
    public async Task T04_an_answer_of_empty_pieces_is_cut()
    {
        await using var rig = await TunnelRig.StartAsync();
        var evil = rig.AddTunnel("evil", null);
        using var connector = await Evil.RegisterAsync(rig, evil);
        var request = rig.GetAsync(evil.TunnelId, "/", "evil.test");
        var answering = connector.AnswerAsync("small frames");
        using var response = await request;
        await using var body = await response.Content.ReadAsStreamAsync(Token);
        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null, Token).WaitAsync(TimeSpan.FromSeconds(60), Token));
        await answering;
    }

    [Fact]
    public async Task T04_a_body_without_end_is_read_no_faster_than_the_visitor_reads()
    {
        await using var rig = await TunnelRig.StartAsync();
        var evil = rig.AddTunnel("evil", null);
        using var connector = await Evil.RegisterAsync(rig, evil);
        var request = rig.GetAsync(evil.TunnelId, "/", "evil.test");
        await connector.HeadAsync(("cf-cloudflared-response-meta", ResponseMeta.OriginText));
        using var response = await request;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var sent = await connector.FloodBodyAsync(TimeSpan.FromSeconds(10));
        Assert.InRange(sent, 256 * 1024, 63L * 1024 * 1024); // more than its window, which it does not mind; then it is cut off
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 16 * 1024 * 1024);
        await using var body = await response.Content.ReadAsStreamAsync(Token);
        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null, Token));
    }

    [Fact]
    public async Task T01_one_that_does_not_answer_a_push_delays_neither_its_own_end_nor_the_rules_of_others()
    {
        await using var rig = await TunnelRig.StartAsync();
        var evil = rig.AddTunnel("evil", """{"ingress":[{"service":"http_status:404"}]}""");
        var good = await rig.UsualAsync();
        using var connector = await Evil.RegisterAsync(rig, evil, TunnelHeaders.AllowRemoteConfig);
        await connector.UntilHeadersAsync(); // the push, which it leaves alone
        var began = rig.Clock.GetTimestamp();
        rig.Change(good.TunnelId, """{"ingress":[{"service":"http_status:299"}]}""");
        await TunnelRig.UntilAsync(() => rig.Registry.Of(good.TunnelId).All(c => c.ConfigurationNumber == 2), "pushed");
        rig.Change(evil.TunnelId, isDeleted: true);
        await TunnelRig.UntilAsync(() => rig.Registry.Connections(evil.TunnelId).IsEmpty, "cut off");
        Assert.InRange(rig.Clock.GetElapsedTime(began).TotalSeconds, 0, 9); // before the push is given up
    }

    [Fact]
    public async Task T05_headers_that_are_only_for_the_edge_or_for_one_hop_do_not_reach_the_visitor()
    {
        await using var rig = await TunnelRig.StartAsync();
        var evil = rig.AddTunnel("evil", null);
        using var connector = await Evil.RegisterAsync(rig, evil);
        var request = rig.GetAsync(evil.TunnelId, "/", "evil.test");
        var headers = UserHeaders.Write([new("Connection", "X-Hop"), new("X-Hop", "1"), new("Transfer-Encoding", "chunked"), new("Upgrade", "h2c"), new("X-Stays", "1")]);
        await connector.HeadAsync(("cf-cloudflared-response-meta", ResponseMeta.OriginText), ("cf-cloudflared-response-headers", headers), ("set-cookie", "invented=1"), ("alt-svc", "h3=\":443\""));
        using var response = await request;
        Assert.Equal(["X-Stays"], response.Headers.Select(h => h.Key));
    }

    /// <summary>The least of a connector: HTTP/2 frames by hand.</summary>
    private sealed class Evil : IDisposable
    {
        private readonly SslStream tls;
        private readonly TcpClient client;

        private Evil(TcpClient client, SslStream tls)
        {
            this.client = client;
            this.tls = tls;
        }

        public static async Task<Evil> RegisterAsync(TunnelRig rig, TunnelCredentials credentials, params string[] features)
        {
            var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(rig.Edge, Token);
#pragma warning disable CA5359 // a hostile connector does not care whom it talks to
            var tls = new SslStream(client.GetStream(), false, (_, _, _, _) => true);
#pragma warning restore CA5359
            await tls.AuthenticateAsClientAsync("h2.cftunnel.com");
            var made = new Evil(client, tls);
            await made.SendAsync(4, 0, 0, []);
            var preface = new byte[24];
            await tls.ReadExactlyAsync(preface, Token);
            await made.UntilHeadersAsync();
            await made.HeadersAsync(1, (":status", "200"));
            var registration = new Registration { AccountTag = credentials.AccountTag, Secret = credentials.Secret, TunnelId = credentials.TunnelId, Index = 0, ConnectorId = Guid.CreateVersion7(), Features = features, Version = "evil", Arch = "x" };
            await made.SendAsync(0, 0, 1, [.. RpcFrames.Bootstrap(0), .. RpcFrames.PipelinedCall(1, RpcTags.RegisterConnection, 0, registration.Write)]);
            await TunnelRig.UntilAsync(() => rig.Registry.Of(credentials.TunnelId).Count == 1, "registered");
            return made;
        }

        /// <summary>Reads until the edge opens a stream; its id.</summary>
        public async Task<int> UntilHeadersAsync()
        {
            var header = new byte[9];
            for (; ; )
            {
                await tls.ReadExactlyAsync(header, Token);
                var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header) >>> 8];
                await tls.ReadExactlyAsync(payload, Token);
                if (header[3] == 1)
                {
                    return BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5));
                }

                if (header[3] == 4 && (header[4] & 1) == 0)
                {
                    await SendAsync(4, 1, 0, []);
                }
            }
        }

        public async Task HeadAsync(params (string, string)[] headers) => await HeadersAsync(await UntilHeadersAsync(), [(":status", "200"), .. headers]);

        public async Task AnswerAsync(string what)
        {
            var id = await UntilHeadersAsync();
            try
            {
                await MisbehaveAsync(what, id);
            }
            catch (IOException)
            {
                // Cut off already.
            }
        }

        public async Task<long> FloodBodyAsync(TimeSpan limit)
        {
            using var over = new CancellationTokenSource(limit);
            var piece = RawConnector.Frame(0, 0, 3, new byte[16384]);
            long sent = 0;
            try
            {
                while (sent < 64L * 1024 * 1024)
                {
                    await tls.WriteAsync(piece, over.Token);
                    sent += 16384;
                }
            }
            catch (Exception fault) when (fault is IOException or OperationCanceledException)
            {
                // Cut off, or held back: what counts is the memory.
            }

            return sent;
        }

        public void Dispose()
        {
            tls.Dispose();
            client.Dispose();
        }

        private async Task MisbehaveAsync(string what, int id)
        {
            switch (what)
            {
                case "huge headers":
                    await SendAsync(1, 0, id, RawConnector.Block((":status", "200"), ("x-a", new string('a', 8000))));
                    for (var n = 0; n < 200; n++)
                    {
                        await SendAsync(9, 0, id, RawConnector.Block(("x-" + n.ToString(System.Globalization.CultureInfo.InvariantCulture), new string('a', 8000))));
                    }

                    break;
                case "goaway":
                    for (var n = 0; n < 100; n++)
                    {
                        await SendAsync(7, 0, 0, new byte[8]);
                    }

                    break;
                case "bad hpack":
                    await SendAsync(1, 4, id, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
                    break;
                case "reset":
                    for (var n = 0; n < 3000; n++)
                    {
                        await SendAsync(3, 0, id, [0, 0, 0, 2]);
                    }

                    break;
                case "small frames":
                    await HeadersAsync(id, (":status", "200"), ("cf-cloudflared-response-meta", ResponseMeta.OriginText));
                    for (var n = 0; n < 3000; n++)
                    {
                        await SendAsync(0, 8, id, [3, 0, 0, 0]); // padding, and nothing padded
                    }

                    break;
                case "window flood":
                    for (var n = 0; n < 3000; n++)
                    {
                        await SendAsync(8, 0, id, [0, 0, 0, 1]);
                    }

                    break;
                case "interim flood":
                    for (var n = 0; n < 3000; n++)
                    {
                        await HeadersAsync(id, (":status", "103"));
                    }

                    break;
                case "push":
                    await SendAsync(5, 4, id, [0, 0, 0, 2, .. RawConnector.Block((":status", "200"))]);
                    break;
                case "ping flood" or "settings flood":
                    for (var n = 0; n < 3000; n++)
                    {
                        await SendAsync(what[0] == 'p' ? (byte)6 : (byte)4, 0, 0, what[0] == 'p' ? new byte[8] : []);
                    }

                    break;
                case "garbage":
                    await tls.WriteAsync(Encoding.ASCII.GetBytes(new string('?', 4000)), Token);
                    break;
                case "no meta":
                    await HeadersAsync(id, (":status", "200"));
                    break;
                default:
                    await HeadersAsync(id, (":status", "200"), ("cf-cloudflared-response-meta", ResponseMeta.OriginText), ("cf-cloudflared-response-headers", "Zm9v:YQ0KYg"));
                    break;
            }
        }

        private Task HeadersAsync(int id, params (string, string)[] headers) => SendAsync(1, 4, id, RawConnector.Block(headers));

        private async Task SendAsync(byte type, byte flags, int id, byte[] payload)
        {
            await tls.WriteAsync(RawConnector.Frame(type, flags, id, payload), Token);
        }
    }
}
