using System.Net;
using Gatehouse.Model.Policies;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>The organization's <c>login_design</c> on the pages on which people sign in or are refused.</summary>
public class LoginDesignTests
{
    private const string Style = "<link rel=\"stylesheet\" href=\"/cdn-cgi/access/login.css\"";

    [Fact]
    public async Task It_is_on_the_login_page_the_denial_and_the_launcher()
    {
        await using var rig = await SignInRig.StartAsync(r =>
        {
            r.App.AutoRedirectToIdentity = false;
            (r.Organization.LoginBackground, r.Organization.LoginTextColor) = ("#102030", "#fff");
            (r.Organization.LoginLogo, r.Organization.LoginHeader, r.Organization.LoginFooter) = ("https://cdn.example/logo.png", "Hello <b>", "Ask Bob");
        });
        using var browser = rig.Browser();

        var login = await browser.FollowAsync("https://app.test/");
        Assert.Contains(Style, login.Body, StringComparison.Ordinal);
        Assert.Contains("<img src=\"https://cdn.example/logo.png\"", login.Body, StringComparison.Ordinal);
        Assert.Contains("Hello &lt;b&gt;", login.Body, StringComparison.Ordinal);
        Assert.Contains("Ask Bob", login.Body, StringComparison.Ordinal);
        Assert.Contains("img-src 'self' data: https://cdn.example;", login.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Contains("'self';", login.Headers["Content-Security-Policy"].Split("style-src")[1], StringComparison.Ordinal);

        var choice = await browser.GetAsync("https://access.test/");
        Assert.Contains("/cdn-cgi/access/launcher.css", choice.Body, StringComparison.Ordinal);
        Assert.Contains("https://cdn.example/logo.png", choice.Body, StringComparison.Ordinal);
        Assert.StartsWith("body,.card{background:#102030}", (await browser.GetAsync("https://access.test/cdn-cgi/access/launcher.css")).Body, StringComparison.Ordinal);

        rig.App.AutoRedirectToIdentity = true;
        rig.App.Policies[0].Policy!.Include = [new Rule.Email("bob@example.com")];
        rig.Reload();
        var denied = await rig.SignInAsync(browser, "https://app.test/");
        Assert.Equal(HttpStatusCode.Forbidden, denied.Status);
        Assert.Contains(Style, denied.Body, StringComparison.Ordinal);
        Assert.Contains("https://cdn.example/logo.png", denied.Body, StringComparison.Ordinal);

        // Refused at the gateway the page stands on the app's host, which has the colours as well.
        foreach (var host in new[] { "access.test", "app.test" })
        {
            var css = await browser.GetAsync($"https://{host}/cdn-cgi/access/login.css");
            Assert.Equal(("body,.card{background:#102030}\nbody,.brand,.soft{color:#fff}\n", "text/css"), (css.Body, css.Headers["Content-Type"].Split(';')[0]));
        }
    }

    [Fact]
    public async Task Without_one_the_pages_are_as_shipped()
    {
        await using var rig = await SignInRig.StartAsync(r => r.App.AutoRedirectToIdentity = false);
        using var browser = rig.Browser();
        var login = await browser.FollowAsync("https://app.test/");
        Assert.DoesNotContain("login.css", login.Body, StringComparison.Ordinal);
        Assert.Contains("Example Ltd", login.Body, StringComparison.Ordinal);
    }
}
