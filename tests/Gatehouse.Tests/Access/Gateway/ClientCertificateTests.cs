using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Client certificates over real TLS: who is asked, whose count, and what the origin hears of it. Row T10 for their chains.</summary>
[SuppressMessage("Security", "CA5359", Justification = "The server's certificate is not what is tested.")]
[SuppressMessage("Reliability", "CA2000", Justification = "The raw stream owns its connection.")]
public sealed class ClientCertificateTests : IDisposable
{
    private static readonly DateTimeOffset Year = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly X509Certificate2 authority = Make("CN=Root", null, isAuthority: true);
    private readonly List<X509Certificate2> made = [];

    public void Dispose()
    {
        authority.Dispose();
        made.ForEach(c => c.Dispose());
    }

    [Fact]
    public async Task A_certificate_of_the_uploaded_authority_admits()
    {
        await using var gateway = await StartAsync(new Rule.Certificate());
        Assert.Equal(403, await AskAsync(gateway, null));
        Assert.Equal(200, await AskAsync(gateway, Leaf("CN=robot")));
        Assert.Null(gateway.Origin.Only.Header("Cf-Client-Cert-Der-Base64"));
        Assert.Equal("robot", new Microsoft.IdentityModel.JsonWebTokens.JsonWebToken(gateway.Origin.Only.Header("Cf-Access-Jwt-Assertion")).GetClaim("common_name").Value);
    }

    [Theory]
    [InlineData("CN=robot", 200)]
    [InlineData("CN=Robot", 403)]
    [InlineData("CN=robot2", 403)]
    [InlineData("O=robot", 403)]
    public async Task A_common_name_is_compared_whole(string subject, int status)
    {
        await using var gateway = await StartAsync(new Rule.CommonName("robot"));
        Assert.Equal(status, await AskAsync(gateway, Leaf(subject)));
    }

