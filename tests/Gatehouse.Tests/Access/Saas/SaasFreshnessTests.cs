using System.Net;
using System.Text.RegularExpressions;
using Gatehouse.Tests.Access.SignIn;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Access.Saas;

/// <summary>When a client asks for a sign-in that is one, no earlier one passes for it; and what it is told of its time is true.</summary>
public partial class SaasFreshnessTests
{
    [Theory]
    [InlineData("prompt", "login")]
    [InlineData("prompt", "select_account")]
    [InlineData("max_age", "60")]
    public async Task A_provider_is_asked_for_a_fresh_sign_in_even_where_nobody_is_signed_in(string name, string value)
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var begun = await browser.FollowAsync(SaasRig.UrlOf(Question(name, value)));
        Assert.Equal(("login", "0"), (begun["prompt"], begun["max_age"]));
    }

    [Theory]
    [InlineData("prompt", "login", 3600, false)]
    [InlineData("prompt", "login", null, false)] // it does not say
    [InlineData("prompt", "login", 30, true)] // clocks differ
    [InlineData("max_age", "60", 3600, false)]
    [InlineData("max_age", "7200", 3600, true)]
    [InlineData("state", "s-1", 3600, true)] // nobody asked
    public async Task An_earlier_sign_in_at_the_provider_is_not_a_new_one(string name, string value, int? ago, bool isTaken)
    {
        await using var rig = await SaasRig.StartAsync();
        rig.Provider.Claims = claims => claims["auth_time"] = ago is { } seconds ? rig.Clock.GetUtcNow().AddSeconds(-seconds).ToUnixTimeSeconds() : null;
        using var browser = rig.Browser();
        var answer = await SaasRig.SignInAsync(rig, browser, Question(name, value));
        Assert.Equal(isTaken, answer.Location?.StartsWith(SaasRig.Redirect + "&code=", StringComparison.Ordinal) == true);
        if (!isTaken)
        {
            Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
            Assert.Contains("sign_in_stale", answer.Body, StringComparison.Ordinal);
            Assert.Contains("switch=1", answer.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Who_takes_the_demand_out_of_the_address_gets_no_further()
    {
        await using var rig = await SaasRig.StartAsync();
        rig.Provider.Claims = claims => claims["auth_time"] = rig.Clock.GetUtcNow().AddHours(-1).ToUnixTimeSeconds();
        using var browser = rig.Browser();
        var login = (await browser.GetAsync(SaasRig.UrlOf(Question("prompt", "login")))).Location!;
        var begun = await browser.FollowAsync(login.Replace("&switch=1", "", StringComparison.Ordinal));
        Assert.Equal("", begun["prompt"]);
        rig.Provider.Nonce = begun["nonce"];
        var back = await SignInRig.CallbackAsync(browser, begun);
        Assert.Contains("sign_in_stale", (await browser.FollowAsync(back.Location!, "https://tracker.test/")).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("state", "s-1")]
    [InlineData("prompt", "login")]
    [InlineData("max_age", "60")]
    public async Task A_code_by_mail_leads_to_the_application_and_is_a_new_sign_in(string name, string value)
    {
        await using var rig = await SaasRig.StartAsync(change: OneTimePinTests.UsePins);
        using var browser = rig.Browser();
        var form = await browser.FollowAsync(SaasRig.UrlOf(Question(name, value)));
        var sent = await browser.PostAsync(OneTimePinTests.ActionOf(form), ("email", "ada@example.com"));
        var page = await browser.GetAsync("https://access.test" + sent.Location);
        Assert.Contains("Tracker", page.Body, StringComparison.Ordinal);
        var mail = await rig.Mail.NextAsync();

        var answer = await browser.PostAsync("https://access.test/cdn-cgi/access/callback", ("nonce", OneTimePinTests.NonceOf(page)), ("code", OneTimePinTests.CodeOf(mail.Text)));

        Assert.StartsWith(SaasRig.Redirect + "&code=", (await browser.FollowAsync(answer.Location!, "https://tracker.test/")).Location, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-600, -600)]
    [InlineData(-3600, -3600)]
    [InlineData(3600, 0)] // a time to come is none
    [InlineData(null, 0)]
    public async Task A_client_is_told_when_the_person_proved_who_they_are(int? said, int told)
    {
        await using var rig = await SaasRig.StartAsync();
        rig.Provider.Claims = claims => claims["auth_time"] = said is { } seconds ? rig.Clock.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds() : null;
        using var browser = rig.Browser();
        var expected = rig.Clock.GetUtcNow().AddSeconds(told).ToUnixTimeSeconds();
        var tokens = await SaasRig.TokenAsync(browser, SaasRig.CodeForm((await SaasRig.SignInAsync(rig, browser))["code"]));
        Assert.Equal(expected, TimeOf(tokens));
        rig.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(expected, TimeOf(await SaasRig.RefreshAsync(browser, tokens["refresh_token"]!.ToString())));

        // The session knows it later too.
        var old = await SaasRig.AskAsync(browser, Question("max_age", "2400"));
        Assert.Equal(said is not null && told > -3600, old.Location?.StartsWith(SaasRig.Redirect + "&code=", StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData("prompt", "login")]
    [InlineData("max_age", "60")]
    public async Task A_purpose_is_no_sign_in(string name, string value)
    {
        await using var rig = await SaasRig.StartAsync(change: r => r.Saas().Policies[0].Policy!.PurposeRequired = true);
        using var browser = rig.Browser();
        await rig.SignInAsync(browser); // elsewhere
        rig.Clock.Advance(TimeSpan.FromMinutes(10));

        // Without the demand in the address the purpose is asked of the session there is; its answer leads to a sign-in all the same.
        var login = (await browser.GetAsync(SaasRig.UrlOf(Question(name, value)))).Location!;
        var answered = await AnswerAsync(browser, await browser.FollowAsync(login.Replace("&switch=1", "", StringComparison.Ordinal)));
        Assert.StartsWith("https://idp.test/", (await browser.FollowAsync(answered.Location!)).Location, StringComparison.Ordinal);

        // After that sign-in it is asked once more, and leads on.
        answered = await AnswerAsync(browser, await SaasRig.SignInAsync(rig, browser, Question(name, value)));
        Assert.StartsWith(SaasRig.Redirect + "&code=", (await browser.FollowAsync(answered.Location!, "https://tracker.test/")).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_purpose_after_an_earlier_sign_in_makes_no_new_one_of_it()
    {
        await using var rig = await SaasRig.StartAsync(change: r => r.Saas().Policies[0].Policy!.PurposeRequired = true);
        rig.Provider.Claims = claims => claims["auth_time"] = rig.Clock.GetUtcNow().AddHours(-1).ToUnixTimeSeconds();
        using var browser = rig.Browser();
        var answered = await AnswerAsync(browser, await SaasRig.SignInAsync(rig, browser, Question("prompt", "login")));
        Assert.Contains("sign_in_stale", (await browser.FollowAsync(answered.Location!)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_session_a_purpose_leads_on_once()
    {
        await using var rig = await SaasRig.StartAsync(change: r => (r.Saas().SessionDuration, r.Saas().Policies[0].Policy!.PurposeRequired) = (TimeSpan.Zero, true));
        using var browser = rig.Browser();
        var page = await SaasRig.SignInAsync(rig, browser);
        var answered = await AnswerAsync(browser, page);
        Assert.StartsWith(SaasRig.Redirect + "&code=", (await browser.FollowAsync(answered.Location!, "https://tracker.test/")).Location, StringComparison.Ordinal);

        var again = await AnswerAsync(browser, page); // the same form is another visit
        Assert.StartsWith("https://idp.test/", (await browser.FollowAsync(again.Location!)).Location, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Question(string name, string value)
    {
        var query = SaasRig.Question();
        query[name] = value;
        return query;
    }

    private static Task<Answer> AnswerAsync(Browser browser, Answer page)
    {
        Assert.Equal(HttpStatusCode.OK, page.Status);
        return browser.PostAsync("https://access.test/cdn-cgi/access/purpose", ("state", State().Match(page.Body).Groups[1].Value), ("purpose", "ticket 7"));
    }

    private static long TimeOf(System.Text.Json.Nodes.JsonNode tokens) => new JsonWebToken(tokens["id_token"]!.ToString()).GetPayloadValue<long>("auth_time");

    [GeneratedRegex("name=\"state\" value=\"([^\"]+)\"")]
    private static partial Regex State();
}
