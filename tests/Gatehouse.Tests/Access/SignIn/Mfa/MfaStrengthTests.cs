using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Model.Policies;
using static Gatehouse.Tests.Access.SignIn.Mfa.MfaRig;

namespace Gatehouse.Tests.Access.SignIn.Mfa;

/// <summary>What a second factor is worth: a weaker one makes no stronger one, and an old sign-in makes none at all.</summary>
public class MfaStrengthTests
{
    [Fact]
    public async Task A_code_adds_no_key_beside_a_key_and_removes_none()
    {
        await using var rig = await StartAsync(MfaMethods.Totp | MfaMethods.SecurityKey);
        using var browser = rig.Browser();
        using var key = Key();
        using var own = Key();
        var secret = await BeginAsync(rig, browser);
        await EnrolKeyAsync(browser, await browser.GetAsync(Devices + "?add=1"), key);
        rig.Clock.Advance(TimeSpan.FromMinutes(11));

        // The thief has the password and one code.
        using var thief = rig.Browser();
        Assert.Equal("app /", (await FollowAsync(thief, await AnswerAsync(thief, await rig.SignInAsync(thief, Home), "totp", CodeOf(rig, secret)))).Body);
        foreach (var add in (string[])["1", "security_key", "totp", "piv_key"])
        {
            var page = await thief.GetAsync(Devices + "?add=" + add);
            Assert.DoesNotContain("Register", page.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("id=\"code\"", page.Body, StringComparison.Ordinal); // the page asks for the key alone
        }

        var list = await thief.GetAsync(Devices);
        foreach (var one in rig.Authenticators.All.ToList())
        {
            var asked = await thief.PostAsync(Devices, ("state", StateOf(list)), ("id", one.Id.ToString()));
            Assert.Contains("Prove that it is you", asked.Body, StringComparison.Ordinal);
            rig.Clock.Advance(TimeSpan.FromSeconds(30));
            Assert.Equal(HttpStatusCode.BadRequest, (await AnswerAsync(thief, asked, "totp", CodeOf(rig, secret))).Status);
        }

        Assert.Equal(2, rig.Authenticators.All.Count);

        // Its owner may.
        var prove = await browser.GetAsync(Devices + "?add=1");
        var enrol = await FollowAsync(browser, await KeyAsync(browser, prove, "key", key.Get(OptionsOf(prove, "key"))));
        await EnrolKeyAsync(browser, enrol, own);
        Assert.Equal(3, rig.Authenticators.All.Count);
    }

    [Fact]
    public async Task A_wrong_code_keeps_the_secret_that_was_scanned()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var page = await rig.SignInAsync(browser, Home);
        var secret = SecretOf(page);
        var again = await AnswerAsync(browser, page, "totp", "000000");
        Assert.Equal(secret, SecretOf(again));
        Assert.Equal("app /", (await FollowAsync(browser, await AnswerAsync(browser, again, "totp", CodeOf(rig, secret)))).Body);
    }

    [Fact]
    public async Task An_enrolment_page_for_a_key_is_void_once_there_is_one()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var key = Key();
        using var other = Key();
        var secret = await BeginAsync(rig, browser);
        rig.Clock.Advance(TimeSpan.FromMinutes(11));
        using var thief = rig.Browser();
        await FollowAsync(thief, await AnswerAsync(thief, await rig.SignInAsync(thief, Home), "totp", CodeOf(rig, secret)));
        var waiting = await thief.GetAsync(Devices + "?add=1");
        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        var prove = await browser.GetAsync(Devices + "?add=1");
        await EnrolKeyAsync(browser, await FollowAsync(browser, await AnswerAsync(browser, prove, "totp", CodeOf(rig, secret))), key);

