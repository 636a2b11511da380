using System.Net;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Events;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Mfa;

/// <summary>Codes of apps and recovery codes as second factor: check 30, and rows M01 to M07 and M11 of the attack cases.</summary>
public class CodeTests
{
    [Fact]
    public async Task Row_30_a_code_of_an_app_is_asked_for_after_the_password()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        var secret = await host.EnrolTotpAsync(enrolled);
        host.NextStep();
        using var browser = host.Browser();

        var (flow, asked) = await MfaHost.PasswordAsync(browser);

        Assert.Equal(("ak-stage-authenticator-validate", "alice"), (asked.Component, asked.Text("pending_user")));
        var way = asked.Json.GetProperty("device_challenges")[0];
        Assert.Equal("totp", way.GetProperty("device_class").GetString());
        Assert.Equal(["challenge", "device_class", "device_uid", "last_used"], way.EnumerateObject().Select(p => p.Name).Order());
        Assert.Equal(0, asked.Json.GetProperty("configuration_stages").GetArrayLength());

        Assert.Equal("invalid", (await MfaHost.CodeAsync(flow, host.Code(secret) == "000000" ? "000001" : "000000")).FaultCode("code"));
        Assert.Equal("throttled", (await MfaHost.CodeAsync(flow, host.Code(secret))).FaultCode("code"));
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("xak-flow-redirect", (await MfaHost.CodeAsync(flow, host.Code(secret))).Component);
        Assert.Equal(["pwd", "mfa"], await host.AmrAsync());

        var failed = host.Events.All.Single(e => e.Action == EventActions.LoginFailed);
        Assert.Equal("totp", (string?)failed.Context["auth_method_args"]!["device_class"]); // asserted by Equal
        Assert.Equal(("alice", "alice"), (failed.Actor?.Username, (string?)failed.Context["username"])); // L05
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1e-300")]
    public async Task Q44_thousands_of_wrong_codes_without_a_wait_lock_nobody_out(string factor)
    {
        await using var host = await MfaHost.StartAsync($$"""{"totp_otp_throttling_factor":{{factor}}}""");
        using var enrolled = await host.SignedInAsync();
        var secret = await host.EnrolTotpAsync(enrolled);
        host.NextStep();
        await host.ChangeAsync(db => db.TotpDevices.ExecuteUpdateAsync(d => d.SetProperty(x => x.Failures, 1100), TestContext.Current.CancellationToken));
        using var browser = host.Browser();

        Assert.Equal("xak-flow-redirect", (await MfaHost.CodeAsync((await MfaHost.PasswordAsync(browser)).Flow, host.Code(secret))).Component);
    }

    [Fact]
    public async Task The_event_of_a_sign_in_names_the_authenticators_that_proved_it()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        var secret = await host.EnrolTotpAsync(enrolled);
        host.NextStep();
        using var browser = host.Browser();
        var (flow, _) = await MfaHost.PasswordAsync(browser);
        Assert.Equal("xak-flow-redirect", (await MfaHost.CodeAsync(flow, host.Code(secret))).Component);

