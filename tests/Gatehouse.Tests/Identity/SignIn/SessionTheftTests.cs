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
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db => (await db.Stages.SingleAsync(s => s.Type == StageType.UserLogin, TestContext.Current.CancellationToken)).SettingsJson =
            """{"session_duration":"hours=1","remember_me_offset":"days=30"}""");
        using var browser = await RememberedAsync(host);
        using var elsewhere = await RememberedAsync(host);
        using var thief = browser.Copy();
        Assert.Equal(200, await UserPageTests.StatusAsync(thief)); // a cookie is a bearer: nothing tells the two apart yet

        switch (what)
        {
            case "signs in again": await SignInAsync(browser, "prompt=login"); break;
            case "ends the session": await browser.Flow("default-invalidation-flow").ShowAsync(); break;
            default: Assert.Equal(303, await UserPageTests.PostAsync(elsewhere, "sessions/end/")); break;
        }

        Assert.Equal(302, await UserPageTests.StatusAsync(thief));
        Assert.Equal(what == "signs in again" ? 200 : 302, await UserPageTests.StatusAsync(browser));
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