        Assert.Contains("Prove that it is you", (await KeyAsync(thief, waiting, "security_key", other.Create(OptionsOf(waiting, "security_key")))).Body, StringComparison.Ordinal);
        Assert.Equal(2, rig.Authenticators.All.Count);
    }

    [Fact]
    public async Task A_key_adds_no_reader_beside_a_reader_and_the_reader_does()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var key = Key();
        using var reader = Key();
        await EnrolKeyAsync(browser, await rig.SignInAsync(browser, Home), key);
        await EnrolKeyAsync(browser, await browser.GetAsync(Devices + "?add=1"), reader, "biometrics");
        rig.Clock.Advance(TimeSpan.FromMinutes(11));

        var prove = await browser.GetAsync(Devices + "?add=1");
        var page = await FollowAsync(browser, await KeyAsync(browser, prove, "key", key.Get(OptionsOf(prove, "key"))));
        Assert.Contains("Register a security key", page.Body, StringComparison.Ordinal);
        Assert.Contains("Authenticator app", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Register biometrics", page.Body, StringComparison.Ordinal);
        Assert.Contains("href=\"/cdn-cgi/access/mfa-devices?add=biometrics\"", page.Body, StringComparison.Ordinal);

        prove = await browser.GetAsync(Devices + "?add=biometrics");
        Assert.Equal(1, OptionsOf(prove, "key").GetProperty("allowCredentials").GetArrayLength());
        page = await FollowAsync(browser, await KeyAsync(browser, prove, "key", reader.Get(OptionsOf(prove, "key"))));
        Assert.Contains("Register biometrics", page.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_organization_takes_no_more_adds_nothing_beside_what_it_takes()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var key = Key();
        var secret = await BeginAsync(rig, browser);
        await EnrolKeyAsync(browser, await browser.GetAsync(Devices + "?add=1"), key);
        rig.Clock.Advance(TimeSpan.FromMinutes(11));
        rig.Organization.Mfa = new OrganizationMfa(MfaMethods.Totp, null, null);
        rig.Reload();

        // Not the key, which is off by now; the app, of which there is one already.
        var list = await browser.GetAsync(Devices);
        var asked = await browser.PostAsync(Devices, ("state", StateOf(list)), ("id", rig.Authenticators.All[1].Id.ToString()));
        Assert.Contains("id=\"code\"", asked.Body, StringComparison.Ordinal);
        list = await FollowAsync(browser, await AnswerAsync(browser, asked, "totp", CodeOf(rig, secret)));
        await browser.PostAsync(Devices, ("state", StateOf(list)), ("id", rig.Authenticators.All[1].Id.ToString()));
        Assert.Single(rig.Authenticators.All);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(-601)]
    public async Task The_first_one_takes_a_sign_in_and_no_session_at_the_login_method(int? ago)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        rig.Provider.Claims = c => c["auth_time"] = ago is { } seconds ? rig.Clock.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds() : null;

        var page = await rig.SignInAsync(browser, Home); // the provider asked nothing
        Assert.Equal(HttpStatusCode.Forbidden, page.Status);
        Assert.Contains("Sign in once more to enrol a second factor", page.Body, StringComparison.Ordinal);
        Assert.Contains(ago is null ? "does not say when you proved who you are" : "says that you proved who you are at ", page.Body, StringComparison.Ordinal);
        Assert.Contains("Sign in once more", (await browser.GetAsync(Devices + "?add=1")).Body, StringComparison.Ordinal);

        // Nor does it when the identity is asked for anew.
        var refresh = await browser.FollowAsync("https://access.test/cdn-cgi/access/refresh-identity");
        rig.Provider.Nonce = refresh["nonce"];
        await SignInRig.CallbackAsync(browser, refresh);
        Assert.Contains("Sign in once more", (await browser.FollowAsync(Home)).Body, StringComparison.Ordinal);

        // It was asked for a new sign-in. One that can't say when has to be believed; one that says it was none, not.
        var anew = await rig.BeginAsync(browser, "https://app.test/cdn-cgi/access/login?redirect_url=%2F&switch=1");
        Assert.Equal("login", anew["prompt"]);
        Assert.Contains(ago is null ? "Add a second factor" : "Sign in once more", (await SignInRig.CallbackAsync(browser, anew)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(-30, true)]
    [InlineData(-7200, false)]
    public async Task A_second_factor_at_the_login_method_counts_from_when_it_was_given(int? ago, bool counts)
    {
        await using var rig = await StartAsync(change: r => r.Organization.Mfa = r.Organization.Mfa! with { AmrDuration = TimeSpan.FromHours(1) });
        using var browser = rig.Browser();
        rig.Provider.Claims = c => (c["amr"], c["auth_time"]) = (new JsonArray("otp"), ago is { } seconds ? rig.Clock.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds() : null);
        Assert.Equal(counts, (await rig.SignInAsync(browser, Home)).Body == "app /"); // the session there may be a month old

        var anew = await rig.BeginAsync(browser, "https://app.test/cdn-cgi/access/login?redirect_url=%2F&switch=1");
        var page = await FollowAsync(browser, await SignInRig.CallbackAsync(browser, anew));
        Assert.Equal(counts || ago is null, page.Body == "app /");
    }

    [Fact]
    public async Task Who_has_nothing_that_works_here_any_more_asks_an_administrator()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var key = Key();
        using var other = Key();
        await EnrolKeyAsync(browser, await rig.SignInAsync(browser, Home), key);
        var old = (Gatehouse.Model.Authenticators.AccessCredential)rig.Authenticators.All.Single();
        rig.Authenticators.All[0] = new Gatehouse.Model.Authenticators.AccessCredential
        {
            Id = old.Id,
            UserId = old.UserId,
            Name = old.Name,
            IsBiometric = old.IsBiometric,
            CredentialId = old.CredentialId,
            PublicKey = old.PublicKey,
            SignCount = old.SignCount,
            Aaguid = old.Aaguid,
            IsBackupEligible = old.IsBackupEligible,
            IsBackedUp = old.IsBackedUp,
            RpId = "access.former",
            CreatedAt = old.CreatedAt,
        };

        using var thief = rig.Browser();
        Assert.Contains("None of your second factors works", (await rig.SignInAsync(thief, Home)).Body, StringComparison.Ordinal);
        var list = await thief.GetAsync(Devices);
        Assert.Contains("None of your second factors works", (await thief.PostAsync(Devices, ("state", StateOf(list)), ("id", old.Id.ToString()))).Body, StringComparison.Ordinal);
    }
}
