using System.Net;
using System.Text.RegularExpressions;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>Signing in by a code that is sent by mail.</summary>
public partial class OneTimePinTests
{
    private const string Home = "https://app.test/deep?q=1";
    private const string Callback = "https://access.test/cdn-cgi/access/callback";

    [Fact]
    public async Task A_code_from_the_mail_opens_the_app_once()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();

        var page = await AskAsync(rig, browser, " Ada@Example.com ");
        var mail = await rig.Mail.NextAsync();
        Assert.Equal("ada@example.com", mail.To);
        Assert.DoesNotContain("https://", mail.Text, StringComparison.Ordinal); // link scanners open links
        Assert.Contains("form-action 'self' https://app.test;", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);

        var answer = await browser.PostAsync(Callback, ("nonce", NonceOf(page)), ("code", CodeOf(mail.Text)));
        Assert.Equal(HttpStatusCode.Redirect, answer.Status);
        Assert.Equal("app /deep?q=1", (await browser.FollowAsync(answer.Location!)).Body);
        var session = Assert.Single(rig.Sessions.All);
        Assert.Equal("ada@example.com", session.Email);
        Assert.Empty(session.Amr); // a mailbox is no second factor
        Assert.True(Assert.Single(rig.Audit.Records).Allowed);

        var again = await browser.PostAsync(Callback, ("nonce", NonceOf(page)), ("code", CodeOf(mail.Text)));
        Assert.Equal(HttpStatusCode.BadRequest, again.Status);
        Assert.Contains("This One-Time PIN has already been used", again.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(rig.Log, l => l.Contains(CodeOf(mail.Text), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_may_not_enter_gets_the_same_answers_and_no_mail()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var stranger = rig.Browser();

        var known = await AskAsync(rig, browser, "ada@example.com");
        var unknown = await AskAsync(rig, stranger, "eve@elsewhere.test");
        await rig.Mail.NextAsync();
        Assert.Equal(Strip(known.Body).Replace("ada@example.com", "", StringComparison.Ordinal), Strip(unknown.Body).Replace("eve@elsewhere.test", "", StringComparison.Ordinal));

        for (var guess = 0; guess < 7; guess++)
        {
            var wrong = await browser.PostAsync(Callback, ("nonce", NonceOf(known)), ("code", "x"));
            var never = await stranger.PostAsync(Callback, ("nonce", NonceOf(unknown)), ("code", "x"));
            Assert.Equal(wrong.Status, never.Status);
            Assert.Equal(Strip(wrong.Body).Replace("ada@example.com", "", StringComparison.Ordinal), Strip(never.Body).Replace("eve@elsewhere.test", "", StringComparison.Ordinal));
        }

        Assert.Single(rig.Mail.Sent);
        Assert.Equal(1, rig.Pins.Count); // nothing is kept for strangers
    }

    [Fact]
    public async Task Another_code_goes_to_the_same_address_and_both_are_good()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var other = rig.Browser();
        var page = await AskAsync(rig, browser, "ada@example.com");
        await rig.Mail.NextAsync();
        var resend = $"https://access.test/cdn-cgi/access/resend-code?nonce={NonceOf(page)}";

        Assert.Equal(HttpStatusCode.BadRequest, (await other.GetAsync(resend)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync(resend, headers: [("Sec-Purpose", "prefetch")])).Status);
        var again = await browser.GetAsync("https://access.test" + (await browser.GetAsync(resend)).Location);
        Assert.NotEqual(NonceOf(page), NonceOf(again));
        Assert.Contains("/cdn-cgi/access/resend-code?nonce=", again.Body, StringComparison.Ordinal);
        var mail = await rig.Mail.NextAsync();
        Assert.Equal("ada@example.com", mail.To);
        var answer = await browser.PostAsync(Callback, ("nonce", NonceOf(again)), ("code", CodeOf(mail.Text)));
        Assert.Equal("app /deep?q=1", (await browser.FollowAsync(answer.Location!)).Body);
    }

    [Fact]
    public async Task A_code_signs_in_at_the_launcher_whom_any_app_would_admit()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var form = await browser.GetAsync($"https://access.test/?login_method={rig.Methods[0].Id}");
        Assert.Contains("your applications", form.Body, StringComparison.Ordinal);
        async Task<Answer> AskAsync(string email) =>
            await browser.GetAsync("https://access.test" + (await browser.PostAsync(ActionOf(form), ("email", email))).Location);

        await AskAsync("eve@elsewhere.test");
        var page = await AskAsync("ada@example.com");
        var mail = await rig.Mail.NextAsync();
        Assert.Equal("ada@example.com", mail.To);
        var answer = await browser.PostAsync(Callback, ("nonce", NonceOf(page)), ("code", CodeOf(mail.Text)));
        Assert.Equal("https://access.test/", answer.Location);
        Assert.Contains("https://app.test/", (await browser.GetAsync("https://access.test/")).Body, StringComparison.Ordinal);
        Assert.Equal("app /deep?q=1", (await browser.FollowAsync(Home)).Body);
    }

