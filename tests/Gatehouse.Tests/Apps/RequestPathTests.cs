using Gatehouse.Model.Apps;

namespace Gatehouse.Tests.Apps;

/// <summary>The readings of a path.</summary>
public class RequestPathTests
{
    [Theory]
    [InlineData("/", "/", "/")]
    [InlineData("/a/b-c_d~e", "/a/b-c_d~e", "/a/b-c_d~e")]
    [InlineData("/App.js?x=1", "/App.js", "/app.js")]
    [InlineData("/%61b%2Fc", "/ab%2Fc", "/ab/c")]
    [InlineData("/%7Euser", "/~user", "/~user")]
    [InlineData("/a;x=1/b", "/a;x=1/b", "/a/b")]
    [InlineData("//a//b/", "//a//b/", "/a/b/")]
    [InlineData("/%E9", "/%E9", "/\u00e9")]
    [InlineData("/a%2525", "/a%2525", "/a%")]
    public void Has_a_plain_and_a_deep_one(string target, string plain, string deep)
    {
        Assert.True(RequestPath.TryParse(target, out var path, out var refusal), refusal);
        Assert.Equal((plain, deep), (path.Plain, path.Deep));
    }

    [Theory]
    [InlineData("/a/b", "")]
    [InlineData("/Static/app.v2.js", "")]
    [InlineData("/a%20b", "/a b")]
    [InlineData("/a%2Fb", "/a/b")]
    [InlineData("/a%252Fb", "/a%2Fb|/a/b")]
    [InlineData("/a%3Fb", "/a?b|/a")]
    [InlineData("/a;b/c", "/a/c|/a")]
    [InlineData("/a./b", "/a/b")]
    [InlineData("//a", "/a")]
    [InlineData("/%EF%BD%81", "/\u00ef\u00bd\u0081|/a")]
    [InlineData("/%E2%84%AA", "/\u00e2\u0084\u00aa|/k")]
    public void Lists_what_else_an_origin_could_read(string target, string others)
    {
        Assert.True(RequestPath.TryParse(target, out var path, out var refusal), refusal);
        Assert.Equal(others.Split('|', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal), path.Others.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("?x")]
    [InlineData("*")]
    [InlineData("http://a/")]
    [InlineData("/..")]
    [InlineData("/.")]
    [InlineData("/...")]
    [InlineData("/a/%2e")]
    [InlineData("/a/%2e%2e;x/b")]
    [InlineData("/a/..%20/b")]
    [InlineData("/a/.%2e%3f")]
    [InlineData("/a/..%23x")]
    [InlineData("/a\\b")]
    [InlineData("/a%5cb")]
    [InlineData("/a%255cb")]
    [InlineData("/a%00")]
    [InlineData("/a%0a")]
    [InlineData("/a%7f")]
    [InlineData("/a%")]
    [InlineData("/a%2")]
    [InlineData("/a%zz")]
    [InlineData("/a#b")]
    [InlineData("/a b")]
    [InlineData("/\u00e9")]
    [InlineData("/a?b#c")]
    [InlineData("/a?\u00e9")]
    [InlineData("/%c0%ae%c0%ae/")]
    [InlineData("/%e0%80%af")]
    [InlineData("/%f0%80%80%af")]
    [InlineData("/%25u002e%25u002e/")]
    [InlineData("/%ef%bc%8e%ef%bc%8e/x")]
    [InlineData("/a%ef%bc%bcb")]
    public void Refuses_what_some_origin_could_climb_out_of(string target)
    {
        Assert.False(RequestPath.TryParse(target, out _, out var refusal));
        Assert.NotEmpty(refusal);
    }

    [Fact]
    public void The_readings_of_one_path_are_bounded()
    {
        Assert.False(RequestPath.TryParse("/%" + string.Concat(Enumerable.Repeat("25", 2000)) + "41", out _, out _));
        foreach (var piece in new[] { "%252{0};%3fx%2520", "%25252{0};x", "a{0}./%2f%3b%23", "%ef%bd%81{0}%2e%20" })
        {
            var target = "/x" + string.Join('/', Enumerable.Range(0, 300).Select(n => piece.Replace("{0}", (n % 10).ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)));
            if (RequestPath.TryParse(target, out var path, out _))
            {
                Assert.InRange(path.Others.Length, 1, 48);
                Assert.InRange(path.Others.Sum(o => o.Length), 1, 64 * 1024);
            }
        }
    }

    [Theory]
    [InlineData("/cdn-cgi", true)]
    [InlineData("/cdn-cgi/x", true)]
    [InlineData("/CDN-CGI/x", true)]
    [InlineData("/cdn-cgi;x/y", true)]
    [InlineData("/cdn-cgi%2fx", true)]
    [InlineData("//cdn-cgi/x", true)]
    [InlineData("/cdn-cgi%3fx", true)]
    [InlineData("/cdn-cgix", false)]
    [InlineData("/x/cdn-cgi", false)]
    public void Says_whether_it_may_lie_below_a_prefix(string target, bool expected)
    {
        Assert.True(RequestPath.TryParse(target, out var path, out _));
        Assert.Equal(expected, path.MayBeUnder("/cdn-cgi"));
    }

    [Fact]
    public void Never_throws_on_any_short_target()
    {
        // Every combination of the characters that mean something, up to five of them.
        const string Alphabet = "/a.%25;? ";
        for (var length = 0; length <= 5; length++)
        {
            var count = (int)Math.Pow(Alphabet.Length, length);
            for (var n = 0; n < count; n++)
            {
                var text = "/";
                for (int i = 0, rest = n; i < length; i++, rest /= Alphabet.Length)
                {
                    text += Alphabet[rest % Alphabet.Length];
                }

                if (RequestPath.TryParse(text, out var path, out _))
                {
                    Assert.DoesNotContain(path.Others.Add(path.Plain).Add(path.Deep), r => r.Split('/').Any(s => s is "." or ".."));
                }
            }
        }
    }
}
