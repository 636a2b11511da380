using System.Net;

namespace Gatehouse.Tests.Access.SignIn;

public class CallbackTests
{
    [Fact]
    public async Task S03_a_state_of_another_browser_is_refused()
    {
        await using var rig = await SignInRig.StartAsync();
        using var attacker = rig.Browser();
        using var victim = rig.Browser();
        var authorize = await rig.BeginAsync(attacker);
        await victim.FollowAsync("https://app.test/");

        var answer = await SignInRig.CallbackAsync(victim, authorize);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains("Invalid session. Please try logging in again", answer.Body, StringComparison.Ordinal);
        Assert.Empty(rig.Sessions.All);
    }

    [Fact]
    public async Task S03_a_missing_state_cookie_is_refused()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var authorize = await rig.BeginAsync(browser);
        browser.Cookies.RemoveAll(c => c.Name == "__Host-CF_Session");

        Assert.Equal(HttpStatusCode.BadRequest, (await SignInRig.CallbackAsync(browser, authorize)).Status);
    }

    [Fact]
    public async Task S03_a_reused_state_is_refused()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var authorize = await rig.BeginAsync(browser);

        var first = await SignInRig.CallbackAsync(browser, authorize);
        var second = await SignInRig.CallbackAsync(browser, authorize, "another-code");

        Assert.Equal((HttpStatusCode.Found, HttpStatusCode.BadRequest), (first.Status, second.Status));
        Assert.Single(rig.Sessions.All);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?code=a")]
    [InlineData("?code=a&state=")]
    [InlineData("?code=a&state=abc")]
    [InlineData("?code=a&state=%00%ff%c0")]
    [InlineData("?code=a&state={state}&state={state}")]
    [InlineData("?state={state}")]
    [InlineData("?code=&state={state}")]
    [InlineData("?code=a&code=b&state={state}")]
    [InlineData("?code=a&state={cut}")]
    public async Task S03_malformed_answers_are_refused(string query)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var state = (await rig.BeginAsync(browser))["state"];

        var filled = query.Replace("{state}", state, StringComparison.Ordinal).Replace("{cut}", state[..^2], StringComparison.Ordinal);
        var answer = await browser.GetAsync("https://access.test/cdn-cgi/access/callback" + filled);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Theory]
    [InlineData("https://idp.test", "&iss=https%3A%2F%2Fidp.test", true)]
    [InlineData("https://idp.test", "", true)] // not every provider sends one
    [InlineData("", "&iss=https%3A%2F%2Fidp.test", true)]
    [InlineData("https://idp.test", "&iss=https%3A%2F%2Fother.test", false)]
    [InlineData("https://idp.test", "&iss=https%3A%2F%2Fidp.test%2F", false)]
    [InlineData("https://idp.test", "&iss=HTTPS%3A%2F%2Fidp.test", false)]
    [InlineData("https://idp.test", "&iss=", false)]
    [InlineData("https://idp.test", "&iss=https%3A%2F%2Fidp.test&iss=https%3A%2F%2Fidp.test", false)]
    [InlineData("", "&iss=https%3A%2F%2Fother.test", false)] // the other method's
    [InlineData("https://auth.test/application/o/access/", "", false)] // our own Identity always sends it
    [InlineData("https://auth.test/application/o/access/", "&iss=https%3A%2F%2Fauth.test%2Fapplication%2Fo%2Faccess%2F", true)]
    public async Task O23_a_code_is_redeemed_only_where_its_issuer_says_it_is_from(string issuer, string parameter, bool isTaken)
    {
        await using var rig = await SignInRig.StartAsync(r =>
        {
            r.Method.Issuer = issuer;
            r.Provider.Claims = c => c["iss"] = issuer.Length > 0 ? issuer : "https://idp.test";
            r.Methods.Add(Fakes.TestAccess.Method("Other"));
            r.Methods[1].Issuer = "https://other.test";
            r.App.AllowedLoginMethods = [r.Method.Id];
        });
        using var browser = rig.Browser();
        var authorize = await rig.BeginAsync(browser);

        var answer = await browser.GetAsync($"https://access.test/cdn-cgi/access/callback?code=c0de&state={authorize["state"]}{parameter}");

        Assert.Equal(isTaken ? HttpStatusCode.Found : HttpStatusCode.Forbidden, answer.Status);
        Assert.Equal(isTaken, rig.Provider.LastForm is not null); // else the code stays where it is
        Assert.Equal(isTaken ? 1 : 0, rig.Sessions.All.Count);
        Assert.Equal(!isTaken, answer.Body.Contains("issuer_mismatch", StringComparison.Ordinal));
    }

    [Fact]
    public async Task O23_an_error_of_another_provider_is_not_taken_for_the_answer()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Method.Issuer = "https://idp.test");
        using var browser = rig.Browser();
        var authorize = await rig.BeginAsync(browser);

        var answer = await browser.GetAsync($"https://access.test/cdn-cgi/access/callback?error=access_denied&iss=https%3A%2F%2Fevil.test&state={authorize["state"]}");

        Assert.Contains("issuer_mismatch", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_state_ends_after_ten_minutes()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var authorize = await rig.BeginAsync(browser);

        rig.Clock.Advance(TimeSpan.FromMinutes(10));

        var answer = await SignInRig.CallbackAsync(browser, authorize);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains("longer than ten minutes", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hand_off_works_once_within_a_minute_and_in_its_own_browser()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        using var other = rig.Browser();
        await other.GetAsync("https://app.test/");
        var handOff = (await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser))).Location!;

        var elsewhere = await other.GetAsync(handOff);
        var first = await browser.GetAsync(handOff);
        var second = await browser.GetAsync(handOff);

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.Found, HttpStatusCode.BadRequest), (elsewhere.Status, first.Status, second.Status));
        Assert.Contains("Invalid session. Please try logging in again", elsewhere.Body, StringComparison.Ordinal);
        Assert.Contains("Invalid nonce. Please try logging in again", second.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hand_off_is_too_old_after_a_minute()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var handOff = (await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser))).Location!;

        rig.Clock.Advance(TimeSpan.FromSeconds(60));

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync(handOff)).Status);
    }

    [Theory]
    [InlineData("access_denied", "", "you declined")]
    [InlineData("invalid_scope", "The scope <b> is unknown", "invalid_scope (The scope &lt;b&gt; is unknown)")]
    public async Task The_providers_error_is_shown_in_words(string error, string description, string words)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var authorize = await rig.BeginAsync(browser);

        var answer = await browser.GetAsync(
            $"https://access.test/cdn-cgi/access/callback?error={error}&error_description={Uri.EscapeDataString(description)}&state={authorize["state"]}");

        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.Contains(words, answer.Body, StringComparison.Ordinal);
        Assert.Contains("Signing in at Authentik", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, """{"error":"invalid_client"}""", "client_refused", "Make sure the client secret is correct", 502)]
    [InlineData(400, """{"error":"invalid_grant","error_description":"used"}""", "code_refused", "was the page reloaded", 400)]
    [InlineData(500, "<h1>oops", "token_answer_unreadable", "answered 500", 502)]
    [InlineData(200, "[]", "token_answer_unreadable", "not a JSON object", 502)]
    [InlineData(200, "{}", "id_token_missing", "scope &#x27;openid&#x27;", 502)]
    [InlineData(200, """{"id_token":5}""", "id_token_missing", "no ID token", 502)]
    [InlineData(302, "", "token_endpoint_unreachable", "redirect, which is not followed", 502)]
    public async Task A_failed_exchange_names_the_hop_and_the_probable_cause(int status, string body, string code, string words, int shown)
    {
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Token = c =>
        {
            c.Response.StatusCode = status;
            c.Response.Headers.Location = status == 302 ? "/stray" : default;
            return Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(c.Response, body, c.RequestAborted);
        });
        using var browser = rig.Browser();

        var answer = await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser));

        Assert.Equal(shown, (int)answer.Status);
        Assert.Contains("Redeeming the code at Authentik", answer.Body, StringComparison.Ordinal);
        Assert.Contains(code, answer.Body, StringComparison.Ordinal);
        Assert.Contains(words, answer.Body.Replace("&#39;", "&#x27;", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(0, rig.Provider.Strays);
    }

    [Fact]
    public async Task X03_an_endless_answer_is_cut_off()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Token = async c =>
        {
            var chunk = new byte[64 * 1024];
            for (var n = 0; n < 64; n++)
            {
                await c.Response.Body.WriteAsync(chunk, c.RequestAborted);
            }
        });
        using var browser = rig.Browser();

        var answer = await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser));

        Assert.Contains("more than 1 MB", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_that_is_down_is_named()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Method.TokenUrl = "http://127.0.0.1:1/token");
        using var browser = rig.Browser();

        var answer = await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser));

        Assert.Equal(HttpStatusCode.BadGateway, answer.Status);
        Assert.DoesNotContain("127.0.0.1", answer.Body, StringComparison.Ordinal); // where it is, only the log says
        Assert.Contains(rig.Log, l => l.Contains("http://127.0.0.1:1/token can't be reached", StringComparison.Ordinal));

        Assert.Contains("its token URL can&#x27;t be reached (nothing accepts the connection)", answer.Body.Replace("&#39;", "&#x27;", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
