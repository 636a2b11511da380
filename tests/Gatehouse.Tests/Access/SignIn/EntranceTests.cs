using System.Net;
using System.Text.RegularExpressions;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>What comes between a policy that admits and the app: the purpose, the approval; and what a person's own words can't do there.</summary>
public partial class EntranceTests
{
    private const string Home = "https://app.test/";

    [Fact]
    public async Task A_purpose_is_asked_once_per_session_and_kept_with_the_decision()
    {
        await using var rig = await SignInRig.StartAsync(r => First(r).PurposeRequired = true);
        using var browser = rig.Browser();

        var page = await rig.SignInAsync(browser, Home);
        Assert.Contains("Why do you open app.test?", page.Body, StringComparison.Ordinal);
        Assert.Empty(rig.Audit.Records);
        Assert.Null(browser["app.test", "CF_Authorization"]);

        var empty = await browser.PostAsync("https://access.test/cdn-cgi/access/purpose", ("state", StateOf(page)), ("purpose", "  "));
        Assert.Equal(HttpStatusCode.BadRequest, empty.Status);

        var answered = await browser.PostAsync("https://access.test/cdn-cgi/access/purpose", ("state", StateOf(page)), ("purpose", "<b>ticket</b> 7\n"));
        Assert.Equal(HttpStatusCode.SeeOther, answered.Status);
        Assert.Equal("app /", (await browser.FollowAsync(answered.Location!)).Body);
        var record = Assert.Single(rig.Audit.Records);
        Assert.Equal((true, "<b>ticket</b> 7"), (record.Allowed, record.Purpose));

        browser.Cookies.RemoveAll(c => c.Host == "app.test");
        Assert.Equal("app /", (await browser.FollowAsync(Home)).Body);
    }

    [Theory]
    [InlineData(true)] // the policy's
    [InlineData(false)] // the app's
    public async Task Where_each_visit_asks_for_a_sign_in_a_purpose_leads_on_once(bool ofPolicy)
    {
        await using var rig = await SignInRig.StartAsync(r =>
        {
            First(r).PurposeRequired = true;
            First(r).SessionDuration = ofPolicy ? TimeSpan.Zero : null;
            r.App.SessionDuration = ofPolicy ? r.App.SessionDuration : TimeSpan.Zero;
        });
        using var browser = rig.Browser();
        var state = StateOf(await rig.SignInAsync(browser, Home));

        var answered = await browser.PostAsync("https://access.test/cdn-cgi/access/purpose", ("state", state), ("purpose", "ticket 7"));
        Assert.Equal("app /", (await browser.FollowAsync(answered.Location!)).Body);
        Assert.Equal("ticket 7", Assert.Single(rig.Audit.Records).Purpose);

        // The same form again is another visit, and so is the app a minute later.
        var again = await browser.PostAsync("https://access.test/cdn-cgi/access/purpose", ("state", state), ("purpose", "ticket 7"));
        Assert.StartsWith("https://idp.test/", (await browser.FollowAsync(again.Location!)).Location, StringComparison.Ordinal);
        rig.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.StartsWith("https://idp.test/", (await browser.FollowAsync(Home)).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_purpose_form_of_somebody_elses_session_is_refused()
    {
        await using var rig = await SignInRig.StartAsync(r => First(r).PurposeRequired = true);
        using var browser = rig.Browser();
        using var other = rig.Browser();
        var state = StateOf(await rig.SignInAsync(browser, Home));

        Assert.Equal(HttpStatusCode.BadRequest, (await other.PostAsync("https://access.test/cdn-cgi/access/purpose", ("state", state), ("purpose", "x"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync("https://access.test/cdn-cgi/access/purpose", ("state", "AAAA"), ("purpose", "x"))).Status);
        rig.Clock.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync("https://access.test/cdn-cgi/access/purpose", ("state", state), ("purpose", "x"))).Status);
    }

    [Fact]
    public async Task An_approver_lets_somebody_in_for_a_time()
    {
        await using var rig = await SignInRig.StartAsync(r => Approval(r, new ApprovalGroup(1, ["boss@example.com", "ada@example.com"], null)));
        using var browser = rig.Browser();
        using var boss = rig.Browser();

        var waiting = await rig.SignInAsync(browser, Home);
        Assert.Contains("Waiting for approval", waiting.Body, StringComparison.Ordinal);
        Assert.StartsWith("15; url=https://app.test/cdn-cgi/access/login?redirect_url=", waiting.Headers["Refresh"], StringComparison.Ordinal);
        await browser.FollowAsync(Home);
        var mail = Assert.Single(rig.Mail.Sent); // asked once; and nobody is asked about themselves
        Assert.Equal("boss@example.com", mail.To);

        var link = Link().Match(mail.Text).Value;
        var page = await boss.GetAsync(link);
        Assert.Contains("ada@example.com asks for access to app.test", page.Body, StringComparison.Ordinal);
        Assert.Empty(rig.Approvals.All[0].Approvals); // looking is no answer: link scanners look
        Assert.Equal(HttpStatusCode.BadRequest, (await boss.PostAsync("https://access.test/cdn-cgi/access/approve", ("state", StateOf(page)), ("answer", "approve"), ("minutes", "100000"))).Status);
        Assert.Contains("Approved", (await boss.PostAsync("https://access.test/cdn-cgi/access/approve", ("state", StateOf(page)), ("answer", "approve"), ("minutes", "60"))).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await boss.GetAsync(link)).Status);

        Assert.Equal("app /", (await browser.FollowAsync(Home)).Body);
        Assert.Equal("boss@example.com", Assert.Single(rig.Audit.Records).Approvers);
        var cookie = browser.Cookies.Single(c => c.Host == "app.test" && c.Name == "CF_Authorization");
        Assert.InRange(cookie.Expires - rig.Clock.GetUtcNow(), TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60));

        rig.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Contains("Waiting for approval", (await browser.FollowAsync(Home)).Body, StringComparison.Ordinal);
        Assert.Equal(2, rig.Mail.Sent.Count);
    }

