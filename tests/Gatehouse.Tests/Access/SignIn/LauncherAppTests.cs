using System.Net;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Access.Saas;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>Bookmarks, SaaS tiles and logos in the App Launcher, and the launcher as an application of its own.</summary>
public class LauncherAppTests
{
    private const string Home = "https://access.test/";

    [Fact]
    public async Task Bookmarks_and_saas_applications_have_tiles_where_policies_say_so()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Apps.AddRange(
        [
            Bookmark("Open", "https://open.example.org/a?b=1"),
            Bookmark("Mine", "https://mine.example.org/", new Rule.EmailDomain("example.com")),
            Bookmark("Theirs", "https://theirs.example.org/", new Rule.EmailDomain("other.com")),
            Saas("Tracker", 'c', "https://tracker.example.org/"),
            Saas("Quiet", 'd', null),
        ]));
        rig.App.LogoUrl = "https://cdn.example.org/logo.png";
        rig.Reload();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        var page = await browser.GetAsync(Home);
        foreach (var href in new[] { "https://open.example.org/a?b=1", "https://mine.example.org/", "https://tracker.example.org/" })
        {
            Assert.Contains($"href=\"{href}\"", page.Body, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("theirs.example.org", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Quiet", page.Body, StringComparison.Ordinal);
        Assert.Contains("<img src=\"https://cdn.example.org/logo.png\"", page.Body, StringComparison.Ordinal);
        Assert.Contains("img-src 'self' data: https://cdn.example.org;", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bookmark_alone_gives_nobody_a_session()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Apps.Add(Bookmark("Open", "https://open.example.org/", new Rule.Everyone())));
        rig.Provider.Claims = claims => claims["email"] = "eve@elsewhere.test";
        using var browser = rig.Browser();
        Assert.Equal(HttpStatusCode.Forbidden, (await SignInAsync(rig, browser)).Status);
        Assert.Empty(rig.Sessions.All);
    }

    [Fact]
    public async Task The_launcher_s_own_policies_say_who_may_open_it()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Apps.Add(Launcher(new LauncherLook(), new Rule.Email("bob@example.com"))));
        using var browser = rig.Browser();
        Assert.Equal(HttpStatusCode.Forbidden, (await SignInAsync(rig, browser)).Status);
        Assert.Empty(rig.Sessions.All);

        await rig.SignInAsync(browser); // an app admits them, the launcher does not
        var denied = await browser.GetAsync(Home);
        Assert.Equal(HttpStatusCode.Forbidden, denied.Status);
        Assert.Contains("/?switch=1", denied.Body, StringComparison.Ordinal);
        Assert.Contains($"?login_method={rig.Method.Id}&amp;switch=1", (await browser.GetAsync(Home + "?switch=1")).Body, StringComparison.Ordinal);

        rig.Provider.Claims = claims => claims["email"] = "bob@example.com";
        Assert.Equal(Home, (await SignInAsync(rig, browser, "&switch=1")).Location);
        Assert.Contains("https://app.test/", (await browser.GetAsync(Home)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_launcher_without_a_policy_is_not_enabled()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Apps.Add(Launcher(new LauncherLook())));
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        Assert.Contains("not enabled", (await browser.GetAsync(Home)).Body, StringComparison.Ordinal);
        Assert.Contains("second factor, you can add one there", (await browser.GetAsync(Home + "?next=mfa")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_method_that_the_launcher_does_not_take_opens_nothing_there()
    {
        await using var rig = await SignInRig.StartAsync(r =>
        {
            var launcher = Launcher(new LauncherLook(), new Rule.Everyone());
            launcher.AllowedLoginMethods = [Guid.CreateVersion7()];
            r.Apps.Add(launcher);
        });
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        Assert.DoesNotContain("https://app.test/", (await browser.GetAsync(Home)).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync($"{Home}?login_method={rig.Method.Id}")).Status);
    }

    [Fact]
    public async Task The_look_of_the_launcher_is_the_administrator_s()
    {
        var look = new LauncherLook
        {
            LogoUrl = "https://cdn.example.org/house.png",
            Background = "#101820",
            ButtonColor = "#00ff00",
            Title = "Welcome <home>",
            Message = "Staff only",
            ImageUrl = "https://pics.example.org/p.png",
            FooterLinks = [new LauncherLink { Name = "Help", Url = "https://help.example.org/" }],
        };
        await using var rig = await SignInRig.StartAsync(r => r.Apps.Add(Launcher(look, new Rule.Everyone())));
        using var browser = rig.Browser();
        var landing = await browser.GetAsync(Home);
        Assert.Contains("Welcome &lt;home&gt;", landing.Body, StringComparison.Ordinal);
        Assert.Contains("https://pics.example.org/p.png", landing.Body, StringComparison.Ordinal);
        Assert.Contains("Staff only", landing.Body, StringComparison.Ordinal);
        await SignInAsync(rig, browser);
        var page = await browser.GetAsync(Home);
        Assert.Contains("href=\"https://help.example.org/\"", page.Body, StringComparison.Ordinal);
        Assert.Contains("https://cdn.example.org/house.png", page.Body, StringComparison.Ordinal);
        Assert.Contains("style-src", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        var style = await browser.GetAsync("https://access.test/cdn-cgi/access/launcher.css");
        Assert.Equal("body{background:#101820}\n.button{background:#00ff00}\n", style.Body);
        Assert.StartsWith("text/css", style.Headers["Content-Type"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_launcher_s_own_pages_and_addresses_are_shown()
    {
        var page = new CustomPage { Id = Guid.CreateVersion7(), Name = "in", Kind = CustomPageKind.Login, Html = "<h1>Come in to {{AppName}}</h1>{{LoginMethods}}" };
        var no = new CustomPage { Id = Guid.CreateVersion7(), Name = "no", Kind = CustomPageKind.IdentityDenied, Html = "<h1>Not you</h1>" };
        await using var rig = await SignInRig.StartAsync(r =>
        {
            var launcher = Launcher(new LauncherLook(), new Rule.Email("bob@example.com"));
            launcher.CustomPages = [page.Id, no.Id];
            r.Apps.Add(launcher);
            r.Pages.AddRange([page, no]);
        });
        using var browser = rig.Browser();
        Assert.StartsWith($"<h1>Come in to App Launcher</h1><a class=\"login-method\" href=\"/?login_method={rig.Method.Id}\">", (await browser.GetAsync(Home)).Body, StringComparison.Ordinal);
        var denied = await SignInAsync(rig, browser);
        Assert.Equal((HttpStatusCode.Forbidden, "<h1>Not you</h1>"), (denied.Status, denied.Body));
        await rig.SignInAsync(browser); // at an app
        Assert.Equal("<h1>Not you</h1>", (await browser.GetAsync(Home)).Body);

        rig.Apps[^1].CustomPages = [];
        rig.Apps[^1].CustomDenyUrl = "https://help.example.org/";
        rig.Reload();
        Assert.Equal("https://help.example.org/", (await browser.GetAsync(Home)).Location);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_landing_page_is_skipped_where_it_is_to_be(bool skips)
    {
        await using var rig = await SignInRig.StartAsync(r => r.Apps.Add(Launcher(new LauncherLook { SkipLoginPage = skips }, new Rule.Everyone())));
        using var browser = rig.Browser();
        Assert.Equal(skips, (await browser.GetAsync(Home)).Location?.StartsWith("https://idp.test/", StringComparison.Ordinal) == true);
    }

    private static async Task<Answer> SignInAsync(SignInRig rig, Browser browser, string more = "")
    {
        var begun = await browser.GetAsync($"{Home}?login_method={rig.Method.Id}{more}");
        rig.Provider.Nonce = begun["nonce"];
        return await SignInRig.CallbackAsync(browser, begun);
    }

    private static App Bookmark(string name, string url, params Rule[] rules) => Make(AppType.Bookmark, name, rules, url, null);

    private static App Launcher(LauncherLook look, params Rule[] rules) => Make(AppType.AppLauncher, "App Launcher", rules, null, look);

    private static App Make(AppType type, string name, Rule[] rules, string? url, LauncherLook? look)
    {
        var made = rules.Length == 0 ? TestAccess.App("x.test") : TestAccess.App("x.test", TestAccess.Policy(PolicyAction.Allow, "Who", rules));
        return new App { Id = made.Id, Aud = made.Aud, Type = type, Name = name, Domains = [], BookmarkUrl = url, Launcher = look, Policies = made.Policies, AppLauncherVisible = type != AppType.AppLauncher };
    }

    private static App Saas(string name, char id, string? url)
    {
        var app = SaasRig.App(new string(id, 64), new SaasOidc { RedirectUris = [SaasRig.Redirect], LauncherUrl = url });
        app.Name = name;
        return app;
    }
}
