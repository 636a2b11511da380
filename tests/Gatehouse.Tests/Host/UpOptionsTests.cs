using Gatehouse.Hosting;

namespace Gatehouse.Tests.Host;

/// <summary>Where to listen and what the names are.</summary>
public class UpOptionsTests
{
    [Theory]
    [InlineData("127.0.0.1:8443", "127.0.0.1:8443")]
    [InlineData("0.0.0.0:443", "0.0.0.0:443")]
    [InlineData("localhost:8443", "127.0.0.1:8443")]
    [InlineData("[::1]:8443", "[::1]:8443")]
    [InlineData("[::]:443", "[::]:443")]
    public void An_address_with_a_port_is_read(string text, string expected)
    {
        Assert.True(UpOptions.TryParseEndPoint(text, out var endPoint));
        Assert.Equal(expected, endPoint.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("8443")]
    [InlineData(":8443")]
    [InlineData("127.1:8443")]
    [InlineData("0x7f.0.0.1:8443")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:+8443")]
    [InlineData("127.0.0.1: 8443")]
    [InlineData("::1:8443")]
    [InlineData("[127.0.0.1]:8443")]
    [InlineData("example.com:8443")]
    public void Anything_else_is_refused(string text) => Assert.False(UpOptions.TryParseEndPoint(text, out _));

    [Theory]
    [InlineData("localhost", "localhost")]
    [InlineData("Example.COM.", "example.com")]
    public void A_domain_is_kept_in_lower_case_without_the_last_dot(string text, string expected)
    {
        Assert.True(UpOptions.TryParseDomain(text, out var domain));
        Assert.Equal(expected, domain);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a..b")]
    [InlineData(".")]
    [InlineData("https://example.com")]
    [InlineData("example.com:8443")]
    [InlineData("192.0.2.1")]
    [InlineData("bücher.example")]
    public void A_text_that_is_no_domain_is_refused(string text) => Assert.False(UpOptions.TryParseDomain(text, out _));
}
