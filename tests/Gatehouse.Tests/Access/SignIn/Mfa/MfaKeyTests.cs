using System.Net;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Events;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Identity.Mfa;
using static Gatehouse.Tests.Access.SignIn.Mfa.MfaRig;

namespace Gatehouse.Tests.Access.SignIn.Mfa;

/// <summary>Security keys and biometrics as Access's own second factor: Q45, Q46, and rows M08 to M10 of the attack cases.</summary>
public class MfaKeyTests
{
    [Theory]
    [InlineData("security_key", 0x01, -7)]
    [InlineData("security_key", 0x05, -257)]
    [InlineData("biometrics", 0x05, -7)]
    public async Task A_key_is_enrolled_and_asked_for(string kind, byte flags, int algorithm)
    {
        await using var rig = await StartAsync(duration: TimeSpan.FromMinutes(30));
        using var browser = rig.Browser();
        using var key = Key(flags);
        key.Algorithm = algorithm;
        var page = await rig.SignInAsync(browser, Home);
        var options = OptionsOf(page, kind);
        Assert.Equal(("access.test", kind == "biometrics" ? "platform" : "cross-platform", kind == "biometrics" ? "required" : "preferred"), (
            options.GetProperty("rp").GetProperty("id").GetString(), options.GetProperty("authenticatorSelection").GetProperty("authenticatorAttachment").GetString(),
            options.GetProperty("authenticatorSelection").GetProperty("userVerification").GetString()));
        Assert.Equal("app /", (await EnrolKeyAsync(browser, page, key, kind)).Body);
        Assert.Equal(kind, Assert.IsType<AccessCredential>(Assert.Single(rig.Authenticators.All)).Method.Word());

        rig.Clock.Advance(TimeSpan.FromMinutes(31));
        var asked = await browser.FollowAsync(Home);
        Assert.Equal(kind == "biometrics" ? "required" : "preferred", OptionsOf(asked, "key").GetProperty("userVerification").GetString());
        Assert.Equal("app /", (await ProveAsync(browser, asked, key)).Body);
    }

    [Theory]
    [InlineData("algorithm")]
    [InlineData("not verified")]
    [InlineData("not present")]
    [InlineData("backed up, not eligible")]
    [InlineData("other origin")]
    [InlineData("subdomain")]
    [InlineData("other rp id")]
    [InlineData("proof for a registration")]
    [InlineData("frame")]
    [InlineData("other challenge")]
    public async Task M08_M09_a_registration_that_is_not_what_was_asked_for_is_refused(string lie)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var key = Lying(lie);
        var page = await rig.SignInAsync(browser, Home);
        var posted = key.Create(OptionsOf(page, "biometrics"), lie == "other challenge" ? "AAAA" : null);

