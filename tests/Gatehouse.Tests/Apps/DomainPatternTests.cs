using Gatehouse.Model.Apps;

namespace Gatehouse.Tests.Apps;

/// <summary>Cloudflare's domain patterns (contract 2.6).</summary>
public class DomainPatternTests
{
    [Theory]
    [InlineData("example.com", "example.com", true)]
    [InlineData("example.com", "a.example.com", false)]
    [InlineData("*.example.com", "a.example.com", true)]
    [InlineData("*.example.com", "example.com", false)]
    [InlineData("*.example.com", "a.b.example.com", false)]
    [InlineData("*.example.com", "aexample.com", false)]
    [InlineData("*test.example.com", "mytest.example.com", true)]
    [InlineData("*test.example.com", "test.example.com", false)]
    [InlineData("test*.example.com", "test1.example.com", true)]
    [InlineData("a*z.example.com", "az.example.com", false)]
    [InlineData("a*z.example.com", "abz.example.com", true)]
    [InlineData("a*a.example.com", "a.example.com", false)]
    [InlineData("EXAMPLE.com", "example.com", true)]
    public void Hosts(string pattern, string host, bool expected) => Assert.Equal(expected, Parse(pattern).CoversHost(host));

    [Theory]
    [InlineData("x.y", "/", true)]
    [InlineData("x.y/", "/any", true)]
    [InlineData("x.y/*", "/", true)]
    [InlineData("x.y/*", "/any", true)]
    [InlineData("x.y/a", "/a", true)]
    [InlineData("x.y/a", "/a/", true)]
    [InlineData("x.y/a", "/a/b", true)]
    [InlineData("x.y/a", "/ab", false)]
    [InlineData("x.y/a", "/A", false)]
    [InlineData("x.y/a/", "/a", true)]
    [InlineData("x.y/alpha/*", "/alpha", false)]
    [InlineData("x.y/alpha/*", "/alpha/", false)]
    [InlineData("x.y/alpha/*", "/alpha/b", true)]
    [InlineData("x.y/alpha*", "/alpha", true)]
    [InlineData("x.y/alpha*", "/alphabet/c", true)]
    [InlineData("x.y/alpha*", "/alp", false)]
    [InlineData("x.y/foo/*/bar", "/foo/1/bar", true)]
    [InlineData("x.y/foo/*/bar", "/foo/1/2/bar/baz", true)]
    [InlineData("x.y/foo/*/bar", "/foo/bar", false)]
    [InlineData("x.y/foo/*/bar", "/foo/1/barx", false)]
    [InlineData("x.y/foo/*/bar", "/foo/1/barx/bar", true)]
    [InlineData("x.y/a*b", "/axbxb", true)]
    [InlineData("x.y/a*b", "/axbx", false)]
    [InlineData("x.y/a/*/*", "/a/b", false)]
    [InlineData("x.y/a/*/*", "/a/b/c", true)]
    public void Paths(string pattern, string path, bool expected) => Assert.Equal(expected, Parse(pattern).CoversPlain(path));

    [Theory]
    [InlineData("")]
    [InlineData("https://x.y")]
    [InlineData("x.y:8443")]
    [InlineData("x y")]
    [InlineData("x..y")]
    [InlineData("-x.y")]
    [InlineData("**.x.y")]
    [InlineData("x.y/a/../b")]
    [InlineData("x.y//a")]
    [InlineData("x.y/a%20b")]
    [InlineData("x.y/a;b")]
    [InlineData("x.y/a?b")]
    [InlineData("x.y/a#b")]
    [InlineData("x.y/a**")]
    [InlineData("x.y/a\\b")]
    [InlineData("x.y/a./b")]
    [InlineData("x.y/\u00e9")]
    [InlineData("\u00e9.y")]
    public void Refuses_what_is_not_plain(string text)
    {
        Assert.False(DomainPattern.TryParse(text, out _, out var fault));
        Assert.NotEmpty(fault);
    }

    private static DomainPattern Parse(string text)
    {
        Assert.True(DomainPattern.TryParse(text, out var pattern, out var fault), fault);
        return pattern;
    }
}
