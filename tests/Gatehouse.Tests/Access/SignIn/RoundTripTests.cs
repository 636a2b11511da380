using System.Net;
using System.Text.Json;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.SignIn;

public class RoundTripTests
{
    [Fact]
    public async Task Ends_at_exactly_the_address_that_was_asked_for()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        var page = await rig.SignInAsync(browser, "https://app.test/deep%20er/%41?q=1&r=%2F&s=%C3%A4+b");

        Assert.Equal("app /deep%20er/%41?q=1&r=%2F&s=%C3%A4+b", page.Body);
    }

    [Fact]
    public async Task S12_a_token_is_good_at_the_host_it_was_made_for_and_each_host_gets_its_own_silently()
    {
        await using var rig = await SignInRig.StartAsync(r => r.App.Domains = ["*.apps.test"]);
        using var browser = rig.Browser();
        using var program = rig.Browser();
        await rig.SignInAsync(browser, "https://wiki.apps.test/");
        var token = browser["wiki.apps.test", "CF_Authorization"]!;

        foreach (var (host, status) in ((string, HttpStatusCode)[])[("wiki.apps.test", HttpStatusCode.OK), ("shop.apps.test", HttpStatusCode.BadRequest), ("access.test", HttpStatusCode.OK)])
        {
            Assert.Equal(status, (await program.GetAsync($"https://{host}/cdn-cgi/access/get-identity", headers: [("Cookie", "CF_Authorization=" + token)])).Status);
            Assert.Equal(status, (await program.GetAsync($"https://{host}/cdn-cgi/access/get-identity", headers: [("Cf-Access-Token", token)])).Status);
        }

        Assert.Equal("app /x", (await browser.FollowAsync("https://shop.apps.test/x")).Body);
        Assert.NotEqual(token, browser["shop.apps.test", "CF_Authorization"]);
        Assert.Single(rig.Sessions.All);
    }

    [Theory]
    [InlineData("login link")]
    [InlineData("callback")]
    [InlineData("hand-off")]
    public async Task S12_no_step_of_a_sign_in_leads_to_a_host_that_nobody_published(string step)
    {
        await using var rig = await SignInRig.StartAsync(r => (r.App.Domains, r.Published) = (["*.apps.test"], ["wiki.apps.test"]));
        using var browser = rig.Browser();
        void Unpublish()
        {
            rig.Published!.Clear();
            rig.Reload();
        }

        Answer answer;
        if (step == "login link")
        {
            answer = await browser.GetAsync($"https://access.test/cdn-cgi/access/login/dangling.apps.test?kid={rig.App.Aud}&redirect_url=%2F");
        }
        else
        {
            var authorize = await rig.BeginAsync(browser, "https://wiki.apps.test/");
            if (step == "callback")
            {
                Unpublish();
            }

            answer = await SignInRig.CallbackAsync(browser, authorize);
            if (step == "hand-off")
            {
                Unpublish();
                answer = await browser.GetAsync(answer.Location!);
            }
        }

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Null(answer.Location);
        Assert.DoesNotContain(browser.Cookies, c => c.Host != "access.test" && c.Name == "CF_Authorization");
    }

    [Fact]
    public async Task The_authorization_request_has_state_nonce_and_pkce()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        var authorize = await rig.BeginAsync(browser);
        await SignInRig.CallbackAsync(browser, authorize);

        Assert.Equal(
            ("1", "gatehouse", "https://access.test/cdn-cgi/access/callback", "code", "openid email profile", "S256", ""),
            (authorize["tenant"], authorize["client_id"], authorize["redirect_uri"], authorize["response_type"], authorize["scope"], authorize["code_challenge_method"], authorize["prompt"]));
        var form = rig.Provider.LastForm!;
        Assert.Equal(
            ("authorization_code", "c0de", "https://access.test/cdn-cgi/access/callback", "gatehouse", "s3cret"),
            (form["grant_type"].ToString(), form["code"].ToString(), form["redirect_uri"].ToString(), form["client_id"].ToString(), form["client_secret"].ToString()));
        Assert.Equal(
            authorize["code_challenge"],
            System.Buffers.Text.Base64Url.EncodeToString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))));
    }

    [Fact]
    public async Task Cookies_have_the_documented_flags()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        var callback = await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser));
        var authorized = await browser.GetAsync(callback.Location!);

        var org = Assert.Single(callback.SetCookies);
        Assert.Contains("; expires=Sat, 03 Jan 2026 03:04:05 GMT; path=/; secure; samesite=none; httponly", org, StringComparison.Ordinal);
        var app = Assert.Single(authorized.SetCookies);
        Assert.Contains("; expires=Sat, 03 Jan 2026 03:04:05 GMT; path=/; secure; samesite=none; httponly", app, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_apps_own_cookie_flags_are_kept()
    {
        await using var rig = await SignInRig.StartAsync(r =>
        {
            r.App.Domains = ["app.test/admin*"];
            r.App.HttpOnlyCookie = false;
            r.App.SameSiteCookie = CookieSameSite.Lax;
            r.App.PathCookie = true;
            r.App.SessionDuration = TimeSpan.FromMinutes(5);
        });
        using var browser = rig.Browser();

        var callback = await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser, "https://app.test/admin/x"));
        var authorized = await browser.GetAsync(callback.Location!);

        Assert.EndsWith("; expires=Fri, 02 Jan 2026 03:09:05 GMT; path=/; secure; samesite=lax", Assert.Single(authorized.SetCookies), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_app_is_entered_silently_by_GET_and_by_HEAD()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Apps.Add(TestAccess.App("two.test", TestAccess.Policy(PolicyAction.Allow, "All", [new Rule.Everyone()]))));
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);

        var login = await browser.GetAsync("https://two.test/x");
        var head = await browser.GetAsync(login.Location!, HttpMethod.Head);
        var get = await browser.GetAsync(login.Location!);
        var page = await browser.FollowAsync(get.Location!);

        Assert.StartsWith("https://two.test/cdn-cgi/access/authorized?nonce=", head.Location, StringComparison.Ordinal);
        Assert.Equal("two.test", get.Headers["CF-Access-Domain"]);
        Assert.Equal(rig.Apps[1].Aud, get.Headers["CF-Access-Aud"]);
        Assert.Equal("app /x", page.Body);
    }

    [Fact]
    public async Task Two_tabs_can_sign_in_at_once()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var first = await rig.BeginAsync(browser, "https://app.test/one");
        var second = await rig.BeginAsync(browser, "https://app.test/two");

        rig.Provider.Nonce = first["nonce"];
        var one = await browser.FollowAsync((await SignInRig.CallbackAsync(browser, first, "c1")).Location!);
        rig.Provider.Nonce = second["nonce"];
        var two = await browser.FollowAsync((await SignInRig.CallbackAsync(browser, second, "c2")).Location!);

        Assert.Equal(("app /one", "app /two"), (one.Body, two.Body));
    }

    [Theory]
    [InlineData(null, 24 * 60)]
    [InlineData(30, 30)]
    [InlineData(0, 1)]
    public async Task The_policys_session_duration_goes_before_the_apps(int? policyMinutes, int minutes)
    {
        await using var rig = await SignInRig.StartAsync(r => r.App.Policies[0].Policy!.SessionDuration = policyMinutes is { } m ? TimeSpan.FromMinutes(m) : null);
        using var browser = rig.Browser();

        await rig.SignInAsync(browser);

        Assert.Equal(rig.Clock.GetUtcNow().AddMinutes(minutes), browser.Cookies.Single(c => c is { Host: "app.test", Name: "CF_Authorization" }).Expires);
    }

    [Fact]
    public async Task An_app_of_no_duration_asks_the_provider_each_time()
    {
        await using var rig = await SignInRig.StartAsync(r => r.App.SessionDuration = TimeSpan.Zero);
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        rig.Clock.Advance(TimeSpan.FromSeconds(61));

        var again = await rig.BeginAsync(browser);

        Assert.Equal(("login", "0"), (again["prompt"], again["max_age"]));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-60, true)] // clocks differ
    [InlineData(-61, false)]
    [InlineData(null, false)]
    public async Task An_app_of_no_duration_takes_no_sign_in_from_before_it_asked(int? secondsAfter, bool isTaken)
    {
        await using var rig = await SignInRig.StartAsync(r => r.App.SessionDuration = TimeSpan.Zero);
        using var browser = rig.Browser();
        var asked = await rig.BeginAsync(browser);
        var began = rig.Clock.GetUtcNow().ToUnixTimeSeconds();
        rig.Provider.Claims = c => c["auth_time"] = began + secondsAfter;
        rig.Clock.Advance(TimeSpan.FromMinutes(2));

        var answer = await SignInRig.CallbackAsync(browser, asked); // whose prompt=login the person took out of the address

        Assert.Equal(isTaken, answer.Location is not null);
        Assert.Equal(isTaken ? 1 : 0, rig.Sessions.All.Count);
        Assert.Equal(isTaken, !answer.Body.Contains("sign_in_stale", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_the_login_methods_of_the_app_count_for_silent_sign_on()
    {
        await using var rig = await SignInRig.StartAsync(r =>
        {
            r.Methods.Add(r.Provider.Method("Other"));
            r.App.AllowedLoginMethods = [r.Method.Id];
            r.Apps.Add(TestAccess.App("two.test", TestAccess.Policy(PolicyAction.Allow, "All", [new Rule.Everyone()])));
            r.Apps[1].AllowedLoginMethods = [r.Methods[1].Id];
        });
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);

        var page = await browser.FollowAsync("https://two.test/");

        Assert.Contains("Sign in with Other", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Authentik", page.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_login_page_offers_each_method_and_each_leads_to_its_provider()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Methods.Add(r.Provider.Method("Second <b>")));
        using var browser = rig.Browser();

        var page = await browser.FollowAsync("https://app.test/x");
        var links = System.Text.RegularExpressions.Regex.Matches(page.Body, "href=\"(/cdn-cgi[^\"]+)\"").Select(m => WebUtility.HtmlDecode(m.Groups[1].Value)).ToList();
        var chosen = await browser.GetAsync("https://access.test" + links[1]);

        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Contains("Second &lt;b&gt;", page.Body, StringComparison.Ordinal);
        Assert.Equal(2, links.Count);
        Assert.StartsWith("https://idp.test/authorize?tenant=1&client_id=gatehouse", chosen.Location, StringComparison.Ordinal);
        Assert.NotNull(browser["access.test", "__Host-CF_Session"]);
    }

    [Fact]
    public async Task A_denied_person_sees_whom_they_are_signed_in_as_and_can_be_somebody_else()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Claims = c => c["email"] = "eve@example.org");
        using var browser = rig.Browser();

        var denied = await rig.SignInAsync(browser);
        var link = WebUtility.HtmlDecode(System.Text.RegularExpressions.Regex.Match(denied.Body, "href=\"(https://app.test[^\"]+)\"").Groups[1].Value);
        var again = await browser.FollowAsync(link);

        Assert.Equal(HttpStatusCode.Forbidden, denied.Status);
        var record = Assert.Single(rig.Audit.Records);
        Assert.Contains("eve@example.org", denied.Body, StringComparison.Ordinal);
        Assert.Contains(record.Id, denied.Body, StringComparison.Ordinal);
        Assert.Equal(record.Id, denied.Headers["CF-Ray"]);
        Assert.DoesNotContain("Staff", denied.Body, StringComparison.Ordinal);
        Assert.Equal((false, "login", "eve@example.org", "app.test", "/deep"), (record.Allowed, record.Action, record.Email, record.Host, record.Path));
        Assert.Contains("the address were under example.com", JsonDocument.Parse(record.TreeJson).RootElement.GetProperty("nearestMiss").GetString(), StringComparison.Ordinal);
        Assert.Null(browser["access.test", "CF_Authorization"]);
        Assert.Equal("login", again["prompt"]);
    }

    [Fact]
    public async Task A_person_whom_a_second_app_denies_sees_it_at_once_and_keeps_the_first()
    {
        await using var rig = await SignInRig.StartAsync(r =>
        {
            r.Apps.Add(TestAccess.App("two.test", TestAccess.Policy(PolicyAction.Allow, "Boss", [new Rule.Email("boss@example.com")])));
            r.Apps[1].CustomDenyMessage = "Ask the boss & wait.";
            r.Apps.Add(TestAccess.App("three.test"));
            r.Apps[2].CustomDenyUrl = "https://help.test/denied?why=access";
        });
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);

        var two = await browser.FollowAsync("https://two.test/");
        var three = await browser.FollowAsync("https://three.test/", "https://help.test/");
        var one = await browser.GetAsync("https://app.test/");

        Assert.Equal(HttpStatusCode.Forbidden, two.Status);
        Assert.Contains("Ask the boss &amp; wait.", two.Body, StringComparison.Ordinal);
        Assert.Equal("https://help.test/denied?why=access", three.Location);
        Assert.Equal("app /", one.Body);
    }

    [Fact]
    public async Task Policies_that_changed_during_the_hand_off_are_judged_anew()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var callback = await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser));

        rig.App.Policies.Clear();
        rig.Reload();
        var authorized = await browser.GetAsync(callback.Location!);

        Assert.Equal(HttpStatusCode.Forbidden, authorized.Status);
        Assert.Null(browser["app.test", "CF_Authorization"]);
    }

    [Fact]
    public async Task Nothing_is_kept_for_somebody_who_did_not_sign_in()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Token = c => FakeProvider.WriteAsync(c, 400, new() { ["error"] = "invalid_grant" }));
        using var browser = rig.Browser();

        var authorize = await rig.BeginAsync(browser);
        for (var n = 0; n < 3; n++)
        {
            await SignInRig.CallbackAsync(browser, authorize, "made-up");
        }

        Assert.Equal((0, 0, 0), (rig.Sessions.Burnt, rig.Sessions.All.Count, rig.Audit.Records.Count));
    }

    [Fact]
    public async Task Tokens_codes_and_cookies_stay_out_of_the_log()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Token = c => FakeProvider.WriteAsync(c, 401, new() { ["error"] = "invalid_client", ["error_description"] = "no\r\n1 forged" }));
        using var browser = rig.Browser();

        await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser), "canary-code");
        await browser.GetAsync("https://access.test/cdn-cgi/access/callback?code=canary-code&state=canary-state");

        // The framework's own lines name requests at levels that the host keeps off; these are ours.
        var ours = rig.Log.Where(l => l.StartsWith("32", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, ours.Count);
        Assert.All(ours, l => Assert.False(
            browser.Cookies.Any(c => l.Contains(c.Value, StringComparison.Ordinal)) || l.Contains("canary", StringComparison.Ordinal) || l.Contains("s3cret", StringComparison.Ordinal) || l.Contains('\n', StringComparison.Ordinal)));
    }
}