        Assert.Equal(HttpStatusCode.BadRequest, (await KeyAsync(browser, page, "biometrics", posted)).Status);
        Assert.Empty(rig.Authenticators.All);
        Assert.Null(browser["app.test", "CF_Authorization"]);
    }

    [Fact]
    public async Task M08_a_credential_that_somebody_has_is_nobody_elses()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var other = rig.Browser();
        using var key = Key();
        await EnrolKeyAsync(browser, await rig.SignInAsync(browser, Home), key);
        rig.Provider.Claims = c => c["email"] = "eve@example.com";
        var page = await rig.SignInAsync(other, Home);

        Assert.Contains("enrolled already", (await KeyAsync(other, page, "security_key", key.Create(OptionsOf(page, "security_key")))).Body, StringComparison.Ordinal);
        Assert.Single(rig.Authenticators.All);
    }

    [Theory]
    [InlineData("not verified")]
    [InlineData("not present")]
    [InlineData("other origin")]
    [InlineData("subdomain")]
    [InlineData("other rp id")]
    [InlineData("registration for a proof")]
    [InlineData("frame")]
    [InlineData("wrong signature")]
    [InlineData("other challenge")]
    [InlineData("other user")]
    [InlineData("other credential")]
    public async Task M09_a_proof_that_is_not_what_was_asked_for_is_refused(string lie)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var key = Key();
        var page = await AskedAsync(rig, browser, key, "biometrics");
        Lie(key, lie);
        key.UserHandle = lie == "other user" ? System.Buffers.Text.Base64Url.EncodeToString("somebody"u8) : key.UserHandle;
        key.Id = lie == "other credential" ? [1, 2, 3] : key.Id;

        var refused = await KeyAsync(browser, page, "key", key.Get(OptionsOf(page, "key"), lie == "other challenge" ? "AAAA" : null));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("was not accepted", refused.Body, StringComparison.Ordinal);
        Assert.Null(browser["app.test", "CF_Authorization"]);
        Assert.False(Assert.Single(rig.Audit.Queued).Allowed);
    }

    [Fact]
    public async Task M09_an_answer_counts_once_and_for_its_page()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var key = Key();
        var page = await AskedAsync(rig, browser, key);
        var second = await browser.FollowAsync(Home);
        var posted = key.Get(OptionsOf(page, "key"));

        Assert.Equal(HttpStatusCode.BadRequest, (await KeyAsync(browser, second, "key", posted)).Status);
        Assert.Equal("app /", (await FollowAsync(browser, await KeyAsync(browser, page, "key", posted))).Body);
        LeaveApp(browser);
        Assert.Equal(HttpStatusCode.BadRequest, (await KeyAsync(browser, page, "key", posted)).Status);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task M10_a_counter_that_does_not_move_on_is_refused_and_told(int step)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var key = Key();
        key.Count = 5;
        var page = await AskedAsync(rig, browser, key);
        key.Count = (uint)(4 + step); // it counts up before it signs

        Assert.Equal(HttpStatusCode.BadRequest, (await KeyAsync(browser, page, "key", key.Get(OptionsOf(page, "key")))).Status);
        Assert.Null(browser["app.test", "CF_Authorization"]);
        Assert.Equal("accesscredential", (string?)Assert.Single(rig.Events.Of(EventActions.SuspiciousRequest)).Context["model"]!["model_name"]);
    }

    [Fact]
    public async Task M10_a_form_that_is_sent_twice_is_no_copy_of_the_key()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var key = Key();
        key.Count = 5;
        var page = await AskedAsync(rig, browser, key);
        var posted = key.Get(OptionsOf(page, "key"));
        Assert.Equal("app /", (await FollowAsync(browser, await KeyAsync(browser, page, "key", posted))).Body);
        Assert.Contains("answered already", (await KeyAsync(browser, page, "key", posted)).Body, StringComparison.Ordinal);
        Assert.Empty(rig.Events.Of(EventActions.SuspiciousRequest));
    }

    [Theory]
    [InlineData("key")]
    [InlineData("totp")]
    [InlineData("nothing")]
    public async Task M03_wrong_answers_that_no_code_counts_are_few_and_the_person_gets_in_after_them(string answer)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var key = Key();
        var page = await AskedAsync(rig, browser, key);
        for (var n = 0; n < 60; n++)
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(Post, ("state", StateOf(page)), ("answer", answer), ("credential", "{}"), ("code", "1"))).Status);
            rig.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(rig.Events.Of(EventActions.LoginFailed).Count(), 5, 12);
        Assert.InRange(rig.Audit.Queued.Count, 5, 12);
        rig.Clock.Advance(TimeSpan.FromMinutes(5));
        var right = await browser.FollowAsync(Home);
        Assert.Equal("app /", (await ProveAsync(browser, right, key)).Body);
    }

    [Fact]
    public async Task What_a_browser_says_of_its_key_does_not_stand_in_the_log()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var key = Key();
        key.Format = "forged\nline";
        var page = await rig.SignInAsync(browser, Home);
        Assert.Equal(HttpStatusCode.BadRequest, (await KeyAsync(browser, page, "security_key", key.Create(OptionsOf(page, "security_key")))).Status);
        Assert.DoesNotContain(rig.Log, l => l.Contains("forged", StringComparison.Ordinal));
        Assert.Contains(rig.Log, l => l.StartsWith("3252 ", StringComparison.Ordinal) && l.Contains("of no known form", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_app_does_not_take_is_not_offered_and_not_taken()
    {
        await using var rig = await StartAsync(change: r => r.App.Mfa = new MfaRules(false, MfaMethods.SecurityKey, null));
        using var browser = rig.Browser();
        using var key = Key();
        using var reader = Key();
        var page = await rig.SignInAsync(browser, Home);
        Assert.DoesNotContain("Register biometrics", page.Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await KeyAsync(browser, page, "biometrics", reader.Create(OptionsOf(page, "security_key")))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await AnswerAsync(browser, page, "totp", "123456")).Status);
        Assert.Equal("app /", (await EnrolKeyAsync(browser, page, key)).Body);
        await EnrolKeyAsync(browser, await browser.GetAsync(Devices + "?add=1"), reader, "biometrics");

        using var other = rig.Browser();
        var asked = await rig.SignInAsync(other, Home);
        Assert.Equal(1, OptionsOf(asked, "key").GetProperty("allowCredentials").GetArrayLength());
        Assert.Equal(HttpStatusCode.BadRequest, (await KeyAsync(other, asked, "key", reader.Get(OptionsOf(asked, "key")))).Status);
    }

    /// <summary>Enrols <paramref name="key"/> in one browser; the answer is the page that asks for it in another.</summary>
    private static async Task<Answer> AskedAsync(SignInRig rig, Browser browser, SoftKey key, string kind = "security_key")
    {
        using var first = rig.Browser();
        await EnrolKeyAsync(first, await rig.SignInAsync(first, Home), key, kind);
        return await rig.SignInAsync(browser, Home);
    }

    private static async Task<Answer> ProveAsync(Browser browser, Answer page, SoftKey key) => await FollowAsync(browser, await KeyAsync(browser, page, "key", key.Get(OptionsOf(page, "key"))));

    private static SoftKey Lying(string lie)
    {
        var key = Key();
        Lie(key, lie);
        return key;
    }

    private static void Lie(SoftKey key, string lie)
    {
        key.Algorithm = lie == "algorithm" ? -8 : key.Algorithm;
        key.Flags = lie switch { "not verified" => 0x01, "not present" => 0x04, "backed up, not eligible" => 0x15, _ => key.Flags };
        key.Origin = lie switch { "other origin" => "https://auth.test", "subdomain" => "https://a.access.test", _ => key.Origin };
        key.RpId = lie == "other rp id" ? "test" : key.RpId;
        key.CreateType = lie == "proof for a registration" ? "webauthn.get" : null;
        key.ProofType = lie == "registration for a proof" ? "webauthn.create" : null;
        key.CrossOrigin = lie == "frame";
        key.SignsWrong = lie == "wrong signature";
    }
}
