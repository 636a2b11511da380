using Gatehouse.Model.Policies;
using Gatehouse.Tests.Access.Saas;
using Gatehouse.Tests.Access.Saas.Saml;
using Gatehouse.Tests.Fakes;
using static Gatehouse.Tests.Access.SignIn.Mfa.MfaRig;

namespace Gatehouse.Tests.Access.SignIn.Mfa;

/// <summary>A second factor before SaaS applications, and on the way through an app's several hosts; row M05 of the attack cases.</summary>
public class MfaOtherWaysTests
{
    private static readonly OrganizationMfa On = new(MfaMethods.All, TimeSpan.FromHours(1), null);

    [Fact]
    public async Task M05_a_client_gets_a_code_only_after_it_and_tokens_while_it_counts()
    {
        await using var rig = await SaasRig.StartAsync(change: r => (r.Organization.Mfa, r.Saas().Mfa) = (On, new MfaRules(false, MfaMethods.Totp, null)));
        using var browser = rig.Browser();
        var page = await SaasRig.SignInAsync(rig, browser);
        var none = SaasRig.Question();
        none["prompt"] = "none";
        Assert.Contains("error=interaction_required", (await SaasRig.AskAsync(browser, none)).Location, StringComparison.Ordinal);

        var secret = SecretOf(page);
        var answered = await AnswerAsync(browser, page, "totp", CodeOf(rig, secret));
        var back = await browser.FollowAsync(OnwardOf(answered)!, "https://tracker.test/");
        Assert.StartsWith(SaasRig.Redirect + "&code=", back.Location, StringComparison.Ordinal);
        var tokens = await SaasRig.TokenAsync(browser, SaasRig.CodeForm(back["code"]));
        Assert.InRange((long)tokens["expires_in"]!, 1, 3600);

        rig.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal("invalid_grant", (string?)(await SaasRig.RefreshAsync(browser, (string)tokens["refresh_token"]!))["error"]);
        Assert.Contains("Prove that it is you", (await SaasRig.AskAsync(browser)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_every_entry_asks_a_client_may_renew_what_it_was_given()
    {
        await using var rig = await SaasRig.StartAsync(change: r => (r.Organization.Mfa, r.Saas().Mfa) = (On, new MfaRules(false, MfaMethods.Totp, TimeSpan.Zero)));
        using var browser = rig.Browser();
        var page = await SaasRig.SignInAsync(rig, browser);
        var answered = await AnswerAsync(browser, page, "totp", CodeOf(rig, SecretOf(page)));
        var tokens = await SaasRig.TokenAsync(browser, SaasRig.CodeForm((await browser.FollowAsync(OnwardOf(answered)!, "https://tracker.test/"))["code"]));
        rig.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Contains("Prove that it is you", (await SaasRig.AskAsync(browser)).Body, StringComparison.Ordinal); // the next entry, at once
        rig.Clock.Advance(TimeSpan.FromHours(2));
        Assert.NotNull((await SaasRig.RefreshAsync(browser, (string)tokens["refresh_token"]!))["access_token"]);
        Assert.Contains("Prove that it is you", (await SaasRig.AskAsync(browser)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task M05_a_service_provider_gets_an_assertion_only_after_it_and_no_longer_session()
    {
        await using var rig = await ServiceProvider.StartAsync(change: r => (r.Organization.Mfa, r.Payroll().Mfa) = (On, new MfaRules(false, MfaMethods.Totp, null)));
        using var browser = rig.Browser();
        var page = await ServiceProvider.SignInAsync(rig, browser);
        Assert.False(ServiceProvider.Posts(page));
        Assert.Equal("NoPassive", ServiceProvider.Post(await browser.GetAsync(ServiceProvider.UrlOf(ServiceProvider.Request(attributes: "IsPassive=\"1\"")))).Detail);

        var post = ServiceProvider.Post(await FollowAsync(browser, await AnswerAsync(browser, page, "totp", CodeOf(rig, SecretOf(page)))));
        Assert.Equal("ada@example.com", post.NameId);
        rig.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Contains("Prove that it is you", (await browser.FollowAsync(ServiceProvider.UrlOf(ServiceProvider.Request("_q2")))).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_browser_that_is_remembered_is_asked_nothing_where_nothing_may_be_asked()
    {
        await using var rig = await SaasRig.StartAsync(change: r => (r.Organization.Mfa, r.Saas().Mfa) = (On with { Duration = TimeSpan.FromHours(72) }, new MfaRules(false, MfaMethods.Totp, null)));
        using var browser = rig.Browser();
        var page = await SaasRig.SignInAsync(rig, browser);
        await browser.FollowAsync(OnwardOf(await AnswerAsync(browser, page, "totp", CodeOf(rig, SecretOf(page))))!, "https://tracker.test/");
        Forget(browser);
        Assert.Equal("app /", (await rig.SignInAsync(browser, Home)).Body); // in a session that knows of no proof
        var none = SaasRig.Question();
        none["prompt"] = "none";
        Assert.Contains("&code=", (await SaasRig.AskAsync(browser, none)).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_every_entry_asks_a_program_is_granted_its_own_after_one_question()
    {
        const string ask = "https://app.test/cdn-cgi/access/cli?redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2F&state=x&code_challenge=";
        await using var rig = await StartAsync(duration: TimeSpan.Zero);
        using var browser = rig.Browser();
        var secret = await BeginAsync(rig, browser);
        for (var program = 0; program < 2; program++)
        {
            rig.Clock.Advance(TimeSpan.FromSeconds(30));
            var page = await browser.FollowAsync(ask + SaasRig.Challenge);
            Assert.Contains("Prove that it is you", page.Body, StringComparison.Ordinal);
            rig.Clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Contains("name=\"ticket\"", (await FollowAsync(browser, await AnswerAsync(browser, page, "totp", CodeOf(rig, secret)))).Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Where_every_entry_asks_a_proof_is_for_its_app()
    {
        await using var rig = await StartAsync(
            duration: TimeSpan.Zero, change: r => r.Apps.Add(TestAccess.App("other.test", TestAccess.Policy(PolicyAction.Allow, "Others", [new Rule.EmailDomain("example.com")]))));
        using var browser = rig.Browser();
        var secret = await BeginAsync(rig, browser);
        var page = await browser.FollowAsync("https://other.test/");
        Assert.Contains("Prove that it is you", page.Body, StringComparison.Ordinal);
        rig.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("app /", (await FollowAsync(browser, await AnswerAsync(browser, page, "totp", CodeOf(rig, secret)))).Body);

        // What the browser is remembered for is no entry either.
        Forget(browser);
        Assert.Contains("Prove that it is you", (await rig.SignInAsync(browser, Home)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mfa", false)]
    [InlineData("mfa", true)]
    [InlineData("purpose", false)]
    public async Task A_round_through_the_hosts_of_an_app_comes_to_its_end(string asked, bool eachEntry)
    {
        await using var rig = await SignInRig.StartAsync(r =>
        {
            r.App.EagerRedirect = true;
            r.App.Domains = ["app.test", "api.test", "web.test"];
            r.Organization.Mfa = On with { Duration = eachEntry ? TimeSpan.Zero : On.Duration };
            r.App.Mfa = asked == "mfa" ? new MfaRules(false, MfaMethods.Totp, null) : null;
            r.App.Policies[0].Policy!.PurposeRequired = asked == "purpose";
        });
        using var browser = rig.Browser();
        var page = await rig.SignInAsync(browser, Home);
        var answered = asked == "mfa"
            ? await AnswerAsync(browser, page, "totp", CodeOf(rig, SecretOf(page)))
            : await browser.PostAsync("https://access.test/cdn-cgi/access/purpose", ("state", StateOf(page)), ("purpose", "ticket 7"));

        var (to, hops) = (OnwardOf(answered), 0);
        for (Answer? answer = null; to is not null; hops++)
        {
            Assert.InRange(hops, 0, 20); // browsers give up then
            answer = await browser.GetAsync(to);
            to = answer.Location;
            Assert.True(to is not null || answer.Body == "app /", answer.Body);
        }

        Assert.All(new[] { "app.test", "api.test", "web.test" }, h => Assert.NotNull(browser[h, "CF_Authorization"]));
    }

    [Fact]
    public async Task A_round_asks_nothing_on_its_way()
    {
        await using var rig = await SignInRig.StartAsync(r => (r.App.EagerRedirect, r.App.Domains) = (true, ["app.test", "api.test"]));
        using var browser = rig.Browser();
        var to = (await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser, Home))).Location!;
        to = (await browser.GetAsync(to)).Location!; // signed in at the first; the round begins
        Assert.StartsWith("https://api.test/cdn-cgi/access/login", to, StringComparison.Ordinal);
        (rig.Organization.Mfa, rig.App.Mfa) = (On, new MfaRules(false, MfaMethods.Totp, null));
        rig.Reload();
        Assert.Equal("app /", (await browser.FollowAsync(to)).Body); // back to where the person wanted to be; the gateway asks there
        Assert.Null(browser["api.test", "CF_Authorization"]);
    }
}
