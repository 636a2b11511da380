using System.Net;
using Gatehouse.Model.Policies;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>The provider's answer comes a second time: its code is used up, and the browser that brought it goes on with what came of it. Nobody else does.</summary>
public class CallbackAgainTests
{
    private const string Deep = "https://app.test/deep?q=1&r=%2F";

    [Theory]
    [InlineData("our answer was lost")]
    [InlineData("loaded anew")]
    [InlineData("the way back, from the app")]
    public async Task A_browser_whose_code_was_used_goes_on_to_where_it_wanted(string row)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var authorize = await rig.BeginAsync(browser);
        var first = await SignInRig.CallbackAsync(browser, authorize);
        if (row == "our answer was lost")
        {
            browser.Cookies.RemoveAll(c => c.Name == "CF_Authorization");
        }
        else if (row == "the way back, from the app")
        {
            await browser.FollowAsync(first.Location!);
        }

        var again = await SignInRig.CallbackAsync(browser, authorize);
        Assert.Equal((HttpStatusCode.Found, Deep), (again.Status, again.Location));
        Assert.Equal("app /deep?q=1&r=%2F", (await browser.FollowAsync(again.Location!)).Body);
        Assert.Single(rig.Sessions.All);
        Assert.Equal(1, rig.Provider.Exchanges);
        Assert.Contains(rig.Log, l => l.StartsWith("3254 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Going_back_to_an_earlier_sign_in_leaves_no_session_that_nobody_can_end()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var authorize = await rig.BeginAsync(browser);
        await SignInRig.CallbackAsync(browser, authorize);
        browser.Cookies.RemoveAll(c => c.Name == "CF_Authorization"); // our answer was lost
        var second = await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser), "another-code");
        Assert.Equal((HttpStatusCode.Found, 2), (second.Status, rig.Sessions.All.Count));

