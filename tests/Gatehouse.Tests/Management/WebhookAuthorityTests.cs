using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gatehouse.Management.Notifications;
using Gatehouse.Tests.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Management;

/// <summary><c>webhook_ca</c> of notification transports (contract §5.2): the one authority that a webhook's server is held to.</summary>
public class WebhookAuthorityTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_server_is_reached_by_whoever_trusts_its_authority_and_by_nobody_else(DatabaseKind kind)
    {
        using var ours = new Authority("ours");
        using var theirs = new Authority("theirs");
        await using var server = await TlsReceiver.StartAsync(ours.Issue(IPAddress.Loopback));
        await using var host = await StartAsync(kind);
        var transport = await TransportAsync(host, server.Url, null);

        Assert.Contains("certificate", await TestAsync(host, transport, 500), StringComparison.Ordinal); // no authority of the machine
        var (right, other) = (await PairAsync(host, ours), await PairAsync(host, theirs));
        foreach (var (pair, status) in new[] { (right, 200), (other, 500), (right, 200) })
        {
            Assert.Equal(pair, (await host.AuthentikAsync("PATCH", transport, new JsonObject { ["webhook_ca"] = pair })).Expect(200).Text("webhook_ca"));
            await TestAsync(host, transport, status);
        }

        Assert.Equal(2, server.Count);
    }

    [Fact]
    public async Task The_authority_vouches_for_names_it_gave_and_for_servers_only()
    {
        using var ours = new Authority("ours");
        await using var elsewhere = await TlsReceiver.StartAsync(ours.Issue(IPAddress.Parse("192.0.2.7")));
        await using var person = await TlsReceiver.StartAsync(ours.Issue(IPAddress.Loopback, usage: "1.3.6.1.5.5.7.3.2"));
        await using var host = await StartAsync(DatabaseKind.Sqlite);
        var pair = await PairAsync(host, ours);

        foreach (var server in new[] { elsewhere, person })
        {
            var transport = await TransportAsync(host, server.Url, pair, "to " + server.Url);
            await TestAsync(host, transport, 500);
            Assert.Equal(0, server.Count);
        }
    }

    [Fact]
    public async Task An_authority_opens_no_way_to_this_machine()
    {
        using var ours = new Authority("ours");
        await using var server = await TlsReceiver.StartAsync(ours.Issue(IPAddress.Loopback));
        await using var host = await ApiHost.StartAsync();

        await TestAsync(host, await TransportAsync(host, server.Url, await PairAsync(host, ours)), 500);

        Assert.Equal(0, server.Count);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_key_pair_that_a_transport_names_stays(DatabaseKind kind)
    {
        using var ours = new Authority("ours");
        await using var host = await StartAsync(kind);
        var pair = await PairAsync(host, ours);
        var transport = await TransportAsync(host, "https://hooks.example.com/", pair);

        var uses = (await host.AuthentikAsync("GET", $"/crypto/certificatekeypairs/{pair}/used_by/")).Expect(200);
        Assert.Equal(("notificationtransport", "transport"), (uses.Text("0.model_name"), uses.Text("0.name")));
        (await host.AuthentikAsync("DELETE", $"/crypto/certificatekeypairs/{pair}/")).Expect(400);

        Assert.Equal(pair, (await host.AuthentikAsync("PUT", transport, new JsonObject { ["name"] = "transport" })).Expect(200).Text("webhook_ca"));
        Assert.Null((await host.AuthentikAsync("PATCH", transport, new JsonObject { ["webhook_ca"] = null })).Expect(200).Text("webhook_ca"));
        (await host.AuthentikAsync("DELETE", $"/crypto/certificatekeypairs/{pair}/")).Expect(204);
        var refused = (await host.AuthentikAsync("PATCH", transport, new JsonObject { ["webhook_ca"] = pair })).Expect(400);
        Assert.Contains("does not exist", refused.Text("webhook_ca.0"), StringComparison.Ordinal);
    }

    private static Task<ApiHost> StartAsync(DatabaseKind kind) =>
        ApiHost.StartAsync(kind, s => s.AddSingleton(new NotificationOptions { AllowsLocalTargets = true }));

    private static async Task<string> TransportAsync(ApiHost host, string url, string? authority, string name = "transport")
    {
        var made = await host.AuthentikAsync("POST", "/events/transports/", new JsonObject { ["name"] = name, ["mode"] = "webhook", ["webhook_url"] = url, ["webhook_ca"] = authority });
        return $"/events/transports/{made.Expect(201).Text("pk")}/";
    }

    private static async Task<string> TestAsync(ApiHost host, string transport, int status) =>
        (await host.AuthentikAsync("POST", transport + "test/", new JsonObject())).Expect(status).Body!.ToJsonString();

    private static async Task<string> PairAsync(ApiHost host, Authority authority) =>
        (await host.AuthentikAsync("POST", "/crypto/certificatekeypairs/", new JsonObject { ["name"] = authority.Name, ["certificate_data"] = authority.Pem })).Expect(201).Text("pk")!;

    private sealed class Authority : IDisposable
    {
        private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly X509Certificate2 certificate;

        public Authority(string name)
        {
            Name = name;
            var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
            certificate = request.CreateSelfSigned(Begin, Begin.AddYears(100));
        }

        public string Name { get; }

        public string Pem => certificate.ExportCertificatePem();

        private static DateTimeOffset Begin { get; } = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public X509Certificate2 Issue(IPAddress address, string usage = "1.3.6.1.5.5.7.3.1")
        {
            using var leaf = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=hooks", leaf, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(address);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
            using var issued = request.Create(certificate, Begin, Begin.AddYears(99), RandomNumberGenerator.GetBytes(8));
            return issued.CopyWithPrivateKey(leaf);
        }

        public void Dispose()
        {
            certificate.Dispose();
            key.Dispose();
        }
    }

    /// <summary>A server that counts what is posted to it over TLS.</summary>
    private sealed class TlsReceiver(WebApplication app, X509Certificate2 certificate) : IAsyncDisposable
    {
        private int count;

        public int Count => Volatile.Read(ref count);

        public string Url => app.Urls.First() + "/hook";

        public static async Task<TlsReceiver> StartAsync(X509Certificate2 certificate)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, o => o.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificate = certificate }), // whatever it is for
            })));
            var app = builder.Build();
            var receiver = new TlsReceiver(app, certificate);
            app.MapPost("/hook", () =>
            {
                Interlocked.Increment(ref receiver.count);
                return Results.NoContent();
            });
            await app.StartAsync(Stop);
            return receiver;
        }

        public async ValueTask DisposeAsync()
        {
            await app.DisposeAsync();
            certificate.Dispose();
        }
    }
}
