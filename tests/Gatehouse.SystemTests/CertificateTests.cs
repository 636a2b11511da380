using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.SystemTests;

/// <summary>What a TLS client sees.</summary>
public class CertificateTests
{
    [Theory]
    [InlineData("auth.localhost")]
    [InlineData("AUTH.localhost")]
    [InlineData("api.localhost")]
    [InlineData("nothing-here.localhost")]
    [InlineData("")]
    public async Task Own_hosts_and_unknown_names_get_the_certificate_of_the_own_hosts(string name)
    {
        await using var gatehouse = await GatehouseProcess.StartAsync();

        using var seen = await CertificateAsync(gatehouse, name, SslProtocols.None);

        Assert.Equal(
            ["access.localhost", "api.localhost", "auth.localhost", "dash.localhost"],
            seen.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames().Order());
        Assert.InRange((seen.NotAfter - seen.NotBefore).TotalDays, 89, 91);
        using var authority = gatehouse.Authority();
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        Assert.True(chain.Build(seen));
    }

    [Fact]
    public async Task N08_tls_below_1_2_is_refused()
    {
        await using var gatehouse = await GatehouseProcess.StartAsync();

#pragma warning disable SYSLIB0039, CA5397, CA5398 // the old versions are what is tested
        await Assert.ThrowsAnyAsync<Exception>(() => CertificateAsync(gatehouse, "auth.localhost", SslProtocols.Tls11));
        using var accepted = await CertificateAsync(gatehouse, "auth.localhost", SslProtocols.Tls12);
#pragma warning restore SYSLIB0039, CA5397, CA5398
        Assert.NotNull(accepted);
    }

    [Fact]
    public async Task A_certificate_given_by_the_operator_is_used_and_read_again_when_it_changes()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-given-");
        var (certificate, key) = (Path.Combine(folder.FullName, "tls.pem"), Path.Combine(folder.FullName, "tls.key"));
        var first = SelfSigned.Write(certificate, key);
        await using var gatehouse = await GatehouseProcess.StartAsync("--tls-cert", certificate, "--tls-key", key);
        using var seen = await CertificateAsync(gatehouse, "auth.localhost", SslProtocols.None);
        Assert.Equal(first, seen.Thumbprint);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, gatehouse.Ready.GetProperty("ca").ValueKind);

        var second = SelfSigned.Write(certificate, key);

        Assert.Equal(second, await EventuallyAsync(gatehouse, second));
        folder.Delete(recursive: true);
    }

    private static async Task<string> EventuallyAsync(GatehouseProcess gatehouse, string wanted)
    {
        var deadline = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            using var seen = await CertificateAsync(gatehouse, "auth.localhost", SslProtocols.None);
            if (seen.Thumbprint == wanted || deadline.Elapsed > TimeSpan.FromSeconds(10))
            {
                return seen.Thumbprint;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    [SuppressMessage("Security", "CA5359", Justification = "What was shown is the question; the tests judge it.")]
    private static async Task<X509Certificate2> CertificateAsync(GatehouseProcess gatehouse, string name, SslProtocols protocols)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, gatehouse.Port, TestContext.Current.CancellationToken);
        await using var stream = new NetworkStream(socket);
        X509Certificate2? seen = null;
        await using var tls = new SslStream(stream, leaveInnerStreamOpen: false, (_, certificate, _, _) =>
        {
            seen = X509CertificateLoader.LoadCertificate(certificate!.GetRawCertData());
            return true;
        });
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = name, EnabledSslProtocols = protocols },
            TestContext.Current.CancellationToken);
        return seen!; // the handshake came to an end, so it was shown
    }
}