    [Theory]
    [InlineData("self-signed")]
    [InlineData("other authority of that name")]
    [InlineData("expired")]
    [InlineData("not yet valid")]
    [InlineData("for servers")]
    [InlineData("issued by a user's")]
    [InlineData("the authority itself")]
    public async Task T10_other_certificates_are_none(string row)
    {
        await using var gateway = await StartAsync(new Rule.Certificate());
        using var other = Make("CN=Root", null, isAuthority: true);
        var user = Leaf("CN=user");
        var shown = row switch
        {
            "self-signed" => Keep(Make("CN=robot", null)),
            "other authority of that name" => Keep(Make("CN=robot", other)),
            "expired" => Keep(Make("CN=robot", authority, from: Year.AddDays(-20), until: Year.AddDays(-1))),
            "not yet valid" => Keep(Make("CN=robot", authority, from: Year.AddDays(10), until: Year.AddDays(20))),
            "for servers" => Keep(Make("CN=robot", authority, usage: "1.3.6.1.5.5.7.3.1")),
            "issued by a user's" => Keep(Make("CN=robot", user)),
            _ => authority,
        };
        Assert.Equal(403, await AskAsync(gateway, shown));
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task An_authority_counts_on_its_own_hosts_only_whatever_the_handshake_named()
    {
        await using var gateway = await StartAsync(new Rule.Certificate(), host =>
        {
            host.AddApp("second", "second.test", GatewayHost.Policy(PolicyAction.NonIdentity, new Rule.Certificate()));
            host.AddApp("third", "third.test", GatewayHost.Policy(PolicyAction.NonIdentity, new Rule.Certificate()));
            using var theirs = Make("CN=Theirs", null, isAuthority: true);
            host.Authorities.Add(Authority(theirs, "second.test"));
            host.Publish("second.test").Publish("third.test");
        });
        Assert.Equal(403, await AskAsync(gateway, Leaf("CN=robot"), "second.test"));
        Assert.Equal(403, await AskAsync(gateway, Leaf("CN=robot"), "second.test", "app.test"));
        Assert.Equal(403, await AskAsync(gateway, Leaf("CN=robot"), "third.test", "app.test"));
        Assert.Equal(403, await AskAsync(gateway, Leaf("CN=robot"), "app.test", "third.test")); // nobody asked for it there
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task H01_what_a_client_says_of_its_certificate_is_not_passed_on_and_settings_say_what_is()
    {
        await using var gateway = await StartAsync(new Rule.Everyone(), host => host.CertificateSettings.Add(new ClientCertificateSetting { Hostname = "app.test", IsForwarded = true }));
        var forged = "Cf-Client-Cert-Der-Base64: AAAA\r\nCf_Client_Cert_Sha256: 00\r\nClient-Cert: :AAAA:\r\nX-SSL-Client-CN: robot\r\n";
        Assert.Equal(200, await AskAsync(gateway, null, headers: forged));
        var seen = gateway.Origin.Only;
        Assert.Null(seen.Header("Cf-Client-Cert-Der-Base64"));
        Assert.Null(seen.Header("Cf_Client_Cert_Sha256"));
        Assert.Null(seen.Header("Client-Cert"));
        Assert.Null(seen.Header("X-SSL-Client-CN"));

        var leaf = Leaf("CN=robot");
        Assert.Equal(200, await AskAsync(gateway, leaf, headers: forged));
        Assert.Equal(Convert.ToBase64String(leaf.RawData), gateway.Origin.Requests.Last().Header("Cf-Client-Cert-Der-Base64"));
    }

    [Fact]
    public async Task A_certificate_that_is_called_like_a_service_token_is_none()
    {
        var id = new string('c', 32) + ".access";
        await using var gateway = await StartAsync(new Rule.Certificate(), host =>
        {
            host.Organization.StrictServiceTokens = false;
            host.ServiceTokens.Add(new ServiceToken { Id = Guid.CreateVersion7(), Name = "backup", ClientId = id, SecretHash = ServiceTokenEntry.HashOf("x") });
        });
        Assert.Equal(200, await AskAsync(gateway, Leaf("CN=" + id)));
        var token = gateway.Origin.Only.Header("Cf-Access-Jwt-Assertion");
        gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("machines")].App.Policies[0].Policy!.Include = [new Rule.AnyServiceToken()];
        gateway.Reload();
        Assert.Equal(403, (await gateway.GetAsync("/", token)).Status);
    }

    [Fact]
    public async Task An_authority_that_is_taken_away_ends_what_it_admitted()
    {
        await using var gateway = await StartAsync(new Rule.Certificate());
        var leaf = Leaf("CN=robot");
        await using var connection = await ConnectAsync(gateway, leaf, "app.test");
        Assert.Equal(200, await AskAsync(connection, "app.test"));
        gateway.Authorities.Clear();
        gateway.Reload();
        Assert.Equal(403, await AskAsync(connection, "app.test"));
    }

    [Theory]
    [InlineData(PolicyAction.NonIdentity, "certificate")]
    [InlineData(PolicyAction.Bypass, "certificate")]
    [InlineData(PolicyAction.Bypass, "authority")]
    public async Task S17_a_websocket_ends_with_the_certificate_that_admitted_it(PolicyAction action, string ends)
    {
        await using var gateway = await StartAsync(
            new Rule.Certificate(),
            host => host.AddApp("ws", "app.test/ws", GatewayHost.Policy(action, new Rule.Certificate())).SessionDuration = TimeSpan.FromDays(31),
            Echo());
        var soon = gateway.Clock.GetUtcNow().AddHours(1);
        var lasting = Keep(Make("CN=lasting", authority, until: ends == "certificate" ? Year.AddDays(100) : Year.AddYears(2)));
        await using var quick = await OpenAsync(gateway, Keep(Make("CN=quick", authority, until: ends == "certificate" ? soon : Year.AddYears(2))));
        await using var slow = await OpenAsync(gateway, lasting);

        gateway.Clock.Advance(ends == "certificate" ? TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1) : Year.AddYears(1) - gateway.Clock.GetUtcNow() + TimeSpan.FromSeconds(1));

        var inTime = TimeSpan.FromSeconds(5);
        Assert.Equal("\u0088\u0002\u0003\u00f0", await quick.ReadAsync(4).WaitAsync(inTime, TestContext.Current.CancellationToken));
        if (ends == "certificate")
        {
            await slow.SendAsync("\u0081\u0002hi");
            Assert.Equal("\u0081\u0002hi", await slow.ReadAsync(4).WaitAsync(inTime, TestContext.Current.CancellationToken));
        }
    }

