using System.Net;
using System.Text.RegularExpressions;
using Gatehouse.Model.Events;
using Gatehouse.Model.Policies;
using static Gatehouse.Tests.Access.SignIn.Mfa.MfaRig;

namespace Gatehouse.Tests.Access.SignIn.Mfa;

/// <summary>Where people look after the second factors that they enrolled at Access.</summary>
public partial class MfaDevicesTests
{
    [Fact]
    public async Task People_add_see_and_remove_their_own()
    {
        await using var rig = await StartAsync(change: r => r.App.AutoRedirectToIdentity = true);
        using var browser = rig.Browser();
        using var key = Key();

        // Cloudflare's address to enrol at, for somebody who is not signed in.
        var choice = await browser.FollowAsync("https://access.test/AddMfaDevice");
        var link = WebUtility.HtmlDecode(Link().Match(choice.Body).Groups[1].Value);
        var begun = await browser.GetAsync("https://access.test" + link);
        rig.Provider.Nonce = begun["nonce"];
        var (list, secret) = await EnrolAppAsync(rig, browser, await browser.FollowAsync((await SignInRig.CallbackAsync(browser, begun)).Location!));
        Assert.Contains("<strong>Authenticator app</strong>", list.Body, StringComparison.Ordinal);
        Assert.Contains("Your second factors", (await browser.GetAsync("https://access.test/")).Body, StringComparison.Ordinal);

        // A second one, right after; one app is all that anybody has.
        var add = await browser.GetAsync(Devices + "?add=1");
        Assert.DoesNotContain("Authenticator app", add.Body, StringComparison.Ordinal);
        list = await FollowAsync(browser, await browser.PostAsync(Post, ("state", StateOf(add)), ("answer", "security_key"), ("name", "<b>Blue</b>\n"), ("credential", key.Create(OptionsOf(add, "security_key")).ToJsonString())));
        Assert.Contains("&lt;b&gt;Blue&lt;/b&gt;", list.Body, StringComparison.Ordinal);
        Assert.Equal("app /", (await browser.FollowAsync(Home)).Body);

        // Ten minutes later adding and removing take a proof.
        rig.Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Contains("Prove that it is you", (await browser.GetAsync(Devices + "?add=1")).Body, StringComparison.Ordinal);
        list = await browser.GetAsync(Devices);
        var first = Id().Match(list.Body).Groups[1].Value;
        var prove = await browser.PostAsync(Devices, ("state", StateOf(list)), ("id", first));
        Assert.Contains("Prove that it is you", prove.Body, StringComparison.Ordinal);
        Assert.Equal(2, rig.Authenticators.All.Count);
        Assert.Equal(HttpStatusCode.BadRequest, (await AnswerAsync(browser, prove, "totp", CodeOf(rig, secret))).Status);
        list = await FollowAsync(browser, await KeyAsync(browser, prove, "key", key.Get(OptionsOf(prove, "key"))));
        Assert.Contains("Your second factors", list.Body, StringComparison.Ordinal);
        var removed = await browser.PostAsync(Devices, ("state", StateOf(list)), ("id", first));
        Assert.Equal(HttpStatusCode.SeeOther, removed.Status);
        Assert.DoesNotContain(rig.Authenticators.All, a => a.Id.ToString() == first);
        Assert.Single(rig.Events.Of(EventActions.ModelDeleted));
        Assert.Equal(2, rig.Events.Of(EventActions.ModelCreated).Count());
    }

