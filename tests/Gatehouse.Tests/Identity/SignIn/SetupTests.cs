using System.Net;
using Gatehouse.Identity.SignIn.Setup;
using Gatehouse.Model.Settings;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>One-time links: the first administrator, and recovery.</summary>
public class SetupTests
{
    private const string NewPassword = "a brand new password";

    [Fact]
    public async Task A_setup_link_sets_address_and_password_closes_setup_and_signs_in()
    {
        await using var host = await FreshAsync();
        using var browser = host.Browser();
        var path = await LinkAsync(host, OneTimeLinks.Setup);
        using var before = await browser.SendAsync(HttpMethod.Head, "/setup", null);
        using var home = await browser.GetAsync("/");
        using var shown = await browser.GetAsync(path);

        using var done = await PostAsync(browser, path);

        Assert.Equal((HttpStatusCode.OK, "/setup", HttpStatusCode.OK), (before.StatusCode, home.Headers.Location!.OriginalString, shown.StatusCode)); // asserted by Equal
        Assert.Equal((303, "/if/user/"), ((int)done.StatusCode, done.Headers.Location!.OriginalString)); // asserted by Equal
        using var page = await browser.GetAsync("/if/user/");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var alice = await host.ReadAsync(db => db.Users.SingleAsync(u => u.Username == "alice", TestContext.Current.CancellationToken));
        Assert.Equal("root@example.com", alice.Email);
        Assert.True(Gatehouse.Model.Users.PasswordHash.Verify(NewPassword, alice.PasswordHash!)); // was set
        using var after = await browser.SendAsync(HttpMethod.Head, "/setup", null);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, after.StatusCode);
    }

    [Theory]
    [InlineData(OneTimeLinks.Setup)]
    [InlineData(OneTimeLinks.Recovery)]
    public async Task A_link_works_once_however_many_use_it_at_the_same_time(string purpose)
    {
        await using var host = await FreshAsync();
        var path = await LinkAsync(host, purpose);
        Browser[] browsers = [.. Enumerable.Range(0, 16).Select(_ => host.Browser())];

        var answers = await Task.WhenAll(browsers.Select(b => PostAsync(b, path)));

        Assert.Equal((1, 15), (answers.Count(a => (int)a.StatusCode == 303), answers.Count(a => (int)a.StatusCode == 410)));
        Assert.Equal(1, await host.ReadAsync(db => db.AuthenticatedSessions.CountAsync(TestContext.Current.CancellationToken)));
        Array.ForEach(answers, a => a.Dispose());
        Array.ForEach(browsers, b => b.Dispose());
    }

    [Fact]
    public async Task Two_setup_links_at_the_same_time_make_one_administrator()
    {
        await using var host = await FreshAsync();
        string[] paths = [await LinkAsync(host, OneTimeLinks.Setup), await LinkAsync(host, OneTimeLinks.Setup)];
        using var one = host.Browser();
        using var two = host.Browser();

        var answers = await Task.WhenAll(PostAsync(one, paths[0]), PostAsync(two, paths[1]));

        Assert.Equal([303, 410], answers.Select(a => (int)a.StatusCode).Order());
        Array.ForEach(answers, a => a.Dispose());
    }

    [Fact]
    public async Task U05_setup_stays_closed_whatever_becomes_of_the_first_administrator()
    {
        await using var host = await SignInHost.StartAsync();
        var path = await LinkAsync(host, OneTimeLinks.Setup);
        using var browser = host.Browser();

        async Task AssertClosedAsync()
        {
            using var shown = await browser.GetAsync(path);
            using var posted = await PostAsync(browser, path);
            using var head = await browser.SendAsync(HttpMethod.Head, "/setup", null);
            using var explained = await browser.GetAsync("/setup");
            Assert.Equal([410, 410, 503, 410], new[] { shown, posted, head, explained }.Select(r => (int)r.StatusCode));
        }

        await AssertClosedAsync();
        await host.ChangeAsync(db => db.Users.Where(u => u.Username == "alice").ExecuteUpdateAsync(u => u.SetProperty(x => x.IsActive, false), TestContext.Current.CancellationToken));
        await AssertClosedAsync();
        await host.ChangeAsync(db => db.Users.ExecuteDeleteAsync(TestContext.Current.CancellationToken));
        await AssertClosedAsync();
    }

    [Fact]
    public async Task A_recovery_link_works_after_setup_keeps_the_address_and_ends_all_other_sessions()
    {
        await using var host = await SignInHost.StartAsync();
        using var thief = await host.SignedInAsync();
        using var browser = host.Browser();
        var older = await LinkAsync(host, OneTimeLinks.Recovery);
        var path = await LinkAsync(host, OneTimeLinks.Recovery);

        using var done = await PostAsync(browser, path);

        Assert.Equal(303, (int)done.StatusCode);
        using var stolen = await thief.GetAsync("/if/user/");
        using var own = await browser.GetAsync("/if/user/");
        Assert.Equal((HttpStatusCode.Found, HttpStatusCode.OK), (stolen.StatusCode, own.StatusCode));
        using var another = await PostAsync(browser, older);
        Assert.Equal(HttpStatusCode.Gone, another.StatusCode);
        Assert.Equal("alice@example.com", await host.ReadAsync(db => db.Users.Where(u => u.Username == "alice").Select(u => u.Email).SingleAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task S10_a_link_ends_after_its_time_and_only_its_hash_is_kept()
    {
        await using var host = await FreshAsync();
        using var browser = host.Browser();
        var path = await LinkAsync(host, OneTimeLinks.Setup);
        Assert.DoesNotContain(await host.ReadAsync(db => db.OneTimeLinks.Select(l => l.Hash).SingleAsync(TestContext.Current.CancellationToken)), path, StringComparison.Ordinal);

        host.Clock.Advance(TimeSpan.FromMinutes(30));

        using var shown = await browser.GetAsync(path);
        using var posted = await PostAsync(browser, path);
        using var guessed = await browser.GetAsync("/setup/" + new string('0', 64));
        using var shortened = await browser.GetAsync(path[..^1]);
        Assert.All([shown, posted, guessed, shortened], r => Assert.Equal(HttpStatusCode.Gone, r.StatusCode));
    }

    [Theory]
    [InlineData("root@example.com", "short", "short")]
    [InlineData("root@example.com", "aaaaaaaaaaaa", "aaaaaaaaaaaa")]
    [InlineData("root@example.com", NewPassword, "another password")]
    [InlineData("root@example.com", "root@example.com", "root@example.com")]
    [InlineData("not an address", NewPassword, NewPassword)]
    [InlineData("", NewPassword, NewPassword)]
    [InlineData("root@example.com", "", "")]
    public async Task A_form_with_a_fault_is_shown_again_and_uses_nothing_up(string email, string password, string repeated)
    {
        await using var host = await FreshAsync();
        using var browser = host.Browser();
        var path = await LinkAsync(host, OneTimeLinks.Setup);

        using var refused = await PostAsync(browser, path, email, password, repeated);

        Assert.Equal(400, (int)refused.StatusCode);
        var page = await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("role=\"alert\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain(NewPassword, page, StringComparison.Ordinal);
        using var done = await PostAsync(browser, path);
        Assert.Equal(303, (int)done.StatusCode);
    }

    [Fact]
    public async Task S02_a_form_from_another_site_or_of_another_kind_is_refused()
    {
        await using var host = await FreshAsync();
        using var browser = host.Browser();
        var path = await LinkAsync(host, OneTimeLinks.Setup);
        using var json = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
        using var large = new FormUrlEncodedContent([new("password", new string('a', 70_000))]);

        using var foreign = await PostAsync(browser, path, headers: ("Origin", "https://evil.test"));
        using var sister = await PostAsync(browser, path, headers: ("Sec-Fetch-Site", "same-site"));
        using var typed = await browser.SendAsync(HttpMethod.Post, path, json);
        using var big = await browser.SendAsync(HttpMethod.Post, path, large);
        using var torn = new StringContent("--x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nabc");
        torn.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");
        using var multipart = await browser.SendAsync(HttpMethod.Post, path, torn);

        Assert.Equal([403, 403, 400, 400, 400], new[] { foreign, sister, typed, big, multipart }.Select(r => (int)r.StatusCode));
    }

    private static async Task<SignInHost> FreshAsync()
    {
        var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => db.Settings.Where(s => s.Name == SettingNames.SetupDone).ExecuteDeleteAsync(TestContext.Current.CancellationToken));
        return host;
    }

    private static async Task<string> LinkAsync(SignInHost host, string purpose)
    {
        var alice = await host.ReadAsync(db => db.Users.Where(u => u.Username == "alice").Select(u => u.Id).SingleAsync(TestContext.Current.CancellationToken));
        var url = await host.Links.CreateAsync(purpose, alice, OneTimeLinks.DefaultLife, TestContext.Current.CancellationToken);
        Assert.StartsWith("https://auth.gh.test/setup/", url, StringComparison.Ordinal);
        return new Uri(url).AbsolutePath;
    }

    private static async Task<HttpResponseMessage> PostAsync(
        Browser browser, string path, string email = "root@example.com", string password = NewPassword, string repeated = NewPassword, params (string, string)[] headers)
    {
        using var form = new FormUrlEncodedContent([new("username", "mallory"), new("email", email), new("password", password), new("password_repeat", repeated)]);
        return await browser.SendAsync(HttpMethod.Post, path, form, headers);
    }
}