    [Theory]
    [InlineData("deny", true)]
    [InlineData("exclude", true)]
    [InlineData("require", true)]
    [InlineData("deny and require", false)]
    public async Task A_service_outside_may_say_no_where_its_yes_would_refuse(string where, bool isSent)
    {
        var outside = new Rule.ExternalEvaluation("https://risk.test/ask", "https://risk.test/keys");
        await using var rig = await StartAsync(r =>
        {
            var allow = r.App.Policies[0].Policy!;
            (where == "exclude" ? allow.Exclude : where.EndsWith("require", StringComparison.Ordinal) ? allow.Require : []).Add(outside);
            if (where.StartsWith("deny", StringComparison.Ordinal))
            {
                var deny = TestAccess.Policy(PolicyAction.Deny, "Risky", [outside]);
                r.App.Policies.Insert(0, new Gatehouse.Model.Apps.AppPolicy { AppId = r.App.Id, PolicyId = deny.Id, Policy = deny, Precedence = 0 });
            }
        });
        using var browser = rig.Browser();
        await AskAsync(rig, browser, "ada@example.com");

        // Orders are taken in turn: when this one has arrived, the one before was decided.
        rig.App.Policies.ForEach(p => p.Policy!.Require = []);
        rig.App.Policies.RemoveAll(p => p.Policy!.Action == PolicyAction.Deny);
        rig.App.Policies[0].Policy!.Exclude = [];
        rig.Reload();
        if (isSent)
        {
            Assert.Equal("ada@example.com", (await rig.Mail.NextAsync()).To);
        }

        using var second = rig.Browser();
        await AskAsync(rig, second, "bob@example.com");
        Assert.Equal("bob@example.com", (await rig.Mail.NextAsync()).To);
        Assert.Equal(isSent ? 2 : 1, rig.Mail.Sent.Count);
    }

    [Fact]
    public async Task A_flood_from_one_network_is_answered_alike_and_kept_away_from_the_store()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var action = ActionOf(await FormAsync(browser));
        for (var n = 0; n < 30; n++)
        {
            Assert.Equal(HttpStatusCode.Redirect, (await browser.PostAsync(action, ("email", $"u{n}@elsewhere.test"))).Status);
        }

