using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Providers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Tests.Identity.Oidc;

public class RedirectUrisTests
{
    private readonly RedirectUris redirects = new(NullLogger<RedirectUris>.Instance);

    [Theory]
    [InlineData("https://foo.example.com", true)]
    [InlineData("https://fooaexample.com", false)]
    [InlineData("https://foo.example.com\n", false)]
    [InlineData("https://evil/?https://foo.example.com", false)]
    [InlineData("https://foo.example.com/", false)]
    public void O01_a_strict_uri_is_no_pattern(string offered, bool expected) => Assert.Equal(expected, Matches(offered, MatchingMode.Strict, "https://foo.example.com"));

    [Theory]
    [InlineData(@"https://rp\.io/.*", "https://rp.io/a", true)]
    [InlineData(@"https://rp\.io/.*", "https://rpXio/", false)]
    [InlineData(@"https://rp\.io/.*", "https://evil/?https://rp.io/", false)]
    [InlineData(@"https://rp\.io", "https://rp.io\n", false)]
    [InlineData(@"https://a|https://b", "https://a.evil", false)] // both sides of the bar are anchored
    [InlineData(@"https://rp\.io.*", "https://rp.io@evil.test/", false)]
    [InlineData(@"https://[^/]*\.rp\.io/", "https://evil.test\\.rp.io/", false)] // browsers read \ as /
    [InlineData(@"(?=x)https://rp\.io", "https://rp.io", false)] // lookahead: can't be matched in linear time, so never
    [InlineData(@"https://rp\.io/(", "https://rp.io/(", false)]
    [InlineData(@"(?i)javascript:.*", "JavaScript://x", false)]
    public void O01_a_pattern_has_to_match_the_whole_uri(string pattern, string offered, bool expected) => Assert.Equal(expected, Matches(offered, MatchingMode.Regex, pattern));

    [Theory]
    [InlineData("https://app.test.evil")]
    [InlineData("https://app.test@evil")]
    [InlineData("https://app.test/cb/../x")]
    [InlineData("https://app.test/cb?")]
    [InlineData("https://app.test/cb#")]
    [InlineData("https://app.test/cb?a=1")]
    [InlineData("https://app.test:443/cb")]
    [InlineData("https://app.test/%63b")]
    [InlineData(" https://app.test/cb")]
    public void O02_nothing_but_the_exact_string_matches(string offered) => Assert.False(Matches(offered, MatchingMode.Strict, "https://app.test/cb"));

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("JavaScript://x/%0aalert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData(" vbscript:x")]
    [InlineData("\tjavascript:x")]
    [InlineData("https://rp.test/cb#frag")]
    [InlineData("/cb")]
    [InlineData("//rp.test/cb")]
    [InlineData("https://rp.test/cb?code=x")] // O28
    [InlineData("https://rp.test/cb?a=1&st%61te=x")]
    [InlineData("https://bücher.test/cb")] // no header can carry it
    public void O03_unsafe_uris_are_refused_even_when_registered(string uri)
    {
        Assert.False(Matches(uri, MatchingMode.Strict, uri));
        Assert.False(Matches(uri, MatchingMode.Regex, "(?s).*"));
    }

    [Theory]
    [InlineData(@"https://rp\.test/(a+)+$")]
    [InlineData(@"https://rp\.test/(a|a)*$")]
    [InlineData(@"https://rp\.test/(.*a){20}$")]
    [InlineData(@"(([a-z:/.])+.)+[A-Z]([a-z])+$")]
    public void X05_a_hostile_pattern_is_answered_at_once(string pattern)
    {
        var watch = TimeProvider.System.GetTimestamp();

        Assert.False(Matches("https://rp.test/" + new string('a', 10_000) + "!", MatchingMode.Regex, pattern));

        Assert.True(TimeProvider.System.GetElapsedTime(watch) < TimeSpan.FromSeconds(2)); // backtracking would take longer than the sun
    }

    [Fact]
    public void O04_the_first_uri_is_not_learned()
    {
        var provider = ProviderWith([]);
        Assert.NotNull(redirects.Fault("https://rp.test/cb", provider, RedirectUriType.Authorization));
        Assert.Empty(provider.RedirectUris);
    }

    [Theory]
    [InlineData("https://a/b", "https://a/b", 11)]
    [InlineData("https://a/b", "https://a/c", 10)]
    [InlineData("https://a/b", "https://a/b/", 11)]
    [InlineData("", "x", 0)]
    public void The_first_difference_is_found(string left, string right, int expected) => Assert.Equal(expected, RedirectUris.FirstDifference(left, right));

    private bool Matches(string offered, MatchingMode mode, string registered) =>
        redirects.Fault(offered, ProviderWith([new(mode, registered, RedirectUriType.Authorization)]), RedirectUriType.Authorization) is null;

    private static OAuth2Provider ProviderWith(List<RedirectUri> uris) => new()
    {
        Name = "p",
        ClientId = "p",
        SealedClientSecret = [],
        RedirectUris = uris,
        AuthorizationFlowId = Guid.Empty,
        InvalidationFlowId = Guid.Empty,
    };
}
