using System.Net;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>What another site makes a browser send is refused before anything is looked at.</summary>
public class CrossSiteTests
{
    private const string Path = "/api/v3/flows/executor/default-authentication-flow/?query=";
    private const string Answer = """{"component":"ak-stage-identification","uid_field":"alice"}""";

    [Theory]
    [InlineData("Origin", "https://evil.test")]
    [InlineData("Origin", "https://app.gh.test")]
    [InlineData("Origin", "http://auth.gh.test")]
    [InlineData("Origin", "https://auth.gh.test.evil.test")]
    [InlineData("Origin", "https://auth.gh.test:444")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Sec-Fetch-Site", "same-origin, cross-site")]
    public async Task S02_a_login_from_another_site_is_refused(string header, string value)
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();

        using var posted = await browser.PostAsync(Path, Answer, (header, value));
        using var read = await browser.GetAsync(Path, (header, value));

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (posted.StatusCode, read.StatusCode));
        Assert.Contains("CSRF", (await Seen.ReadAsync(posted)).Text("detail"), StringComparison.Ordinal);
        Assert.Null(browser.Session);
    }

    [Theory]
    [InlineData("https://auth.gh.test", "same-origin")]
    [InlineData("null", "same-origin")]
    [InlineData(null, "none")]
    [InlineData(null, null)]
    public async Task Our_own_pages_and_programs_are_served(string? origin, string? site)
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        (string, string)[] headers = [.. new[] { ("Origin", origin), ("Sec-Fetch-Site", site) }.Where(h => h.Item2 is not null).Select(h => (h.Item1, h.Item2!))]; // not null: filtered

        using var posted = await browser.PostAsync(Path, Answer, headers);

        Assert.Equal(HttpStatusCode.Found, posted.StatusCode);
    }

    [Fact]
    public async Task S02_a_form_of_another_site_that_hides_its_origin_is_refused()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        using var plain = new StringContent(Answer);

        using var posted = await browser.SendAsync(HttpMethod.Post, Path, plain);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, posted.StatusCode);
    }

    [Fact]
    public async Task Whoever_is_signed_in_proves_it_by_origin_or_by_token()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var token = browser.Cookies["authentik_csrf"];
        using var other = await host.SignedInAsync("bob");
        var path = Path + "prompt%3Dlogin";

        async Task<int> StatusAsync(params (string, string)[] headers)
        {
            using var response = await browser.PostAsync(path, "{}", headers);
            return (int)response.StatusCode;
        }

        Assert.Equal(403, await StatusAsync());
        Assert.Equal(403, await StatusAsync(("X-authentik-CSRF", "x")));
        Assert.Equal(403, await StatusAsync(("X-authentik-CSRF", other.Cookies["authentik_csrf"])));
        Assert.Equal(403, await StatusAsync(("X-authentik-CSRF", "planted"), ("Cookie", $"__Host-authentik_session={browser.Session}; authentik_csrf=planted")));
        Assert.Equal(200, await StatusAsync(("X-authentik-CSRF", token)));
        Assert.Equal(200, await StatusAsync(("Origin", "https://auth.gh.test")));
    }
}
