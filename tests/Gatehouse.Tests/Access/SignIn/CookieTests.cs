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
}