    [Fact]
    public async Task Who_signs_in_by_a_mailed_code_comes_to_where_a_second_factor_is_added()
    {
        await using var rig = await StartAsync(change: OneTimePinTests.UsePins);
        using var browser = rig.Browser();
        var choice = await browser.FollowAsync("https://access.test/AddMfaDevice");
        var form = await browser.GetAsync("https://access.test" + WebUtility.HtmlDecode(Link().Match(choice.Body).Groups[1].Value));
        form = await browser.PostAsync(OneTimePinTests.ActionOf(form), ("email", "no address"));
        var sent = await browser.PostAsync(OneTimePinTests.ActionOf(form), ("email", "ada@example.com"));
        var page = await browser.GetAsync("https://access.test" + sent.Location);
        var code = OneTimePinTests.CodeOf((await rig.Mail.NextAsync()).Text);
        var answer = await browser.PostAsync("https://access.test/cdn-cgi/access/callback", ("nonce", OneTimePinTests.NonceOf(page)), ("code", code));
        var (list, _) = await EnrolAppAsync(rig, browser, await browser.FollowAsync(answer.Location!));
        Assert.Contains("<strong>Authenticator app</strong>", list.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_removes_what_is_somebody_elses_or_without_the_page()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var eve = rig.Browser();
        await BeginAsync(rig, browser);
        var id = rig.Authenticators.All.Single().Id.ToString();
        rig.Provider.Claims = c => c["email"] = "eve@example.com";
        await BeginAsync(rig, eve);

        var own = await eve.GetAsync(Devices);
        Assert.Equal(HttpStatusCode.SeeOther, (await eve.PostAsync(Devices, ("state", StateOf(own)), ("id", id))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(Devices, ("state", StateOf(own)), ("id", id))).Status); // Eve's page in Ada's browser
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(Devices, ("id", id), ("state", ""))).Status);
        var hers = StateOf(await browser.GetAsync(Devices));
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(Devices, new Dictionary<string, string> { ["state"] = hers, ["id"] = id }, ("Origin", "https://evil.test"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await AnswerAsync(browser, await browser.GetAsync(Devices), "totp", "123456")).Status); // the list asks nothing
        Assert.Equal(2, rig.Authenticators.All.Count);
    }

    [Fact]
    public async Task What_is_removed_opens_nothing_any_more()
    {
        await using var rig = await StartAsync(duration: TimeSpan.FromHours(72));
        using var browser = rig.Browser();
        await BeginAsync(rig, browser);
        var own = rig.Authenticators.All.Single();
        await rig.Authenticators.RemoveAsync(own.UserId, own.Id, TestContext.Current.CancellationToken); // an administrator
        LeaveApp(browser);
        Assert.Contains("Add a second factor", (await browser.FollowAsync(Home)).Body, StringComparison.Ordinal); // just after their sign-in
        Forget(browser);
        Assert.Contains("Add a second factor", (await rig.SignInAsync(browser, Home)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_launcher_is_open_without_one_and_says_nothing_where_it_is_off()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser, Home);
        Assert.DoesNotContain("second factors", (await browser.GetAsync("https://access.test/")).Body, StringComparison.Ordinal);
        Assert.Contains("There is nothing to enrol", (await browser.GetAsync(Devices + "?add=1")).Body, StringComparison.Ordinal);
        Assert.Contains("You have none", (await browser.GetAsync(Devices)).Body, StringComparison.Ordinal);

        rig.Organization.Mfa = new OrganizationMfa(MfaMethods.All, null, null);
        rig.Organization.MfaRequiredForAllApps = true;
        rig.Reload();
        Assert.Contains("href=\"https://app.test/\"", (await browser.GetAsync("https://access.test/")).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await rig.Browser().GetAsync(Devices)).Status);
    }

    [Fact]
    public async Task The_scripts_are_there_under_names_that_change_with_them()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var path = Script().Match((await rig.SignInAsync(browser, Home)).Body).Groups[1].Value;
        Assert.Contains("./webauthn.mjs", (await browser.GetAsync("https://access.test" + path)).Body, StringComparison.Ordinal);
        var import = await browser.GetAsync("https://access.test" + path.Replace("mfa.mjs", "webauthn.mjs", StringComparison.Ordinal));
        Assert.Contains("navigator.credentials.get", import.Body, StringComparison.Ordinal);
        Assert.Contains("immutable", import.Headers["Cache-Control"], StringComparison.Ordinal);
    }

    [GeneratedRegex("href=\"(/\\?login_method=[^\"]+)\"")]
    private static partial Regex Link();

    [GeneratedRegex("name=\"id\" value=\"([^\"]+)\"")]
    private static partial Regex Id();

    [GeneratedRegex("src=\"(/cdn-cgi/access/static/[0-9a-f]{16}/mfa.mjs)\"")]
    private static partial Regex Script();
}
