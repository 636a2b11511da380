using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Tunnels.Ingress;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Tunnel;

/// <summary>What our connector does for edges that are not ours.</summary>
public class ConnectorWireTests
{
    private const string Rules = """
        {"ingress":[{"path":"^/admin/x","service":"http_status:291"},{"path":"/\\.\\./","service":"http_status:292"},{"path":"^//","service":"http_status:293"},
        {"path":"^/caf\u00e9$","service":"http_status:294"},{"path":"%2f","service":"http_status:295"},{"path":"\\?","service":"http_status:296"},{"service":"http_status:404"}]}
        """;

    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/admin/x", 291)]
    [InlineData("/admin%2Fx", 291)]
    [InlineData("/admin%2fx?y", 291)]
    [InlineData("/%61dmin/x", 291)]
    [InlineData("/a/../admin/x", 292)]
    [InlineData("/a/%2e%2E/admin/x", 292)]
    [InlineData("/a/..%2Fadmin/x", 292)]
    [InlineData("//admin/x", 293)]
    [InlineData("/%2Fadmin/x", 293)]
    [InlineData("/caf%C3%A9", 294)]
    [InlineData("/a%252fb", 295)] // decoded once
    [InlineData("/a%3Fb", 296)]
    [InlineData("/b?x=%2f", 404)] // the query is nobody's business
    [InlineData("/./admin/x", 404)]
    public async Task Edge_and_connector_match_rules_on_the_path_as_it_was_sent_decoded_once(string target, int status)
    {
        await using var edge = await HandMadeEdge.StartAsync(Rules);
        Assert.Equal(status, await edge.StatusOfAsync(target));
        Assert.Equal($"http_status:{status}", IngressReader.ReadKept(Rules)!.Find("app.test", IngressTable.PathOf(target))!.Service);
    }

    [Theory]
    [InlineData("*", "/")]
    [InlineData("", "/")]
    [InlineData("/a%", "/a%")]
    [InlineData("/a%2", "/a%2")]
    [InlineData("/a%zz", "/a%zz")]
    [InlineData("/%25%32%46", "/%2F")]
    [InlineData("/%FF", "/%FF")] // no text
    [InlineData("/a?b=/../c", "/a")]
    public void Targets_that_are_odd_have_a_path_too(string target, string path) => Assert.Equal(path, IngressTable.PathOf(target));

    [Theory]
    [InlineData("/open/x", 299)]
    [InlineData("/admin/x", 403)]
    [InlineData("/admin%2Fx", 403)]
    [InlineData("/open/../admin/x", 403)] // a service may follow the dots
    [InlineData("/open/%2e%2e/admin/x", 403)]
    public async Task T08_no_spelling_of_a_path_gets_round_a_rule_that_asks_for_an_Access_token(string target, int status)
    {
        await using var edge = await HandMadeEdge.StartAsync("""
            {"ingress":[{"path":"^/admin","service":"http_status:299","originRequest":{"access":{"required":true,"teamName":"team.test","audTag":["a"]}}},{"service":"http_status:299"}]}
            """);
        Assert.Equal(status, await edge.StatusOfAsync(target));
    }

    [Fact]
    public async Task A_raw_stream_reaches_the_address_that_the_edge_names_where_that_is_enabled()
    {
        await using var rig = await TunnelRig.StartAsync();
        await using var edge = await HandMadeEdge.StartAsync("""{"ingress":[{"service":"http_status:404"}],"warp-routing":{"enabled":true}}""");
        var sent = RandomNumberGenerator.GetBytes(30_000);
        using var up = new OpenBody(sent);
        using var response = await edge.SendAsync("/", $"127.0.0.1:{rig.Origin.TcpPort}", up, ("cf-cloudflared-proxy-src", "192.0.2.1:5"));
        Assert.Equal("{\"src\":\"origin\"}", response.Headers.GetValues("cf-cloudflared-response-meta").Single());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var got = new byte[sent.Length];
        await (await response.Content.ReadAsStreamAsync(Token)).ReadExactlyAsync(got, Token);
        Assert.Equal(sent, got);

        using var nowhere = await edge.SendAsync("/", "127.0.0.1:1", new ByteArrayContent([1]), ("cf-cloudflared-proxy-src", "192.0.2.1:5"));
        Assert.Equal(HttpStatusCode.BadGateway, nowhere.StatusCode);
        using var unnamed = await edge.SendAsync("/", "app.test", new ByteArrayContent([1]), ("cf-cloudflared-proxy-src", "192.0.2.1:5"));
        Assert.Equal(HttpStatusCode.BadGateway, unnamed.StatusCode);
    }

