using Gatehouse.Identity.SignIn;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>Which targets of <c>next</c> stay on this host, whoever reads them.</summary>
public class NextUrlTests
{
    [Theory]
    [InlineData("/", true)]
    [InlineData("/if/user/", true)]
    [InlineData("/application/o/authorize/?redirect_uri=https%3A%2F%2Frp.test%2Fcb&state=a%2F..%2Fb#x//y", true)]
    [InlineData("/a%20b/c-d_e", true)]
    [InlineData("", false)]
    [InlineData("evil", false)]
    [InlineData("//evil", false)]
    [InlineData("///evil", false)]
    [InlineData("/\\evil", false)]
    [InlineData("\\\\evil", false)]
    [InlineData("https:evil", false)]
    [InlineData("https://evil", false)]
    [InlineData("https://auth.gh.test@evil", false)]
    [InlineData("javascript:alert(1)", false)]
    [InlineData("\t//evil", false)]
    [InlineData("/\t/evil", false)]
    [InlineData("/\n/evil", false)]
    [InlineData(" /x", false)]
    [InlineData("/x y", false)]
    [InlineData("/\u0000", false)]
    [InlineData("/\u007f", false)]
    [InlineData("/\u2028/evil", false)]
    [InlineData("/%2f%5cevil", false)]
    [InlineData("/%2Fevil", false)]
    [InlineData("/%5Cevil", false)]
    [InlineData("/%09/evil", false)]
    [InlineData("/%0d%0aLocation:evil", false)]
    [InlineData("/%252fevil", false)]
    [InlineData("/%2", false)]
    [InlineData("/%zz", false)]
    [InlineData("/.//evil", false)]
    [InlineData("/a/../..//evil", false)]
    [InlineData("/%2e%2e/x", false)]
    [InlineData("/a//b", false)]
    public void S11_only_a_path_on_this_host_is_safe(string next, bool expected) => Assert.Equal(expected, NextUrl.IsSafe(next));

    [Fact]
    public void S11_what_is_safe_stays_on_the_host_for_Uri_too()
    {
        var home = new Uri("https://auth.gh.test/");

        Assert.All(["/", "/if/user/", "/a?b=//c", "/a#//b"], next => Assert.Equal(home.Authority, new Uri(home, next).Authority));
    }
}