        Assert.Equal(HttpStatusCode.Found, (await SignInRig.CallbackAsync(browser, authorize)).Status);
        var left = rig.Sessions.All.Where(s => !rig.Sessions.Revocations.Current.IsRevoked(s.Nonce)).ToList();
        Assert.Single(left);
        Assert.Equal("app /deep?q=1&r=%2F", (await browser.FollowAsync(Deep)).Body);
    }

    [Fact]
    public async Task A_browser_that_goes_away_in_the_middle_finds_its_sign_in_done()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var authorize = await rig.BeginAsync(browser);
        var (asked, answer, exchange) = (new TaskCompletionSource(), new TaskCompletionSource(), rig.Provider.Token);
        rig.Provider.Token = async context =>
        {
            asked.TrySetResult();
            await answer.Task.WaitAsync(TestContext.Current.CancellationToken);
            await exchange(context);
        };

        using var gone = new CancellationTokenSource();
        var cookies = CookiesOf(browser);
        await Task.WhenAll(AbandonAsync(), LeaveAsync());
        var second = (await Task.WhenAll(ComeBackAsync(), ReleaseAsync()))[0]; // while the first is under way

        Assert.Equal((HttpStatusCode.Found, Deep), (second!.Status, second.Location)); // the first of the two is an answer
        Assert.Equal("app /deep?q=1&r=%2F", (await browser.FollowAsync(Deep)).Body);
        Assert.Single(rig.Sessions.All);
        Assert.Equal(1, rig.Provider.Exchanges);

        async Task AbandonAsync()
        {
            using var client = new HttpClient();
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(rig.Address, $"/cdn-cgi/access/callback?code=c0de&state={authorize["state"]}"));
            request.Headers.Host = "access.test";
            request.Headers.Add("Cookie", cookies);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.SendAsync(request, gone.Token));
        }

        async Task LeaveAsync()
        {
            await asked.Task.WaitAsync(TestContext.Current.CancellationToken);
            await gone.CancelAsync();
        }

        async Task<Answer?> ComeBackAsync() => await SignInRig.CallbackAsync(browser, authorize);

        Task<Answer?> ReleaseAsync()
        {
            answer.SetResult();
            return Task.FromResult<Answer?>(null);
        }
    }

    [Fact]
    public async Task Many_at_once_are_one_exchange_and_one_session()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var authorize = await rig.BeginAsync(browser);
        var cookies = CookiesOf(browser);
        var url = $"https://access.test/cdn-cgi/access/callback?code=c0de&state={authorize["state"]}";
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            using var tab = rig.Browser();
            return await tab.GetAsync(url, headers: ("Cookie", cookies));
        }));

        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Found, a.Status));
        Assert.Single(rig.Sessions.All);
        Assert.Equal(1, rig.Provider.Exchanges);
    }

    [Theory]
    [InlineData("no cookies")]
    [InlineData("a sign-in of its own under way")]
    [InlineData("signed in as somebody else")]
    public async Task S03_another_browser_with_the_same_url_is_refused(string row)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var other = rig.Browser();
        var authorize = await rig.BeginAsync(browser);
        await SignInRig.CallbackAsync(browser, authorize);
        if (row != "no cookies")
        {
            rig.Provider.Claims = c => c["email"] = "eve@example.com";
            var own = await rig.BeginAsync(other);
            if (row == "signed in as somebody else")
            {
                await SignInRig.CallbackAsync(other, own);
            }
        }

        var before = other["access.test", "CF_Authorization"];
        var refused = await SignInRig.CallbackAsync(other, authorize);
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("begun in another browser", refused.Body, StringComparison.Ordinal);
        Assert.Empty(refused.SetCookies);
        Assert.Equal(before, other["access.test", "CF_Authorization"]);
    }

    [Theory]
    [InlineData("signed out")]
    [InlineData("somebody else signed in")]
    [InlineData("the state is over")]
    [InlineData("the session is over")]
    [InlineData("another code")]
    public async Task What_has_ended_is_not_begun_again(string row)
    {
        await using var rig = await StartAsync(r => r.Organization.SessionDuration = row == "the session is over" ? TimeSpan.FromMinutes(5) : r.Organization.SessionDuration);
        using var browser = rig.Browser();
        var authorize = await rig.BeginAsync(browser);
        await SignInRig.CallbackAsync(browser, authorize);
        switch (row)
        {
            case "signed out":
                await browser.GetAsync("https://access.test/cdn-cgi/access/logout");
                break;
            case "somebody else signed in":
                rig.Provider.Claims = c => c["email"] = "eve@example.com";
                await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser, "https://app.test/cdn-cgi/access/login?redirect_url=%2F&switch=1"), "another");
                break;
            case "the state is over":
                rig.Clock.Advance(TimeSpan.FromMinutes(10));
                break;
            case "the session is over":
                rig.Clock.Advance(TimeSpan.FromMinutes(6));
                break;
        }

        var sessions = rig.Sessions.All.Count;
        var before = browser["access.test", "CF_Authorization"];
        var refused = await SignInRig.CallbackAsync(browser, authorize, row == "another code" ? "another" : "c0de");
        Assert.True((int)refused.Status >= 400, refused.Location);
        Assert.DoesNotContain(refused.SetCookies, c => c.StartsWith("CF_Authorization=", StringComparison.Ordinal));
        Assert.Equal(before, browser["access.test", "CF_Authorization"]);
        Assert.Equal(sessions, rig.Sessions.All.Count);
    }

    [Fact]
    public async Task An_app_that_asks_at_each_visit_gets_no_second_one_out_of_it()
    {
        await using var rig = await StartAsync(r => r.App.SessionDuration = TimeSpan.Zero);
        using var browser = rig.Browser();
        var authorize = await rig.BeginAsync(browser);
        Assert.Contains("/authorized?", (await SignInRig.CallbackAsync(browser, authorize)).Location, StringComparison.Ordinal);

        var again = await SignInRig.CallbackAsync(browser, authorize);
        Assert.StartsWith("https://idp.test/", (await browser.FollowAsync(again.Location!)).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whom_the_policies_admit_no_more_is_refused_by_them()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var authorize = await rig.BeginAsync(browser);
        await SignInRig.CallbackAsync(browser, authorize);
        rig.App.Policies[0].Policy!.Include = [new Rule.Email("bob@example.com")];
        rig.Reload();

        Assert.Equal(HttpStatusCode.Forbidden, (await browser.FollowAsync((await SignInRig.CallbackAsync(browser, authorize)).Location!)).Status);
        Assert.Null(browser["app.test", "CF_Authorization"]);
    }

    // A provider that takes each code once, as they do.
    private static Task<SignInRig> StartAsync(Action<SignInRig>? change = null) => SignInRig.StartAsync(rig =>
    {
        var (exchange, used) = (rig.Provider.Token, new System.Collections.Concurrent.ConcurrentDictionary<string, bool>());
        rig.Provider.Token = context => used.TryAdd(context.Request.Form["code"].ToString(), true)
            ? exchange(context)
            : FakeProvider.WriteAsync(context, 400, new System.Text.Json.Nodes.JsonObject { ["error"] = "invalid_grant" });
        change?.Invoke(rig);
    });

    private static string CookiesOf(Browser browser) => string.Join("; ", browser.Cookies.Where(c => c.Host == "access.test").Select(c => $"{c.Name}={c.Value}"));
}