    [Fact]
    public async Task A_refusal_is_told_and_an_approver_who_is_none_any_more_can_not_answer()
    {
        await using var rig = await SignInRig.StartAsync(r => Approval(r, new ApprovalGroup(1, ["boss@example.com"], null)));
        using var browser = rig.Browser();
        await rig.SignInAsync(browser, Home);
        var link = Link().Match(rig.Mail.Sent.Single().Text).Value;
        var state = StateOf(await browser.GetAsync(link));

        First(rig).ApprovalGroups = [new ApprovalGroup(1, ["other@example.com"], null)];
        rig.Reload();
        Assert.Equal(HttpStatusCode.NotFound, (await browser.PostAsync("https://access.test/cdn-cgi/access/approve", ("state", state), ("answer", "approve"), ("minutes", "60"))).Status);

        First(rig).ApprovalGroups = [new ApprovalGroup(1, ["boss@example.com"], null)];
        rig.Reload();
        Assert.Contains("Refused", (await browser.PostAsync("https://access.test/cdn-cgi/access/approve", ("state", state), ("answer", "refuse"))).Body, StringComparison.Ordinal);
        Assert.Contains("Your request was refused", (await browser.FollowAsync(Home)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("false", false, false)]
    [InlineData("\"true\"", false, false)]
    [InlineData("1", false, false)]
    [InlineData("true", false, true)]
    [InlineData("null", false, false)]
    [InlineData(null, false, true)]
    [InlineData("false", true, true)]
    public async Task F04_an_address_that_the_provider_calls_unverified_is_nobodys(string? verified, bool accepts, bool admitted)
    {
        await using var rig = await SignInRig.StartAsync(r => r.Method.AcceptsUnverifiedEmail = accepts);
        using var browser = rig.Browser();
        rig.Provider.Claims = claims =>
        {
            if (verified is not null)
            {
                claims["email_verified"] = System.Text.Json.Nodes.JsonNode.Parse(verified);
            }
        };

        var page = await rig.SignInAsync(browser, Home);

        Assert.Equal(admitted, page.Body == "app /");
        Assert.Equal(!admitted, page.Body.Contains("email_unverified", StringComparison.Ordinal));
        Assert.Equal(admitted ? 1 : 0, rig.Sessions.All.Count);
    }

    [Theory]
    [InlineData(null, null, false, false)]
    [InlineData("false", null, false, false)]
    [InlineData("true", null, false, true)] // an administrator's mapping says so
    [InlineData("false", "ada@example.com", false, true)]
    [InlineData(null, "ada@example.com", false, true)]
    [InlineData("false", "ada@elsewhere.test", false, false)]
    [InlineData("false", null, true, true)]
    public async Task F06_U08_an_address_at_our_own_identity_counts_when_it_is_more_than_what_its_owner_wrote(string? verified, string? vouched, bool accepts, bool admitted)
    {
        await using var rig = await SignInRig.StartAsync(r => r.Method.AcceptsUnverifiedEmail = accepts);
        rig.Method.CertsUrl = "https://auth.test/application/o/cloudflare/jwks/";
        rig.Reload();
        using var browser = rig.Browser();
        rig.Provider.Claims = claims =>
        {
            claims["email"] = "ada@example.com";
            if (verified is not null)
            {
                claims["email_verified"] = verified == "true";
            }

            if (vouched is not null)
            {
                claims["gatehouse_vouched_email"] = vouched;
            }
        };

        var page = await rig.SignInAsync(browser, Home);

        Assert.Equal(admitted, page.Body == "app /");
        Assert.Equal(!admitted, page.Body.Contains("email_unverified", StringComparison.Ordinal));
    }

    [Fact]
    public async Task F05_the_address_is_the_signed_one_whatever_else_the_provider_says()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var others = 0;
        rig.Provider.Api = _ =>
        {
            others++; // userinfo, were it asked for
            return """{"sub":"ada","email":"boss@example.com","email_verified":true}""";
        };
        rig.Provider.Token = context => FakeProvider.WriteAsync(context, 200, new System.Text.Json.Nodes.JsonObject
        {
            ["id_token"] = rig.Provider.IdToken(),
            ["access_token"] = "canary",
            ["token_type"] = "Bearer",
            ["email"] = "boss@example.com",
        });

        Assert.Equal("app /", (await rig.SignInAsync(browser, Home)).Body);

        Assert.Equal("ada@example.com", Assert.Single(rig.Sessions.All).Email);
        Assert.Equal(0, others);
    }

    [Fact]
    public async Task The_ways_somebody_signed_in_are_judged_and_kept_with_the_decision()
    {
        await using var rig = await SignInRig.StartAsync(r => First(r).Require = [new Rule.AuthMethod("mfa")]);
        using var browser = rig.Browser();
        await rig.SignInAsync(browser, Home);
        Assert.False(Assert.Single(rig.Audit.Records).Allowed);

        rig.Provider.Claims = claims => claims["amr"] = new System.Text.Json.Nodes.JsonArray("pwd", "mfa");
        Assert.Equal("app /", (await rig.SignInAsync(browser, Home)).Body);
        Assert.Contains("\"amr\":[\"pwd\",\"mfa\"]", rig.Audit.Records[1].FactsJson, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", rig.Audit.Records[1].FactsJson, StringComparison.Ordinal);
    }

    [Fact]
    public async Task X04_a_custom_page_is_shown_in_a_sandbox()
    {
        var page = new CustomPage { Id = Guid.CreateVersion7(), Name = "no", Kind = CustomPageKind.IdentityDenied, Html = "<h1>Go away</h1><script>alert(1)</script> {{DecisionId}}" };
        await using var rig = await SignInRig.StartAsync(r =>
        {
            First(r).Include = [new Rule.Email("bob@example.com")];
            r.Pages.Add(page);
            r.App.CustomPages = [page.Id];
        });
        using var browser = rig.Browser();

        var answer = await rig.SignInAsync(browser, Home);

        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.Contains("<h1>Go away</h1>", answer.Body, StringComparison.Ordinal);
        Assert.Contains(rig.Audit.Records[0].Id, answer.Body, StringComparison.Ordinal);
        Assert.Contains("sandbox", answer.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.DoesNotContain("script-src", answer.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.DoesNotContain("allow-scripts", answer.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.DoesNotContain("allow-same-origin", answer.Headers["Content-Security-Policy"], StringComparison.Ordinal);
    }

    private static Policy First(SignInRig rig) => rig.App.Policies[0].Policy!;

    private static void Approval(SignInRig rig, ApprovalGroup group)
    {
        First(rig).ApprovalRequired = true;
        First(rig).ApprovalGroups = [group];
    }

    private static string StateOf(Answer page) => WebUtility.HtmlDecode(State().Match(page.Body).Groups[1].Value);

    [GeneratedRegex("name=\"state\" value=\"([^\"]+)\"")]
    private static partial Regex State();

    [GeneratedRegex("https://access\\.test/cdn-cgi/access/approve\\S+")]
    private static partial Regex Link();
}