        Assert.InRange(rig.Log.Count(l => l.StartsWith("3246 ", StringComparison.Ordinal)), 5, 10); // a slow machine earns some back
    }

    [Fact]
    public async Task Five_wrong_guesses_end_a_code()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var page = await AskAsync(rig, browser, "ada@example.com");
        var code = CodeOf((await rig.Mail.NextAsync()).Text);

        for (var guess = 0; guess < 5; guess++)
        {
            await browser.PostAsync(Callback, ("nonce", NonceOf(page)), ("code", code == "000000" ? "000001" : "000000"));
        }

        var late = await browser.PostAsync(Callback, ("nonce", NonceOf(page)), ("code", code));
        Assert.Equal(HttpStatusCode.BadRequest, late.Status);
        Assert.Empty(rig.Sessions.All);
    }

    [Fact]
    public async Task A_code_is_good_for_ten_minutes_and_in_its_own_browser()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var thief = rig.Browser();
        var page = await AskAsync(rig, browser, "ada@example.com");
        var code = CodeOf((await rig.Mail.NextAsync()).Text);

        await AskAsync(rig, thief, "eve@elsewhere.test");
        Assert.Contains("This page is over", (await thief.PostAsync(Callback, ("nonce", NonceOf(page)), ("code", code))).Body, StringComparison.Ordinal);
        Assert.Contains("This page is over", (await browser.PostAsync(Callback, ("nonce", "AAAA"), ("code", code))).Body, StringComparison.Ordinal);
        rig.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Contains("This page is over", (await browser.PostAsync(Callback, ("nonce", NonceOf(page)), ("code", code))).Body, StringComparison.Ordinal);
        Assert.Empty(rig.Sessions.All);
    }

    [Fact]
    public async Task A_foreign_page_or_a_crooked_address_sends_nothing()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var form = await FormAsync(browser);
        using var foreign = rig.Browser();
        Assert.Equal(HttpStatusCode.BadRequest, (await foreign.PostAsync(ActionOf(form), ("email", "ada@example.com"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(ActionOf(form), ("email", "\"a@b\"@example.com"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(ActionOf(form).Replace("meta=", "meta=x", StringComparison.Ordinal), ("email", "ada@example.com"))).Status);

        // A state of this kind is no answer of a provider, nor the other way round.
        var page = await AskAsync(rig, browser, "ada@example.com");
        var callback = await browser.GetAsync($"{Callback}?code=x&state={NonceOf(page)}");
        Assert.NotEqual(HttpStatusCode.Redirect, callback.Status);
        Assert.Empty(rig.Sessions.All);
    }

    [Fact]
    public async Task Without_mail_the_page_says_so_and_beside_others_it_is_a_choice()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        rig.Mail.IsSetUp = false;
        var form = await browser.FollowAsync(Home);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, form.Status);

        rig.Methods.Add(rig.Method);
        rig.Reload();
        var choice = await browser.FollowAsync(Home);
        Assert.Contains("Sign in with One-time PIN", choice.Body, StringComparison.Ordinal);
        Assert.Contains("Sign in with Authentik", choice.Body, StringComparison.Ordinal);
    }

    private static Task<SignInRig> StartAsync(Action<SignInRig>? change = null) => SignInRig.StartAsync(r =>
    {
        change?.Invoke(r);
        UsePins(r);
    });

    internal static void UsePins(SignInRig rig)
    {
        rig.Methods.Clear();
        var method = TestAccess.Method("One-time PIN");
        (method.Type, method.AuthUrl, method.TokenUrl, method.CertsUrl) = (LoginMethodTypes.OneTimePin, "", "", "");
        rig.Methods.Add(method);
    }

    private static Task<Answer> FormAsync(Browser browser) => browser.FollowAsync(Home);

    private static async Task<Answer> AskAsync(SignInRig rig, Browser browser, string email)
    {
        Assert.NotNull(rig);
        var sent = await browser.PostAsync(ActionOf(await FormAsync(browser)), ("email", email));
        Assert.Equal(HttpStatusCode.Redirect, sent.Status);
        var page = await browser.GetAsync("https://access.test" + sent.Location);
        Assert.Equal(HttpStatusCode.OK, page.Status);
        return page;
    }

    internal static string ActionOf(Answer page) => "https://access.test" + WebUtility.HtmlDecode(Action().Match(page.Body).Groups[1].Value);

    internal static string NonceOf(Answer page) => Nonce().Match(page.Body).Groups[1].Value;

    internal static string CodeOf(string text) => Code().Match(text).Value;

    private static string Strip(string body) => Href().Replace(Nonce().Replace(body, ""), "");

    [GeneratedRegex("action=\"([^\"]+)\"")]
    private static partial Regex Action();

    [GeneratedRegex("name=\"nonce\" value=\"([^\"]+)\"")]
    private static partial Regex Nonce();

    [GeneratedRegex("href=\"[^\"]+\"")]
    private static partial Regex Href();

    [GeneratedRegex("\\b[0-9]{6}\\b")]
    private static partial Regex Code();
}
