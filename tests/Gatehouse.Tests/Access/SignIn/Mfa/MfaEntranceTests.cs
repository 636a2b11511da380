using System.Net;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Events;
using Gatehouse.Model.Policies;
using static Gatehouse.Tests.Access.SignIn.Mfa.MfaRig;

namespace Gatehouse.Tests.Access.SignIn.Mfa;

/// <summary>The way of a person through Access's own second factor to an app; rows M01, M03 to M05 of the attack cases.</summary>
public class MfaEntranceTests
{
    [Fact]
    public async Task Somebody_without_one_enrols_an_app_and_goes_on()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();

        var page = await rig.SignInAsync(browser, Home);
        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Null(browser["app.test", "CF_Authorization"]);
        Assert.Empty(rig.Audit.Records);
        Assert.Contains("script-src 'self'", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Contains("form-action 'self';", page.Headers["Content-Security-Policy"] + ";", StringComparison.Ordinal);

        // Browsers hold redirects after a form to that list, so the answer is a page that goes on.
        var answered = await AnswerAsync(browser, page, "totp", CodeOf(rig, SecretOf(page)));
        Assert.Equal(HttpStatusCode.OK, answered.Status);
        Assert.Contains("href=\"https://app.test/cdn-cgi/access/authorized?", answered.Body, StringComparison.Ordinal);
        var answer = await FollowAsync(browser, answered);
        Assert.Equal("app /", answer.Body);
        var made = Assert.IsType<AccessTotp>(Assert.Single(rig.Authenticators.All));
        Assert.Equal("Authenticator app", made.Name);
        var enrolled = Assert.Single(rig.Events.Of(EventActions.ModelCreated));
        Assert.Equal(("ada@example.com", "accesstotp"), ((string?)enrolled.Context["username"], (string?)enrolled.Context["model"]!["model_name"]));
        Assert.True(Assert.Single(rig.Audit.Records).Allowed);
        Assert.Contains("mfa totp ", Assert.Single(rig.Sessions.All).Passed.Single(p => p.StartsWith(Passed.Mfa, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_next_sign_in_asks_for_a_code_and_M01_takes_none_twice()
    {
        await using var rig = await StartAsync(duration: TimeSpan.FromMinutes(30));
        using var browser = rig.Browser();
        var secret = await BeginAsync(rig, browser);
        rig.Clock.Advance(TimeSpan.FromMinutes(31));

        var page = await browser.FollowAsync(Home);
        Assert.Contains("Prove that it is you", page.Body, StringComparison.Ordinal);
        var code = CodeOf(rig, secret);
        Assert.Equal("app /", (await FollowAsync(browser, await AnswerAsync(browser, page, "totp", $" {code[..3]} {code[3..]} "))).Body);

        // The same code, from another browser of the same person.
        using var other = rig.Browser();
        var again = await rig.SignInAsync(other, Home);
        var refused = await AnswerAsync(other, again, "totp", code);
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("used already", refused.Body, StringComparison.Ordinal);
        Assert.Null(other["app.test", "CF_Authorization"]);
    }

    [Fact]
    public async Task A_refused_proof_is_told_in_the_log_of_decisions_and_in_events()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        await BeginAsync(rig, browser);
        using var other = rig.Browser();
        var page = await rig.SignInAsync(other, Home + "secret?token=1");

        var refused = await AnswerAsync(other, page, "totp", "000000");
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        var record = Assert.Single(rig.Audit.Queued);
        Assert.Equal((false, "login", "/secret", "ada@example.com"), (record.Allowed, record.Action, record.Path, record.Email));
        Assert.Null(record.FactsJson); // policies alone would admit them, so it is not judged anew by those
        var tree = DecisionJson.Read(record.TreeJson)!;
        Assert.Equal(
            "Refused: a second factor is asked for (authenticator app or biometrics or security key), and the proof was refused: the code is wrong, or was used before. Without that: Admitted by allow policy 'Staff'.", tree.Outcome);
        Assert.Equal(("totp", "the code is wrong, or was used before"), Assert.Single(rig.Events.Of(EventActions.LoginFailed)) is var e ? ((string?)e.Context["device_class"], (string?)e.Context["reason"]) : default);
        Assert.Contains(rig.Log, l => l.StartsWith("3252 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task M03_guesses_are_few_whatever_page_they_come_from()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        await BeginAsync(rig, browser);
        using var other = rig.Browser();
        var page = await rig.SignInAsync(other, Home);

        // Five minutes of guesses: on the same page, on new ones, and from the list of authenticators.
        for (var second = 0; second < 300; second++)
        {
            var shown = (second % 3) switch { 0 => page, 1 => await other.FollowAsync(Home), _ => await other.GetAsync(Devices + "?add=1") };
            Assert.Equal(HttpStatusCode.BadRequest, (await AnswerAsync(other, shown, "totp", "000000")).Status);
            rig.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(rig.Authenticators.Tries, 5, 10);
        Assert.Null(other["app.test", "CF_Authorization"]);
    }

    [Fact]
    public async Task M04_a_blocked_app_leaves_the_key()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var key = Key();
        await BeginAsync(rig, browser);
        await EnrolKeyAsync(browser, await browser.GetAsync(Devices + "?add=1"), key);
        using var other = rig.Browser();
        var page = await rig.SignInAsync(other, Home);
        for (var n = 0; n < 5; n++)
        {
            await AnswerAsync(other, page, "totp", "000000");
        }

        var blocked = await AnswerAsync(other, page, "totp", "000000");
        Assert.Contains("Too many wrong answers. Wait ", blocked.Body, StringComparison.Ordinal);
        Assert.Equal("app /", (await FollowAsync(other, await KeyAsync(other, blocked, "key", key.Get(OptionsOf(blocked, "key"))))).Body);
    }

    [Fact]
    public async Task M05_no_other_way_leads_past_it()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var page = await rig.SignInAsync(browser, Home);
        Assert.Contains("Add a second factor", page.Body, StringComparison.Ordinal);
        Assert.NotNull(browser["access.test", "CF_Authorization"]); // signed in they are

        Assert.Contains("Add a second factor", (await browser.FollowAsync(Home)).Body, StringComparison.Ordinal);
        Assert.Contains("Add a second factor", (await browser.FollowAsync("https://app.test/cdn-cgi/access/login?redirect_url=%2F")).Body, StringComparison.Ordinal);
        Assert.Contains(
            "Add a second factor", (await browser.FollowAsync($"https://app.test/cdn-cgi/access/cli?code_challenge={new string('A', 43)}&redirect_uri=http%3A%2F%2F127.0.0.1%3A4711%2Fcallback")).Body, StringComparison.Ordinal);
        Assert.Null(browser["app.test", "CF_Authorization"]);
        Assert.Empty(rig.Audit.Records);
    }

    [Fact]
    public async Task M05_a_hand_off_from_before_it_was_asked_for_is_no_way_in()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var callback = await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser, Home));
        Assert.Contains("/cdn-cgi/access/authorized?", callback.Location, StringComparison.Ordinal);

        rig.Organization.Mfa = new OrganizationMfa(MfaMethods.All, null, null);
        rig.App.Mfa = new MfaRules(false, MfaMethods.None, null);
        rig.Reload();
        Assert.Contains("Add a second factor", (await browser.FollowAsync(callback.Location!)).Body, StringComparison.Ordinal);
        Assert.Null(browser["app.test", "CF_Authorization"]);
    }

    [Fact]
    public async Task The_token_ends_with_the_proof()
    {
        await using var rig = await StartAsync(duration: TimeSpan.FromHours(1));
        using var browser = rig.Browser();
        var secret = await BeginAsync(rig, browser);
        Assert.Equal(TimeSpan.FromHours(1), Life());

        // A later entry gets what is left, not an hour more.
        rig.Clock.Advance(TimeSpan.FromMinutes(20));
        LeaveApp(browser);
        Assert.Equal("app /", (await browser.FollowAsync(Home)).Body);
        Assert.Equal(TimeSpan.FromMinutes(40), Life());

        rig.Clock.Advance(TimeSpan.FromMinutes(41));
        var page = await browser.FollowAsync(Home);
        Assert.Contains("Prove that it is you", page.Body, StringComparison.Ordinal);
        Assert.Equal("app /", (await FollowAsync(browser, await AnswerAsync(browser, page, "totp", CodeOf(rig, secret)))).Body);

        TimeSpan Life() => TimeSpan.FromSeconds(Math.Round((browser.Cookies.Single(c => c.Host == "app.test" && c.Name == "CF_Authorization").Expires - rig.Clock.GetUtcNow()).TotalSeconds));
    }

    [Fact]
    public async Task Where_every_entry_asks_each_does_and_lasts_as_the_session()
    {
        await using var rig = await StartAsync(duration: TimeSpan.Zero);
        using var browser = rig.Browser();
        var secret = await BeginAsync(rig, browser);
        Assert.InRange(browser.Cookies.Single(c => c.Host == "app.test" && c.Name == "CF_Authorization").Expires - rig.Clock.GetUtcNow(), TimeSpan.FromHours(23), TimeSpan.FromHours(24));

        rig.Clock.Advance(TimeSpan.FromMinutes(3));
        LeaveApp(browser);
        var page = await browser.FollowAsync(Home);
        Assert.Contains("Prove that it is you", page.Body, StringComparison.Ordinal);
        Assert.Equal("app /", (await FollowAsync(browser, await AnswerAsync(browser, page, "totp", CodeOf(rig, secret)))).Body);
    }

    [Fact]
    public async Task Where_every_entry_asks_the_next_one_does_at_once_and_once()
    {
        await using var rig = await StartAsync(duration: TimeSpan.Zero);
        using var browser = rig.Browser();
        var secret = await BeginAsync(rig, browser);
        for (var entry = 0; entry < 2; entry++)
        {
            rig.Clock.Advance(TimeSpan.FromSeconds(30)); // the code of before is burnt
            LeaveApp(browser);
            var page = await browser.FollowAsync(Home);
            Assert.Contains("Prove that it is you", page.Body, StringComparison.Ordinal);
            Assert.Equal("app /", (await FollowAsync(browser, await AnswerAsync(browser, page, "totp", CodeOf(rig, secret)))).Body);
            Assert.Equal("app /", (await browser.FollowAsync(Home)).Body);
        }

        // A hand-off takes no other way than past the question.
        LeaveApp(browser);
        Assert.Contains("Prove that it is you", (await browser.FollowAsync("https://app.test/cdn-cgi/access/login?redirect_url=%2F")).Body, StringComparison.Ordinal);
        Assert.Null(browser["app.test", "CF_Authorization"]);
    }

    [Fact]
    public async Task Where_every_entry_asks_a_page_that_waits_for_approval_does_not_come_back_by_itself()
    {
        await using var rig = await StartAsync(duration: TimeSpan.Zero, change: r =>
        {
            var policy = r.App.Policies[0].Policy!;
            (policy.ApprovalRequired, policy.ApprovalGroups) = (true, [new ApprovalGroup(1, ["boss@example.com"], null)]);
        });
        using var browser = rig.Browser();
        var (answer, _) = await EnrolAppAsync(rig, browser, await rig.SignInAsync(browser, Home));
        Assert.Contains("Waiting for approval", answer.Body, StringComparison.Ordinal);
        Assert.False(answer.Headers.ContainsKey("Refresh"));
    }

    [Fact]
    public async Task A_browser_is_remembered_for_its_person_and_nobody_else()
    {
        await using var rig = await StartAsync(duration: TimeSpan.FromHours(72));
        using var browser = rig.Browser();
        await BeginAsync(rig, browser);
        rig.Clock.Advance(TimeSpan.FromHours(25)); // the session is over, the proof is not
        Assert.Equal("app /", (await rig.SignInAsync(browser, Home)).Body);

        Forget(browser);
        rig.Provider.Claims = c => c["email"] = "eve@example.com";
        Assert.Contains("Add a second factor", (await rig.SignInAsync(browser, Home)).Body, StringComparison.Ordinal);
        rig.Provider.Claims = c => c["email"] = "ada@example.com";
        using var other = rig.Browser();
        Assert.Contains("Prove that it is you", (await rig.SignInAsync(other, Home)).Body, StringComparison.Ordinal);

        // With the authenticator goes what was proved by it.
        rig.Authenticators.Proofs.Clear();
        Forget(browser);
        Assert.Contains("Prove that it is you", (await rig.SignInAsync(browser, Home)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_one_is_enrolled_after_a_sign_in_of_the_last_minutes_only()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        Assert.Equal("app /", (await rig.SignInAsync(browser, Home)).Body);
        rig.Organization.Mfa = new OrganizationMfa(MfaMethods.All, null, null);
        rig.Organization.MfaRequiredForAllApps = true;
        rig.Reload();
        rig.Clock.Advance(TimeSpan.FromMinutes(11));
        LeaveApp(browser);

        var page = await browser.FollowAsync(Home);
        Assert.Equal(HttpStatusCode.Forbidden, page.Status);
        Assert.Contains("Sign in once more to enrol a second factor", page.Body, StringComparison.Ordinal);
        Assert.Contains("Sign in once more", (await browser.GetAsync(Devices + "?add=1")).Body, StringComparison.Ordinal);
        Assert.Empty(rig.Authenticators.All);

        // A provider that lets pass who was signed in there for hours is no proof either.
        var old = await rig.BeginAsync(browser, "https://app.test/cdn-cgi/access/login?redirect_url=%2F&switch=1");
        Assert.Equal("login", old["prompt"]);
        rig.Provider.Claims = c => c["auth_time"] = rig.Clock.GetUtcNow().AddHours(-1).ToUnixTimeSeconds();
        Assert.Contains("Sign in once more", (await browser.FollowAsync((await SignInRig.CallbackAsync(browser, old)).Location ?? Home)).Body, StringComparison.Ordinal);

        rig.Provider.Claims = c => c["auth_time"] = rig.Clock.GetUtcNow().ToUnixTimeSeconds();
        var fresh = await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser, "https://app.test/cdn-cgi/access/login?redirect_url=%2F&switch=1"));
        Assert.Equal("app /", (await EnrolAppAsync(rig, browser, fresh)).Answer.Body);
    }

    [Fact]
    public async Task An_enrolment_page_is_void_once_they_have_one()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var key = Key();
        var page = await rig.SignInAsync(browser, Home);
        var second = await browser.FollowAsync(Home); // a thief's tab, waiting
        await EnrolAppAsync(rig, browser, page);
        rig.Sessions.All.Single().Passed = []; // ten minutes later, in effect

        var refused = await KeyAsync(browser, second, "security_key", key.Create(OptionsOf(second, "security_key")));
        Assert.Contains("Prove that it is you", refused.Body, StringComparison.Ordinal);
        Assert.Single(rig.Authenticators.All);
    }

