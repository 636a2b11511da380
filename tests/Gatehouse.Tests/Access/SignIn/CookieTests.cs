using System.Net;
using Gatehouse.Model.Apps;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>The switches of an app's cookies, end to end: binding, path, SameSite, HttpOnly (contract 1.5).</summary>
public class CookieTests
{
    [Fact]
    public async Task A_bound_token_is_none_without_its_second_cookie()
    {
        await using var rig = await SignInRig.StartAsync(r => r.App.BindingCookie = true);
        using var browser = rig.Browser();
        Assert.Equal(HttpStatusCode.OK, (await rig.SignInAsync(browser)).Status);
        Assert.NotNull(browser["app.test", "CF_Binding"]);
        Assert.Contains("ada@example.com", (await browser.GetAsync("https://app.test/cdn-cgi/access/get-identity")).Body, StringComparison.Ordinal);

        browser.Cookies.RemoveAll(c => c.Name == "CF_Binding");
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync("https://app.test/cdn-cgi/access/get-identity")).Status);
        browser.Cookies.Add(new Browser.Cookie("app.test", "CF_Binding", new string('A', 43), "/", DateTimeOffset.MaxValue));
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync("https://app.test/cdn-cgi/access/get-identity")).Status);
    }

    [Theory]
    [InlineData(true, null, "httponly", "samesite=none")]
    [InlineData(false, CookieSameSite.Lax, null, "samesite=lax")]
    [InlineData(true, CookieSameSite.Strict, "httponly", "samesite=strict")]
    public async Task Attributes_are_as_the_app_says(bool httpOnly, CookieSameSite? sameSite, string? has, string same)
    {
        await using var rig = await SignInRig.StartAsync(r => (r.App.HttpOnlyCookie, r.App.SameSiteCookie) = (httpOnly, sameSite));
        using var browser = rig.Browser();
        var begun = await rig.BeginAsync(browser);
        var handOff = await SignInRig.CallbackAsync(browser, begun);
        var cookie = Assert.Single((await browser.GetAsync(handOff.Location!)).SetCookies, c => c.StartsWith("CF_Authorization=", StringComparison.Ordinal));
        Assert.Equal(has is not null, cookie.Contains("httponly", StringComparison.OrdinalIgnoreCase));
        Assert.Contains(same, cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("secure", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sign_in_is_carried_to_the_apps_other_hosts_at_once_where_it_says_so(bool eager)
    {
        await using var rig = await SignInRig.StartAsync(r =>
        {
            r.App.EagerRedirect = eager;
            r.App.Domains = ["app.test", "api.test/v1", "*.wild.test", "gone.test"];
            r.Published = ["app.test", "api.test", "a.wild.test"];
        });
        using var browser = rig.Browser();
        var end = await rig.SignInAsync(browser);
        Assert.Equal("app /deep?q=1&r=%2F", end.Body);
        Assert.Equal(eager, browser["api.test", "CF_Authorization"] is not null);
        Assert.Null(browser["gone.test", "CF_Authorization"]);
        Assert.Contains("ada@example.com", (await browser.GetAsync("https://app.test/cdn-cgi/access/get-identity")).Body, StringComparison.Ordinal);
        Assert.Equal(eager, (await browser.GetAsync("https://api.test/cdn-cgi/access/get-identity")).Status == HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("forged")]
    [InlineData("")]
    public async Task S11_a_round_that_is_not_ours_leads_nowhere(string round)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var answer = await browser.GetAsync("https://app.test/cdn-cgi/access/login?redirect_url=%2F&round=" + round);
        Assert.DoesNotContain("round=", answer.Location, StringComparison.Ordinal);
    }
}