    [Fact]
    public async Task A_raw_stream_reaches_nothing_where_that_is_not_enabled_and_is_never_taken_for_a_request()
    {
        await using var rig = await TunnelRig.StartAsync();
        await using var edge = await HandMadeEdge.StartAsync("""{"ingress":[{"service":"http_status:299"}],"warp-routing":{"enabled":false}}""");
        using var response = await edge.SendAsync("/", $"127.0.0.1:{rig.Origin.TcpPort}", new ByteArrayContent([1]), ("cf-cloudflared-proxy-src", "192.0.2.1:5"));
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.StartsWith("{\"src\":\"cloudflared\"", response.Headers.GetValues("cf-cloudflared-response-meta").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DisableChunkedEncoding_sends_a_length_or_nothing()
    {
        await using var origin = new RawOrigin();
        await using var edge = await HandMadeEdge.StartAsync($$"""{"ingress":[{"service":"http://127.0.0.1:{{origin.Port}}","originRequest":{"disableChunkedEncoding":true} }]}""");
        using var known = await edge.SendAsync("/known", body: new ByteArrayContent([1, 2, 3]));
        using var unknown = await edge.SendAsync("/unknown", body: new StreamContent(new Endless(1000)));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.LengthRequired), (known.StatusCode, unknown.StatusCode));
        Assert.Equal(("3", null), (origin.Only.Header("Content-Length"), origin.Only.Header("Transfer-Encoding")));
    }

    [Fact]
    public async Task KeepAliveConnections_is_how_many_connections_stay_open()
    {
        var (arrived, all) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var origin = new RawOrigin(async (_, to) =>
        {
            if (Interlocked.Increment(ref arrived) == 5)
            {
                all.SetResult();
            }

            await all.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
            await to.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        await using var edge = await HandMadeEdge.StartAsync($$"""{"ingress":[{"service":"http://127.0.0.1:{{origin.Port}}","originRequest":{"keepAliveConnections":2} }]}""");
        foreach (var response in await Task.WhenAll(Enumerable.Range(0, 5).Select(n => edge.SendAsync($"/{n}"))))
        {
            using (response)
            {
                Assert.Equal("ok", await response.Content.ReadAsStringAsync(Token));
            }
        }

        Assert.Equal(3, origin.Requests.Count(r => r.Header("Connection") == "close"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task T10_a_certificate_issued_by_a_certificate_that_is_no_authority_is_not_believed(bool isAuthority)
    {
        using var root = Make("CN=Root", null, isAuthority: true);
        using var user = Make("CN=user", root, isAuthority);
        using var server = Make("CN=h2.cftunnel.com", user, isAuthority: false);
        await using var edge = new HandMadeEdge(shown: SslStreamCertificateContext.Create(server, [user], offline: true), trust: [X509CertificateLoader.LoadCertificate(root.RawData)]);
        await edge.ConnectAsync("""{"ingress":[{"service":"http_status:299"}]}""");
        if (isAuthority)
        {
            await edge.AcceptAsync();
            Assert.Equal(299, await edge.StatusOfAsync("/")); // only that makes the difference
        }
        else
        {
            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                await edge.AcceptAsync();
                await edge.StatusOfAsync("/");
            });
            await TunnelRig.UntilAsync(() => edge.Log.All.Any(l => l.Id == 4202), "refused");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // a certificate for people, from the same authority
    public async Task T10_caPool_believes_in_servers_of_its_authority_whoever_stands_between(bool isServer)
    {
        using var root = Make("CN=Root", null, isAuthority: true);
        using var between = Make("CN=Between", root, isAuthority: true);
        using var server = Make("CN=app.test", between, isAuthority: false, isServer ? ForServers : ForClients);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, root.ExportCertificatePem(), Token);
        using var service = new TcpListener(IPAddress.Loopback, 0);
        service.Start();
        var serving = ServeAsync();
        await using var edge = await HandMadeEdge.StartAsync($$"""{"ingress":[{"service":"https://127.0.0.1:{{((IPEndPoint)service.LocalEndpoint).Port}}","originRequest":{"caPool":"{{file}}","originServerName":"app.test"} }]}""");
        Assert.Equal(isServer ? 299 : 502, await edge.StatusOfAsync("/"));
        await serving;
        File.Delete(file);

        async Task ServeAsync()
        {
            using var client = await service.AcceptTcpClientAsync(Token);
            await using var tls = new SslStream(client.GetStream());
            try
            {
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = SslStreamCertificateContext.Create(server, [between], offline: true) }, Token);
                await tls.ReadAtLeastAsync(new byte[4096], 16, throwOnEndOfStream: false, Token);
                await tls.WriteAsync("HTTP/1.1 299 Fine\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), Token);
            }
            catch (IOException)
            {
                // Refused.
            }
        }
    }

    private static X509Certificate2 Make(string subject, X509Certificate2? issuer, bool isAuthority, string purpose = ForServers)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(isAuthority ? X509KeyUsageFlags.KeyCertSign : X509KeyUsageFlags.DigitalSignature, true));
        if (!isAuthority)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(subject["CN=".Length..]);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        }

        var (from, until) = (new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero));
        if (issuer is null)
        {
            return request.CreateSelfSigned(from, until);
        }

        // The issuer's own wish to be none does not keep it from signing.
        using var signer = issuer.GetECDsaPrivateKey()!;
        using var made = request.Create(issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(signer), from, until, RandomNumberGenerator.GetBytes(8));
        using var whole = made.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
    }

    /// <summary>A body that does not end after its bytes.</summary>
    private sealed class OpenBody(byte[] bytes) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(bytes, Token);
            await stream.FlushAsync(Token);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, Token);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>Bytes whose number nobody can know before.</summary>
    private sealed class Endless(int left) : Gatehouse.Tunnel.Wire.AsyncStream
    {
        private int left = left;

        public override bool CanRead => true;

        public override bool CanWrite => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var count = Math.Min(left, buffer.Length);
            left -= count;
            return ValueTask.FromResult(count);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