    private static RawOrigin Echo() => new(async (_, to) =>
    {
        await to.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
        while (await to.ReadAsync(1) is { Length: > 0 } piece)
        {
            await to.SendAsync(piece);
        }
    });

    private static async Task<RawStream> OpenAsync(GatewayHost gateway, X509Certificate2 certificate)
    {
        var connection = await ConnectAsync(gateway, certificate, "app.test");
        await connection.SendAsync(GatewayHost.Request(
            "GET", "/ws", headers: "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: https://app.test\r\n"));
        Assert.Equal(101, (await connection.ReadAnswerAsync()).Status);
        return connection;
    }

    private static async Task<int> AskAsync(GatewayHost gateway, X509Certificate2? certificate, string host = "app.test", string? serverName = null, string headers = "")
    {
        await using var connection = await ConnectAsync(gateway, certificate, serverName ?? host);
        return await AskAsync(connection, host, headers);
    }

    private static async Task<int> AskAsync(RawStream connection, string host, string headers = "")
    {
        await connection.SendAsync(GatewayHost.Request("GET", "/", host: host, headers: headers));
        return (await connection.ReadAnswerAsync()).Status;
    }

    private static async Task<RawStream> ConnectAsync(GatewayHost gateway, X509Certificate2? certificate, string serverName)
    {
        var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", gateway.TlsPort, TestContext.Current.CancellationToken);
        var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = serverName,
                ClientCertificates = certificate is null ? null : [certificate],
                LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
                ApplicationProtocols = [SslApplicationProtocol.Http11],
            },
            TestContext.Current.CancellationToken);
        return new RawStream(tls);
    }

    private Task<GatewayHost> StartAsync(Rule include, Action<GatewayHost>? change = null, RawOrigin? origin = null) => GatewayHost.StartAsync(
        host =>
        {
            host.AddApp("machines", "app.test", GatewayHost.Policy(PolicyAction.NonIdentity, include));
            host.Authorities.Add(Authority(authority, "app.test"));
            host.Publish("app.test");
            change?.Invoke(host);
        },
        origin);

    private static ClientAuthority Authority(X509Certificate2 certificate, params string[] hosts) => new()
    {
        Id = Guid.CreateVersion7(),
        Name = "authority",
        CertificatePem = certificate.ExportCertificatePem(),
        Fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256),
        ExpiresAt = Year.AddYears(1),
        Hostnames = [.. hosts],
    };

    private X509Certificate2 Leaf(string subject) => Keep(Make(subject, authority));

    private X509Certificate2 Keep(X509Certificate2 certificate)
    {
        made.Add(certificate);
        return certificate;
    }

    private static X509Certificate2 Make(
        string subject, X509Certificate2? issuer, bool isAuthority = false, DateTimeOffset? from = null, DateTimeOffset? until = null, string usage = "1.3.6.1.5.5.7.3.2")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        if (!isAuthority)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        }

        var (begin, end) = (from ?? Year.AddDays(-1), until ?? Year.AddDays(100));
        if (issuer is null)
        {
            using var own = request.CreateSelfSigned(begin, isAuthority ? Year.AddYears(1) : end);
            return X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
        }

        using var signed = Sign(request, issuer, begin, end);
        using var whole = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
    }

    // Also by somebody who is no authority: the runtime's own check is passed by.
    private static X509Certificate2 Sign(CertificateRequest request, X509Certificate2 issuer, DateTimeOffset begin, DateTimeOffset end)
    {
        using var key = issuer.GetECDsaPrivateKey()!;
        return request.Create(issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(key), begin, end, RandomNumberGenerator.GetBytes(8));
    }
}
