using System.Net;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>The App Launcher: what one may open, and nothing else.</summary>
public class LauncherTests
{
    private const string Home = "https://access.test/";

    [Fact]
    public async Task Somebody_signs_in_at_the_launcher_and_sees_what_they_may_open()
    {
        await using var rig = await SignInRig.StartAsync(r =>
        {
            var staff = TestAccess.Policy(PolicyAction.Allow, "Staff", [new Rule.EmailDomain("example.com")]);
            var wiki = TestAccess.App("wiki.test/start/*", staff);
            (wiki.Name, wiki.Tags) = ("<Wiki>", ["docs"]);
            var hidden = TestAccess.App("hidden.test", staff);
            hidden.AppLauncherVisible = false;
            r.Apps.AddRange(
            [
                wiki,
                hidden,
                TestAccess.App("*.wild.test", staff),
                TestAccess.App("closed.test", TestAccess.Policy(PolicyAction.Allow, "Other", [new Rule.Email("bob@example.com")])),
                TestAccess.App("empty.test"),
                TestAccess.App("asks.test", TestAccess.Policy(PolicyAction.Allow, "Not risky", [new Rule.Everyone()], [new Rule.ExternalEvaluation("https://risk.test/evaluate", "https://risk.test/keys")])),
            ]);
        });
        using var browser = rig.Browser();

        var page = await browser.GetAsync(Home);
        Assert.Contains("Sign in with Authentik", page.Body, StringComparison.Ordinal);
        var begun = await browser.GetAsync($"{Home}?login_method={rig.Method.Id}");
        rig.Provider.Nonce = begun["nonce"];
        var back = await SignInRig.CallbackAsync(browser, begun);
        Assert.Equal("https://access.test/", back.Location);
        Assert.Equal(HttpStatusCode.BadRequest, (await SignInRig.CallbackAsync(browser, begun, "another-code")).Status); // once
        Assert.Equal("https://access.test/", (await SignInRig.CallbackAsync(browser, begun)).Location); // the same answer, loaded anew
        Assert.Single(rig.Sessions.All);

        var body = (await browser.GetAsync(Home)).Body;
        Assert.Contains("ada@example.com", body, StringComparison.Ordinal);
        Assert.Contains("href=\"https://app.test/\"", body, StringComparison.Ordinal);
        Assert.Contains("href=\"https://wiki.test/start\"", body, StringComparison.Ordinal);
        Assert.Contains("&lt;Wiki&gt;", body, StringComparison.Ordinal);
        Assert.Contains("href=\"https://asks.test/\"", body, StringComparison.Ordinal); // its service is asked when it is opened
        foreach (var other in new[] { "hidden.test", "wild.test", "closed.test", "empty.test" })
        {
            Assert.DoesNotContain(other, body, StringComparison.Ordinal);
        }

        var tagged = (await browser.GetAsync(Home + "?tag=docs")).Body;
        Assert.Contains("wiki.test", tagged, StringComparison.Ordinal);
        Assert.DoesNotContain("https://app.test/", tagged, StringComparison.Ordinal);

        // One sign-in for all: the app asks for no other.
        Assert.Equal("app /deep", (await browser.FollowAsync("https://app.test/deep")).Body);
        await browser.GetAsync("https://access.test/cdn-cgi/access/logout");
        Assert.Contains("Sign in with Authentik", (await browser.GetAsync(Home)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("the provider refuses")]
    [InlineData("no app admits them")]
    [InlineData("the state is over")]
    public async Task What_somebody_came_to_add_is_not_forgotten_when_the_sign_in_fails(string row)
    {
        await using var rig = await SignInRig.StartAsync(r => r.Organization.Mfa = new OrganizationMfa(MfaMethods.All, null, null));
        using var browser = rig.Browser();
        var begun = await browser.GetAsync($"{Home}?login_method={rig.Method.Id}&next=mfa");
        rig.Provider.Nonce = begun["nonce"];
        rig.Provider.Claims = claims => claims["email"] = row == "no app admits them" ? "eve@elsewhere.test" : "ada@example.com";
        rig.Clock.Advance(row == "the state is over" ? TimeSpan.FromMinutes(11) : TimeSpan.Zero);

        var failed = row == "the provider refuses"
            ? await browser.GetAsync($"https://access.test/cdn-cgi/access/callback?error=access_denied&state={begun["state"]}")
            : await SignInRig.CallbackAsync(browser, begun);
        var again = row == "the state is over" ? "https://access.test/?next=mfa" : "https://access.test/?switch=1&next=mfa";
        Assert.Contains($"href=\"{again.Replace("&", "&amp;", StringComparison.Ordinal)}\"", failed.Body, StringComparison.Ordinal);
        Assert.Empty(rig.Sessions.All);

        rig.Provider.Claims = _ => { };
        var choice = await browser.GetAsync(again);
        var link = System.Net.WebUtility.HtmlDecode(System.Text.RegularExpressions.Regex.Match(choice.Body, "href=\"(/\\?login_method=[^\"]+)\"").Groups[1].Value);
        begun = await browser.GetAsync("https://access.test" + link);
        rig.Provider.Nonce = begun["nonce"];
        Assert.Equal("https://access.test/cdn-cgi/access/mfa-devices?add=1", (await SignInRig.CallbackAsync(browser, begun)).Location);
    }

    [Fact]
    public async Task Whom_no_app_admits_gets_no_session_here_either()
    {
        await using var rig = await SignInRig.StartAsync();
        rig.Provider.Claims = claims => claims["email"] = "eve@elsewhere.test";
        using var browser = rig.Browser();

        var begun = await browser.GetAsync($"{Home}?login_method={rig.Method.Id}");
        rig.Provider.Nonce = begun["nonce"];
        var back = await SignInRig.CallbackAsync(browser, begun);

        Assert.Equal(HttpStatusCode.Forbidden, back.Status);
        Assert.Contains("That account does not have access", back.Body, StringComparison.Ordinal);
        Assert.Empty(rig.Sessions.All);
        Assert.Null(browser["access.test", "CF_Authorization"]);
    }

    [Fact]
    public async Task A_policy_that_changed_takes_the_tile_away_and_another_browser_has_no_part_in_the_sign_in()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        using var other = rig.Browser();
        var begun = await browser.GetAsync($"{Home}?login_method={rig.Method.Id}");
        rig.Provider.Nonce = begun["nonce"];
        Assert.Equal(HttpStatusCode.BadRequest, (await SignInRig.CallbackAsync(other, begun)).Status);
        await SignInRig.CallbackAsync(browser, begun);
        Assert.Contains("https://app.test/", (await browser.GetAsync(Home)).Body, StringComparison.Ordinal);

        rig.App.Policies[0].Policy!.Include = [new Rule.Email("bob@example.com")];
        rig.Reload();

        Assert.Contains("No application here is open to you", (await browser.GetAsync(Home)).Body, StringComparison.Ordinal);
    }
}