        var logins = host.Events.All.Where(e => e.Action == EventActions.Login).Select(e => e.Context).ToList();
        Assert.Equal((2, "password", "password"), (logins.Count, (string?)logins[0]["auth_method"], (string?)logins[1]["auth_method"]));
        Assert.Empty(logins[0]["auth_method_args"]!["mfa_devices"]!.AsArray()); // nothing was enrolled yet
        var used = Assert.Single(logins[1]["auth_method_args"]!["mfa_devices"]!.AsArray())!.AsObject(); // there by contract
        Assert.Equal(["app", "model_name", "name", "pk"], used.Select(p => p.Key).Order());
        Assert.Equal(("authentik_stages_authenticator_totp", "totpdevice"), ((string?)used["app"], (string?)used["model_name"]));
    }

    [Fact]
    public async Task Q47_a_used_recovery_code_is_told_by_mail_and_a_wrong_one_is_not()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        var codes = await MfaHost.EnrolStaticAsync(enrolled);
        using var browser = host.Browser();
        var (flow, _) = await MfaHost.PasswordAsync(browser);
        Assert.Equal("invalid", (await MfaHost.CodeAsync(flow, "abcdefghjkmn")).FaultCode("code"));
        host.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal("xak-flow-redirect", (await MfaHost.CodeAsync(flow, codes[0])).Component);

        var mail = await host.Mail.NextAsync();
        Assert.Equal(("alice@example.com", "A recovery code was used"), (mail.To, mail.Subject));
        Assert.Contains("5 codes are left", mail.Text, StringComparison.Ordinal);
        Assert.Contains("from 127.0.0.1", mail.Text, StringComparison.Ordinal);
        Assert.Contains(host.Urls.Identity + "/if/user/", mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(codes, c => mail.Text.Contains(c, StringComparison.Ordinal));
        Assert.Single(host.Mail.Sent);
    }

    [Fact]
    public async Task Q47_without_mail_a_recovery_code_works_all_the_same()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        var codes = await MfaHost.EnrolStaticAsync(enrolled);
        host.Mail.IsSetUp = false;
        using var first = host.Browser();
        var (flow, _) = await MfaHost.PasswordAsync(first);
        Assert.Equal("xak-flow-redirect", (await MfaHost.CodeAsync(flow, codes[0])).Component);

        host.Mail.IsSetUp = true;
        using var second = host.Browser();
        (flow, _) = await MfaHost.PasswordAsync(second);
        Assert.Equal("xak-flow-redirect", (await MfaHost.CodeAsync(flow, codes[1])).Component);
        Assert.Contains("4 codes are left", (await host.Mail.NextAsync()).Text, StringComparison.Ordinal); // of the second: the first was told to nobody
    }

    [Fact]
    public async Task M01_a_code_counts_once_even_the_one_that_enrolled()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        var secret = await host.EnrolTotpAsync(enrolled);
        using var first = host.Browser();
        using var second = host.Browser();

        var (flow, _) = await MfaHost.PasswordAsync(first);
        Assert.Equal("invalid", (await MfaHost.CodeAsync(flow, host.Code(secret))).FaultCode("code"));
        host.NextStep();
        Assert.Equal("xak-flow-redirect", (await MfaHost.CodeAsync(flow, host.Code(secret))).Component);

        (flow, _) = await MfaHost.PasswordAsync(second);
        Assert.Equal("invalid", (await MfaHost.CodeAsync(flow, host.Code(secret))).FaultCode("code"));
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("invalid", (await MfaHost.CodeAsync(flow, host.Code(secret, -1))).FaultCode("code"));
    }

    [Fact]
    public async Task M03_guessing_gets_slow_whatever_the_flow_the_name_or_the_browser()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        var secret = await host.EnrolTotpAsync(enrolled);
        var judged = 0;

        for (var i = 0; i < 60; i++)
        {
            using var browser = host.Browser();
            var (flow, _) = await MfaHost.PasswordAsync(browser, i % 2 == 0 ? "alice" : "Alice@Example.com");
            judged += (await MfaHost.CodeAsync(flow, "000000")).FaultCode("code") == "invalid" ? 1 : 0;
            host.Clock.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.InRange(judged, 2, 10);
        host.Clock.Advance(TimeSpan.FromMinutes(5));
        using var last = host.Browser();
        Assert.Equal("xak-flow-redirect", (await MfaHost.CodeAsync((await MfaHost.PasswordAsync(last)).Flow, host.Code(secret))).Component);
    }

    [Fact]
    public async Task M04_who_blocks_the_app_leaves_the_key_and_the_recovery_codes()
    {
        await using var host = await MfaHost.StartAsync();
        using var victim = await host.SignedInAsync();
        using var key = new SoftKey();
        await host.EnrolTotpAsync(victim);
        var codes = await MfaHost.EnrolStaticAsync(victim);
        Assert.Equal("xak-flow-redirect", (await MfaHost.EnrolKeyAsync(victim, key)).Component);
        using var attacker = host.Browser();
        var (guessing, _) = await MfaHost.PasswordAsync(attacker);
        for (var i = 0; i < 10; i++)
        {
            await MfaHost.CodeAsync(guessing, "000000");
            host.Clock.Advance(TimeSpan.FromSeconds(40));
        }

        using var one = host.Browser();
        using var two = host.Browser();
        Assert.Equal("xak-flow-redirect", (await MfaHost.CodeAsync((await MfaHost.PasswordAsync(one)).Flow, codes[0])).Component);
        var (flow, asked) = await MfaHost.PasswordAsync(two);
        var options = asked.Json.GetProperty("device_challenges").EnumerateArray().Single(d => d.GetProperty("device_class").GetString() == "webauthn").GetProperty("challenge");
        Assert.Equal("xak-flow-redirect", (await MfaHost.ProveAsync(flow, key.Get(options))).Component);
    }

    [Fact]
    public async Task M05_the_password_alone_opens_nothing_while_the_code_is_due()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        await host.EnrolTotpAsync(enrolled);
        using var browser = host.Browser();

        await MfaHost.PasswordAsync(browser);

        using var page = await browser.GetAsync("/if/user/");
        Assert.Equal(HttpStatusCode.Found, page.StatusCode);
        Assert.Equal("ak-stage-access-denied", (await browser.Flow(MfaHost.TotpSetup).ShowAsync()).Component);
        Assert.Equal("ak-stage-access-denied", (await browser.Flow("default-provider-authorization-implicit-consent").ShowAsync()).Component);
        Assert.Equal(1, await host.ReadAsync(db => db.AuthenticatedSessions.CountAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task M06_33_an_empty_answer_or_one_to_another_stage_never_advances()
    {
        await using var host = await MfaHost.StartAsync();
        using var browser = await host.SignedInAsync();
        foreach (var (slug, field) in new[] { (MfaHost.TotpSetup, "component"), (MfaHost.StaticSetup, "component"), (MfaHost.KeySetup, "component") })
        {
            var setup = browser.Flow(slug);
            var asked = await setup.ShowAsync();
            Assert.Equal("required", (await setup.AnswerAsync()).FaultCode(field));
            Assert.Equal("invalid", (await setup.AnswerAsync(("component", "ak-stage-authenticator-validate"), ("code", "1"))).FaultCode("component"));
            Assert.Equal(asked.Component, (await setup.ShowAsync()).Component);
        }

        Assert.Equal("required", (await browser.Flow(MfaHost.TotpSetup).AnswerAsync(("component", "ak-stage-authenticator-totp"))).FaultCode("code"));
        Assert.Equal("required", (await browser.Flow(MfaHost.KeySetup).AnswerAsync(("component", "ak-stage-authenticator-webauthn"))).FaultCode("response"));
        await host.EnrolTotpAsync(browser);
        using var other = host.Browser();
        var (flow, _) = await MfaHost.PasswordAsync(other);
        foreach (var answer in new[] { "{}", """{"code":""}""", """{"code":null}""", """{"code":123456}""", """{"webauthn":{}}""", """{"webauthn":[]}""", """{"duo":1}""", """{"selected_challenge":{}}""", """{"selected_stage":"x"}""" })
        {
            using var response = await flow.PostJsonAsync(answer);
            Assert.Equal("ak-stage-authenticator-validate", (await Seen.ReadAsync(response)).Component);
        }

        Assert.Equal("ak-stage-authenticator-validate", (await flow.ShowAsync()).Component);
    }

    [Fact]
    public async Task M07_an_answer_brings_no_secret_and_no_user_of_its_own()
    {
        await using var host = await MfaHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var flow = browser.Flow(MfaHost.TotpSetup);
        var secret = MfaHost.SecretOf(await flow.ShowAsync());
        Assert.Equal(secret, MfaHost.SecretOf(await flow.ShowAsync()));
        var own = new byte[20];

        var seen = await flow.AnswerAsync(
            ("component", "ak-stage-authenticator-totp"), ("code", host.Code(own)), ("secret", Base32.Write(own)), ("user", "bob"), ("config_url", "otpauth://totp/x?secret=" + Base32.Write(own)));
        Assert.Equal("invalid", seen.FaultCode("code"));
        await flow.AnswerAsync(("component", "ak-stage-authenticator-totp"), ("code", host.Code(secret)), ("user", "bob"));

        var device = await host.ReadAsync(db => db.TotpDevices.SingleAsync(TestContext.Current.CancellationToken));
        var alice = await host.ReadAsync(db => db.Users.SingleAsync(u => u.Username == "alice", TestContext.Current.CancellationToken));
        Assert.Equal(alice.Id, device.UserId);
        Assert.DoesNotContain(Convert.ToHexString(secret), Convert.ToHexString(device.SealedSecret), StringComparison.Ordinal);
        Assert.NotEqual(secret, MfaHost.SecretOf(await flow.ShowAsync()));
    }

    [Fact]
    public async Task M07_an_enrolment_that_is_finished_twice_at_once_makes_one_device()
    {
        await using var host = await MfaHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var flow = browser.Flow(MfaHost.TotpSetup);
        var secret = MfaHost.SecretOf(await flow.ShowAsync());

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => flow.PostAsync(("component", "ak-stage-authenticator-totp"), ("code", host.Code(secret)))));
        Array.ForEach(answers, a => a.Dispose());

        Assert.Equal(1, await host.ReadAsync(db => db.TotpDevices.CountAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task Q47_recovery_codes_are_kept_hashed_and_each_counts_once()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        var codes = await MfaHost.EnrolStaticAsync(enrolled);
        Assert.Equal(6, codes.Distinct().Count());
        Assert.All(codes, c => Assert.Equal(12, c.Length));
        var kept = await host.ReadAsync(db => db.StaticCodes.Select(c => c.Hash).ToListAsync(TestContext.Current.CancellationToken));
        Assert.All(codes, c => Assert.DoesNotContain(kept, k => k.Contains(c, StringComparison.Ordinal)));

        using var first = host.Browser();
        var grouped = $"{codes[0][..4].ToUpperInvariant()} {codes[0][4..8]}-{codes[0][8..]}";
        Assert.Equal("xak-flow-redirect", (await MfaHost.CodeAsync((await MfaHost.PasswordAsync(first)).Flow, grouped)).Component);
        using var second = host.Browser();
        Assert.Equal("invalid", (await MfaHost.CodeAsync((await MfaHost.PasswordAsync(second)).Flow, codes[0])).FaultCode("code"));
        Assert.Equal("static", (string?)host.Events.All.Last(e => e.Action == EventActions.LoginFailed).Context["auth_method_args"]!["device_class"]); // asserted by Equal
    }

    [Fact]
    public async Task New_recovery_codes_replace_the_old_ones_when_they_are_confirmed()
    {
        await using var host = await MfaHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var old = await MfaHost.EnrolStaticAsync(browser);

        var shown = await browser.Flow(MfaHost.StaticSetup).ShowAsync();
        Assert.Equal(1, await host.ReadAsync(db => db.StaticDevices.CountAsync(TestContext.Current.CancellationToken)));
        await MfaHost.EnrolStaticAsync(browser);

        Assert.DoesNotContain(old[0], shown.Json.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(6, await host.ReadAsync(db => db.StaticCodes.CountAsync(TestContext.Current.CancellationToken)));
        using var other = host.Browser();
        Assert.Equal("invalid", (await MfaHost.CodeAsync((await MfaHost.PasswordAsync(other)).Flow, old[0])).FaultCode("code"));
    }

    [Fact]
    public async Task U01_who_has_authenticators_shows_only_after_the_password()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        await host.EnrolTotpAsync(enrolled);
        using var browser = host.Browser();
        var flow = browser.Flow(MfaHost.Login);

        var known = await flow.AnswerAsync(("uid_field", "alice"));
        using var stranger = host.Browser();
        var unknown = await stranger.Flow(MfaHost.Login).AnswerAsync(("uid_field", "nobody"));

        Assert.Equal(known.Json.GetRawText().Replace("alice", "nobody", StringComparison.Ordinal), unknown.Json.GetRawText());
    }

    [Fact]
    public async Task Q47_an_authenticator_is_added_only_by_somebody_who_signed_in_a_moment_ago()
    {
        await using var host = await MfaHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var flow = browser.Flow(MfaHost.TotpSetup, "next=/if/user/");
        var asked = await flow.ShowAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(16));

        var late = await flow.AnswerAsync(("component", "ak-stage-authenticator-totp"), ("code", host.Code(MfaHost.SecretOf(asked))));

        Assert.Equal("xak-flow-redirect", late.Component);
        Assert.StartsWith("/flows/-/default/authentication/?gh_reauth=1&next=%2Fif%2Fflow%2Fdefault-authenticator-totp-setup", late.Text("to"), StringComparison.Ordinal);
        Assert.Equal(0, await host.ReadAsync(db => db.TotpDevices.CountAsync(TestContext.Current.CancellationToken)));
    }
}
