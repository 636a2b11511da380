using System.Net;
using System.Net.Security;
using Gatehouse.Hosting;
using Gatehouse.Model.Hosts;
using Gatehouse.Tls;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Host;

/// <summary>Where the upstream client connects to and what it believes.</summary>
public sealed class UpstreamTrustTests : IDisposable
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();
    private readonly LocalAuthority authority;
    private readonly UpstreamTrust trust;

    /// <summary>An installation at example.com that listens on another port's loopback.</summary>
    public UpstreamTrustTests()
    {
        authority = LocalAuthority.Create(now);
        trust = new UpstreamTrust(new PublicUrls("example.com", 8443), new IPEndPoint(IPAddress.Any, 8443), authority, null);
    }

    [Theory]
    [InlineData("auth.example.com", 8443, "127.0.0.1:8443")]
    [InlineData("AUTH.example.com", 8443, "127.0.0.1:8443")]
    [InlineData("localhost", 9000, "127.0.0.1:9000")]
    [InlineData("a.b.localhost", 9000, "127.0.0.1:9000")]
    public void Own_and_local_names_are_this_machine(string host, int port, string expected) =>
        Assert.Equal(expected, trust.AddressOf(new DnsEndPoint(host, port)).ToString());

    [Theory]
    [InlineData("auth.example.com", 443)]
    [InlineData("localhost.example.net", 8443)]
    [InlineData("evillocalhost", 8443)]
    public void Any_other_name_is_left_to_dns(string host, int port) =>
        Assert.Equal(host, Assert.IsType<DnsEndPoint>(trust.AddressOf(new DnsEndPoint(host, port))).Host);

    [Fact]
    public void What_our_ca_issued_is_believed_for_the_name_asked_for_only()
    {
        using var leaf = authority.Issue(["auth.example.com"], now);

        Assert.True(trust.Accepts(leaf, null, SslPolicyErrors.RemoteCertificateChainErrors));
        Assert.False(trust.Accepts(leaf, null, SslPolicyErrors.RemoteCertificateChainErrors | SslPolicyErrors.RemoteCertificateNameMismatch));
        Assert.False(trust.Accepts(leaf, null, SslPolicyErrors.RemoteCertificateNameMismatch));
        Assert.False(trust.Accepts(null, null, SslPolicyErrors.RemoteCertificateNotAvailable));
    }

    [Fact]
    public void What_another_ca_of_that_name_issued_is_not()
    {
        using var stranger = LocalAuthority.Create(now);
        using var leaf = stranger.Issue(["auth.example.com"], now);

        Assert.False(trust.Accepts(leaf, null, SslPolicyErrors.RemoteCertificateChainErrors));
    }

    [Fact]
    public void What_has_ended_is_not()
    {
        using var old = LocalAuthority.Create(now.AddDays(-300));
        using var leaf = old.Issue(["auth.example.com"], now.AddDays(-200));

        Assert.False(new UpstreamTrust(new PublicUrls("example.com", 8443), new IPEndPoint(IPAddress.Any, 8443), old, null).Accepts(leaf, null, SslPolicyErrors.RemoteCertificateChainErrors));
    }

    /// <inheritdoc/>
    public void Dispose() => authority.Dispose();

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("[::ffff:169.254.169.254]")]
    [InlineData("[fd00:ec2::254]")]
    [InlineData("100.100.100.200")]
    public async Task X01_addresses_of_a_link_and_of_metadata_are_never_called(string host)
    {
        var services = new ServiceCollection();
        services.AddSingleton(new UpstreamTrust(new PublicUrls("example.com", 8443), new IPEndPoint(IPAddress.Any, 8443), authority, null));
        UpstreamClient.AddTo(services);
        await using var provider = services.BuildServiceProvider();
        using var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient(UpstreamClient.Name);

        var fault = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri($"http://{host}/latest/meta-data/"), TestContext.Current.CancellationToken));

        Assert.IsType<AddressRefusedException>(fault.InnerException);
    }
}