    [Fact]
    public async Task Something_else_proves_who_they_are_before_what_is_asked_for_is_added()
    {
        await using var rig = await StartAsync(change: r => r.App.Policies[0].Policy!.Mfa = null);
        using var browser = rig.Browser();
        using var key = Key();
        var secret = await BeginAsync(rig, browser);
        rig.App.Policies[0].Policy!.Mfa = new MfaRules(false, MfaMethods.SecurityKey, TimeSpan.FromHours(1));
        rig.Reload();
        rig.Clock.Advance(TimeSpan.FromMinutes(11));
        LeaveApp(browser);

        var page = await browser.FollowAsync(Home);
        Assert.Contains("It takes security key, and you have none yet.", page.Body, StringComparison.Ordinal);
        var enrol = await FollowAsync(browser, await AnswerAsync(browser, page, "totp", CodeOf(rig, secret)));
        Assert.Contains("Add a second factor", enrol.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Authenticator app", enrol.Body, StringComparison.Ordinal);
        Assert.Null(browser["app.test", "CF_Authorization"]); // the code alone opens nothing
        Assert.Equal("app /", (await EnrolKeyAsync(browser, enrol, key)).Body);
    }

    [Theory]
    [InlineData("otp", MfaMethods.Totp, true)]
    [InlineData("otp", MfaMethods.SecurityKey, false)]
    [InlineData("hwk", MfaMethods.SecurityKey, true)]
    [InlineData("swk", MfaMethods.SecurityKey, true)]
    [InlineData("fpt", MfaMethods.Biometrics, true)]
    [InlineData("mfa", MfaMethods.All, true)]
    [InlineData("mfa", MfaMethods.SecurityKey, false)]
    [InlineData("pwd", MfaMethods.All, false)]
    [InlineData("sms", MfaMethods.All, false)]
    public async Task A_second_factor_at_the_login_method_counts_where_that_is_wanted(string amr, MfaMethods allowed, bool counts)
    {
        await using var rig = await StartAsync(allowed, change: r => r.Organization.Mfa = r.Organization.Mfa! with { AmrDuration = TimeSpan.FromHours(1) });
        rig.Provider.Claims = c => c["amr"] = new System.Text.Json.Nodes.JsonArray(amr);
        using var browser = rig.Browser();
        Assert.Equal(counts, (await rig.SignInAsync(browser, Home)).Body == "app /");

        rig.Clock.Advance(TimeSpan.FromMinutes(61)); // it has run out, and so has the token
        LeaveApp(browser);
        Assert.NotEqual("app /", (await browser.FollowAsync(Home)).Body);

        rig.Organization.Mfa = rig.Organization.Mfa! with { AmrDuration = null };
        rig.Reload();
        using var other = rig.Browser();
        Assert.Contains("Add a second factor", (await rig.SignInAsync(other, Home)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_of_another_session_or_site_or_time_is_refused()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var thief = rig.Browser();
        var secret = await BeginAsync(rig, browser);
        var page = await rig.SignInAsync(thief, Home); // the thief has the password
        LeaveApp(browser);
        rig.Clock.Advance(TimeSpan.FromHours(24));
        var own = await rig.SignInAsync(browser, Home);
        var stolen = await rig.SignInAsync(thief, Home);

        Assert.Equal(HttpStatusCode.BadRequest, (await AnswerAsync(browser, stolen, "totp", CodeOf(rig, secret))).Status); // the thief's page in the person's browser
        Assert.Equal(HttpStatusCode.BadRequest, (await AnswerAsync(thief, own, "totp", CodeOf(rig, secret))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await AnswerAsync(browser, page, "totp", CodeOf(rig, secret))).Status); // a day old
        foreach (var (name, value) in ((string, string)[])[("Origin", "https://evil.test"), ("Sec-Fetch-Site", "cross-site"), ("Origin", "https://app.test")])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(Post, new Dictionary<string, string> { ["state"] = StateOf(own), ["answer"] = "totp", ["code"] = CodeOf(rig, secret) }, (name, value))).Status);
        }

        Assert.Equal("app /", (await FollowAsync(browser, await AnswerAsync(browser, own, "totp", CodeOf(rig, secret)))).Body);
        Assert.Null(thief["app.test", "CF_Authorization"]);

        // The page was answered; its way led on once.
        rig.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Contains("answered already", (await AnswerAsync(browser, own, "totp", CodeOf(rig, secret))).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_is_refused_and_never_a_fault_of_ours()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var page = await rig.SignInAsync(browser, Home);
        foreach (var credential in (string[])["", "{", "[]", "null", "{\"id\":1}", "{\"id\":\"a\",\"rawId\":\"a\",\"type\":\"public-key\",\"response\":{}}", "{\"id\":\"\\ud800\"}"])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(Post, ("state", StateOf(page)), ("answer", "security_key"), ("credential", credential))).Status);
        }

        foreach (var (answer, code) in ((string, string)[])[("totp", ""), ("totp", new string('1', 5000)), ("totp", "\u0661\u0662\u0663\u0664\u0665\u0666"), ("key", ""), ("", "1"), ("biometrics", "x")])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await AnswerAsync(browser, page, answer, code)).Status);
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(Post, ("state", "AAAA"), ("answer", "totp"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostJsonAsync(Post, "{}")).Status);
        Assert.Empty(rig.Authenticators.All);
    }
}
