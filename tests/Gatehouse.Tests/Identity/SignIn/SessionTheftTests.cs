using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Tests.Identity.Mfa;
using Gatehouse.Tests.Identity.Stages;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>What somebody has who got hold of an address, or of a cookie: rows S14 and S15 of the attack cases.</summary>
public class SessionTheftTests
{
    [Fact]
    public async Task S14_the_address_of_a_flow_that_waits_is_worth_nothing_in_another_browser()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        var secret = await host.EnrolTotpAsync(enrolled);
        host.NextStep();
        using var browser = host.Browser();
        using var other = host.Browser();
        using var signedIn = await host.SignedInAsync("bob");
        var (flow, waiting) = await MfaHost.PasswordAsync(browser, query: "next=/x");
        Assert.Equal("ak-stage-authenticator-validate", waiting.Component);

        foreach (var thief in new[] { other, signedIn })
        {
            var seen = await thief.Flow(MfaHost.Login, "next=/x").AnswerAsync(("component", "ak-stage-authenticator-validate"), ("code", host.Code(secret)));
            Assert.NotEqual("ak-stage-authenticator-validate", seen.Component); // the page for whoever begins, or on to where they are signed in already
            Assert.DoesNotContain("alice", seen.Json.GetRawText(), StringComparison.Ordinal);
        }

        Assert.Equal("/x", (await MfaHost.CodeAsync(flow, host.Code(secret))).Text("to")); // and it goes on where it began
        Assert.Equal(["alice", "alice", "bob"], await host.ReadAsync(db => db.AuthenticatedSessions.Join(db.Users, s => s.UserId, u => u.Id, (_, u) => u.Username).OrderBy(n => n).ToListAsync(TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData("signs in again")]
    [InlineData("ends the session")]
    [InlineData("ends all others")]
    public async Task S15_a_copied_cookie_of_a_remembered_browser_dies_with_the_original(string what)
    {
        await using var host = await HostAsync();
        using var browser = await RememberedAsync(host);
        using var elsewhere = await RememberedAsync(host);
        using var thief = browser.Copy();
        Assert.Equal(200, await UserPageTests.StatusAsync(thief)); // within the hour nothing tells the two apart

        switch (what)
        {
            case "signs in again": await SignInAsync(browser, "prompt=login"); break;
            case "ends the session": await browser.Flow("default-invalidation-flow").ShowAsync(); break;
            default: Assert.Equal(303, await UserPageTests.PostAsync(elsewhere, "sessions/end/")); break;
        }

        Assert.Equal(302, await UserPageTests.StatusAsync(thief));
        Assert.Equal(what == "signs in again" ? 200 : 302, await UserPageTests.StatusAsync(browser));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task S15_a_cookie_used_from_two_clients_is_dead_for_both(bool thiefIsFirst)
    {
        await using var host = await HostAsync();
        using var browser = await RememberedAsync(host);
        using var thief = browser.Copy();
        var (first, second) = thiefIsFirst ? (thief, browser) : (browser, thief);
        var stolen = browser.Cookies[RememberedBrowsers.Cookie];

        host.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal(200, await UserPageTests.StatusAsync(first)); // is offered another one
        Assert.NotEqual(stolen, first.Cookies[RememberedBrowsers.Cookie]);
        Assert.Equal(200, await UserPageTests.StatusAsync(first)); // and uses it
        host.Clock.Advance(TimeSpan.FromSeconds(61));

        Assert.Equal(302, await UserPageTests.StatusAsync(second));
        Assert.Equal(302, await UserPageTests.StatusAsync(first));
        Assert.Equal(0, await host.ReadAsync(db => db.AuthenticatedSessions.CountAsync(TestContext.Current.CancellationToken)));
        var happened = Assert.Single(host.Events.All, e => e.Action == EventActions.SuspiciousRequest);
        Assert.Equal(("alice", "127.0.0.1"), (happened.Actor?.Username, happened.ClientIp));
    }

    [Fact]
    public async Task S15_a_browser_that_is_remembered_goes_on_for_its_whole_time_and_signs_out_whole()
    {
        await using var host = await HostAsync();
        using var browser = await RememberedAsync(host);
        HashSet<string> seen = [];
        for (var day = 0; day < 29; day++)
        {
            host.Clock.Advance(TimeSpan.FromDays(1));
            Assert.Equal(200, await UserPageTests.StatusAsync(browser)); // is offered another one
            Assert.Equal(200, await UserPageTests.StatusAsync(browser)); // and uses it
            seen.Add(browser.Cookies[RememberedBrowsers.Cookie]);
        }

        Assert.Equal(29, seen.Count);
        await browser.Flow("default-invalidation-flow").ShowAsync();
        Assert.DoesNotContain(RememberedBrowsers.Cookie, browser.Cookies.Keys);
        Assert.Equal(0, await host.ReadAsync(db => db.RememberedTokens.CountAsync(TestContext.Current.CancellationToken)));
    }

    private static async Task<SignInHost> HostAsync()
    {
        var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db => (await db.Stages.SingleAsync(s => s.Type == StageType.UserLogin, TestContext.Current.CancellationToken)).SettingsJson =
            """{"session_duration":"hours=1","remember_me_offset":"days=30"}""");
        return host;
    }

    private static async Task<Browser> RememberedAsync(SignInHost host)
    {
        var browser = host.Browser();
        await SignInAsync(browser, "");
        return browser;
    }

    private static async Task SignInAsync(Browser browser, string query)
    {
        var flow = browser.Flow("default-authentication-flow", query);
        await flow.AnswerAsync(("uid_field", "alice"));
        Assert.Equal("ak-stage-user-login", (await flow.AnswerAsync(("component", "ak-stage-password"), ("password", SignInHost.Password))).Component);
        using var answered = await flow.PostJsonAsync("""{"component":"ak-stage-user-login","remember_me":true}""");
        Assert.Equal("xak-flow-redirect", (await Seen.ReadAsync(answered)).Component);
    }
}
