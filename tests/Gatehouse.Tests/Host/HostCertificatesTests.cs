using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Hosts;
using Gatehouse.Tests.Fakes;
using Gatehouse.Tls;

namespace Gatehouse.Tests.Host;

/// <summary>Which certificate a handshake gets.</summary>
public sealed class HostCertificatesTests : IDisposable
{
    private readonly FakeClock clock = new();
    private readonly LocalAuthority authority;
    private readonly HostCertificates certificates;

    /// <summary>An installation that serves names under published.localhost, and one by its A-label.</summary>
    public HostCertificatesTests()
    {
        authority = LocalAuthority.Create(clock.GetUtcNow());
        certificates = new HostCertificates(
            authority,
            new PublicUrls("localhost", 8443),
            host => host.EndsWith(".published.localhost", StringComparison.Ordinal) || host == "xn--bcher-kva.example",
            clock);
    }

    [Theory]
    [InlineData("a.published.localhost", "a.published.localhost")]
    [InlineData("A.Published.LOCALHOST", "a.published.localhost")]
    [InlineData("bücher.example", "xn--bcher-kva.example")]
    public void A_served_name_gets_a_certificate_of_its_own(string asked, string expected) => Assert.Equal([expected], Names(asked));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("auth.localhost")]
    [InlineData("unknown.example")]
    [InlineData("\u0000")]
    [InlineData("-bad-.example")]
    [InlineData("\u3002\u3002")]
    public void Any_other_gets_the_one_of_the_own_hosts(string? asked) =>
        Assert.Equal(["auth.localhost", "access.localhost", "api.localhost", "dash.localhost"], Names(asked));

    [Fact]
    public void It_is_kept_until_a_month_before_its_end()
    {
        var first = certificates.For("a.published.localhost");
        clock.Advance(TimeSpan.FromDays(59));
        Assert.Same(first, certificates.For("a.published.localhost"));

        clock.Advance(TimeSpan.FromDays(2));
        var second = certificates.For("a.published.localhost");

        Assert.NotSame(first, second);
        Assert.True(second.TargetCertificate.NotAfter > first.TargetCertificate.NotAfter);
    }

    [Fact]
    public void A_flood_of_names_under_a_wildcard_is_held_within_bounds()
    {
        var first = certificates.For("n0.published.localhost");
        for (var n = 1; n <= HostCertificates.Capacity + 10; n++)
        {
            certificates.For($"n{n}.published.localhost");
        }

        Assert.InRange(certificates.Count, 1, HostCertificates.Capacity);
        Assert.NotNull(first);
    }

    [Fact]
    public void The_authority_reads_back_what_it_exports()
    {
        using var again = LocalAuthority.Import(authority.Export());

        using var leaf = again.Issue(["x.localhost"], clock.GetUtcNow());

        Assert.Equal(authority.Certificate.Thumbprint, again.Certificate.Thumbprint);
        Assert.Equal(again.Certificate.Subject, leaf.Issuer);
        Assert.DoesNotContain("PRIVATE", authority.CertificatePem, StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public void Dispose() => authority.Dispose();

    private IEnumerable<string> Names(string? asked) =>
        certificates.For(asked).TargetCertificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames();
}
