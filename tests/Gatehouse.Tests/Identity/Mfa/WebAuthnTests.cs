using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Model.Events;
using Gatehouse.Tests.Identity.SignIn;
using Gatehouse.Tests.Identity.Stages;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Mfa;

/// <summary>Security keys and passkeys: check 30, Q45, Q46, and rows M08 to M10 of the attack cases.</summary>
public class WebAuthnTests
{
    [Theory]
    [InlineData(-7, "none")]
    [InlineData(-257, "none")]
    [InlineData(-7, "packed")]
    public async Task Row_30_a_key_is_enrolled_and_asked_for_after_the_password(int algorithm, string format)
    {
        await using var host = await MfaHost.StartAsync();
        using var browser = await host.SignedInAsync();
        using var key = new SoftKey { Algorithm = algorithm, Format = format };
        Assert.Equal("xak-flow-redirect", (await MfaHost.EnrolKeyAsync(browser, key)).Component);
        var device = await host.ReadAsync(db => db.WebAuthnDevices.SingleAsync(TestContext.Current.CancellationToken));
        Assert.Equal(("auth.gh.test", "Security key", "usb"), (device.RpId, device.Name, Assert.Single(device.Transports)));

        using var second = host.Browser();
        var (flow, asked) = await MfaHost.PasswordAsync(second);
        var options = Options(asked);
        Assert.Equal(device.CredentialId, options.GetProperty("allowCredentials")[0].GetProperty("id").GetString());
        Assert.Equal("auth.gh.test", options.GetProperty("rpId").GetString());
        Assert.Equal("xak-flow-redirect", (await MfaHost.ProveAsync(flow, key.Get(options))).Component);
        Assert.Equal(["pwd", "mfa"], await host.AmrAsync());
    }

    [Fact]
    public async Task Row_30_a_passkey_signs_in_alone_and_says_so()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        using var key = new SoftKey();
        await MfaHost.EnrolKeyAsync(enrolled, key);
        using var browser = host.Browser();
        var flow = browser.Flow(MfaHost.Passwordless, "next=/if/user/");

        var asked = await flow.ShowAsync();
        Assert.Equal(("ak-stage-authenticator-validate", ""), (asked.Component, asked.Text("pending_user")));
        Assert.Equal("-1", asked.Json.GetProperty("device_challenges")[0].GetProperty("device_uid").GetString());
        Assert.Equal(0, Options(asked).GetProperty("allowCredentials").GetArrayLength());
        Assert.Equal("required", (await flow.AnswerAsync()).FaultCode("webauthn"));
        Assert.Equal("/if/user/", (await MfaHost.ProveAsync(flow, key.Get(Options(asked)))).Text("to"));

        Assert.Equal(["user"], await host.AmrAsync());
        using var page = await browser.GetAsync("/if/user/");
        Assert.Equal(200, (int)page.StatusCode);
    }

    [Theory]
    [InlineData(0x05, false, "xak-flow-redirect")]
    [InlineData(0x01, false, "ak-stage-authenticator-validate")]
    [InlineData(0x05, true, "xak-flow-redirect")]
    [InlineData(0x01, true, "ak-stage-authenticator-validate")]
    public async Task A_passkey_on_the_first_page_stands_for_the_password_and_for_the_second_factor_if_it_verified_the_person(byte flags, bool hasPolicies, string end)
    {
        await using var host = await MfaHost.StartAsync();
        if (hasPolicies)
        {
            await host.BindShippedAsync();
        }

        using var enrolled = await host.SignedInAsync();
        using var key = new SoftKey { Flags = flags };
        await MfaHost.EnrolKeyAsync(enrolled, key);
        await host.OfferPasskeysAsync();
        using var browser = host.Browser();
        var flow = browser.Flow(MfaHost.Login, "next=/if/user/");
        var asked = await flow.ShowAsync();
        Assert.Equal("/if/flow/passwordless/?next=%2Fif%2Fuser%2F", asked.Text("passwordless_url"));

        var seen = await flow.AnswerJsonAsync(new JsonObject { ["component"] = "ak-stage-identification", ["passkey"] = key.Get(asked.Json.GetProperty("passkey_challenge")) });

        Assert.Equal(end, seen.Component);
        using var stranger = host.Browser();
        Assert.Equal("ak-stage-password", (await stranger.Flow(MfaHost.Login).AnswerAsync(("uid_field", "alice"))).Component);
    }

    [Fact]
    public async Task Q46_a_key_that_is_only_touched_is_one_factor_however_often_and_lets_nobody_in_alone()
    {
        await using var host = await MfaHost.StartAsync();
        await host.BindShippedAsync();
        await host.OfferPasskeysAsync();
        using var enrolled = await host.SignedInAsync();
        using var key = new SoftKey { Flags = 0x01 };
        await MfaHost.EnrolKeyAsync(enrolled, key);

        using var thief = host.Browser();
        var alone = thief.Flow(MfaHost.Passwordless);
        Assert.Equal("ak-stage-access-denied", (await MfaHost.ProveAsync(alone, key.Get(Options(await alone.ShowAsync())))).Component);

        using var browser = host.Browser();
        var flow = browser.Flow(MfaHost.Login);
        var first = await flow.ShowAsync();
        var asked = await flow.AnswerJsonAsync(new JsonObject { ["component"] = "ak-stage-identification", ["passkey"] = key.Get(first.Json.GetProperty("passkey_challenge")) });
        Assert.Equal("invalid", (await MfaHost.ProveAsync(flow, key.Get(Options(asked)))).FaultCode("webauthn"));
        key.Flags = 0x05;
        Assert.Equal("xak-flow-redirect", (await MfaHost.ProveAsync(flow, key.Get(Options(await flow.ShowAsync())))).Component);
        Assert.Equal(["user", "mfa"], await host.AmrAsync());
    }

    public static TheoryData<string> BadRegistrations => ["origin", "sister origin", "http origin", "rp", "type", "up", "bs", "alg", "challenge", "stale", "other run", "cross", "format", "long id"];

    [Theory]
    [MemberData(nameof(BadRegistrations))]
    public async Task M08_M09_Q45_a_registration_that_was_not_asked_for_is_refused(string lie)
    {
        await using var host = await MfaHost.StartAsync();
        using var browser = await host.SignedInAsync();
        using var key = new SoftKey();
        var flow = browser.Flow(MfaHost.KeySetup);
        var options = (await flow.ShowAsync()).Json.GetProperty("registration");
        var other = (await browser.Flow(MfaHost.KeySetup, "x=1").ShowAsync()).Json.GetProperty("registration");
        switch (lie)
        {
            case "origin": key.Origin = "https://auth.gh.test.evil.example"; break;
            case "sister origin": key.Origin = "https://app.gh.test"; break;
            case "http origin": key.Origin = "http://auth.gh.test"; break;
            case "rp": key.RpId = "gh.test"; break;
            case "type": key.CreateType = "webauthn.get"; break;
            case "up": key.Flags = 0x04; break;
            case "bs": key.Flags = 0x15; break;
            case "alg": key.Algorithm = -8; break;
            case "cross": key.CrossOrigin = true; break;
            case "format": key.Format = "fido-u2f"; break;
            case "long id": key.Id = new byte[1024]; break;
            case "stale": host.Clock.Advance(TimeSpan.FromMinutes(6)); break;
            default: break;
        }

        var made = key.Create(lie == "other run" ? other : options, lie == "challenge" ? "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" : null);
        var seen = await flow.AnswerJsonAsync(new JsonObject { ["component"] = "ak-stage-authenticator-webauthn", ["response"] = made });

        Assert.Equal("invalid", seen.FaultCode("response"));
        Assert.Equal(0, await host.ReadAsync(db => db.WebAuthnDevices.CountAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task M08_EdDSA_is_not_offered_and_a_key_of_it_is_refused_with_the_reason()
    {
        await using var host = await MfaHost.StartAsync();
        using var browser = await host.SignedInAsync();
        using var key = new SoftKey { Algorithm = -8 };
        var flow = browser.Flow(MfaHost.KeySetup);
        var options = (await flow.ShowAsync()).Json.GetProperty("registration");

        Assert.Equal([-7, -257], options.GetProperty("pubKeyCredParams").EnumerateArray().Select(p => p.GetProperty("alg").GetInt32()));
        var seen = await flow.AnswerJsonAsync(new JsonObject { ["component"] = "ak-stage-authenticator-webauthn", ["response"] = key.Create(options) });
        Assert.Contains("Use an authenticator that makes ES256 or RS256 keys.", seen.FaultText("response"), StringComparison.Ordinal);
        Assert.Equal(0, await host.ReadAsync(db => db.WebAuthnDevices.CountAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task M08_Q45_user_verification_and_the_model_are_held_up_where_the_stage_asks_for_them()
    {
        await using var host = await MfaHost.StartAsync(keySetup: """{"user_verification":"required","device_type_restrictions":["fbfc3007-154e-4ecc-8c0b-6e020557d7bd"],"max_attempts":3}""");
        using var browser = await host.SignedInAsync();
        using var unverified = new SoftKey { Flags = 0x01, Aaguid = Guid.Parse("fbfc3007-154e-4ecc-8c0b-6e020557d7bd") };
        using var model = new SoftKey { Aaguid = Guid.Parse("00000000-0000-0000-0000-000000000001") };
        using var fine = new SoftKey { Aaguid = unverified.Aaguid };

        Assert.Equal("invalid", (await MfaHost.EnrolKeyAsync(browser, unverified)).FaultCode("response"));
        Assert.Equal("invalid", (await MfaHost.EnrolKeyAsync(browser, model)).FaultCode("response"));
        Assert.Equal("ak-stage-access-denied", (await MfaHost.EnrolKeyAsync(browser, model)).Component);
        Assert.Equal("xak-flow-redirect", (await MfaHost.EnrolKeyAsync(browser, fine)).Component);
    }

    [Fact]
    public async Task M08_Q45_a_credential_is_nobody_elses()
    {
        await using var host = await MfaHost.StartAsync();
        using var alice = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");
        using var key = new SoftKey();

        Assert.Equal("xak-flow-redirect", (await MfaHost.EnrolKeyAsync(alice, key)).Component);
        Assert.Equal("invalid", (await MfaHost.EnrolKeyAsync(bob, key)).FaultCode("response"));
        Assert.Equal("invalid", (await MfaHost.EnrolKeyAsync(alice, key)).FaultCode("response"));
    }

    public static TheoryData<string> BadProofs => ["origin", "sister origin", "rp", "type", "up", "bs", "be", "signature", "challenge", "stale", "other run", "cross", "handle", "other user", "unknown", "mixed"];

    [Theory]
    [MemberData(nameof(BadProofs))]
    public async Task M09_Q46_a_proof_that_was_not_asked_for_is_refused(string lie)
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        using var other = await host.SignedInAsync("bob");
        using var key = new SoftKey();
        using var bobs = new SoftKey();
        await MfaHost.EnrolKeyAsync(enrolled, key);
        await MfaHost.EnrolKeyAsync(other, bobs);
        using var browser = host.Browser();
        var (flow, asked) = await MfaHost.PasswordAsync(browser);
        var (_, elsewhere) = await MfaHost.PasswordAsync(browser, query: "x=1");
        var sent = key;
        switch (lie)
        {
            case "origin": key.Origin = "https://evil.example"; break;
            case "sister origin": key.Origin = "https://app.gh.test"; break;
            case "rp": key.RpId = "gh.test"; break;
            case "type": key.ProofType = "webauthn.create"; break;
            case "up": key.Flags = 0x04; break;
            case "bs": key.Flags = 0x15; break;
            case "be": key.Flags = 0x0D; break;
            case "signature": key.SignsWrong = true; break;
            case "cross": key.CrossOrigin = true; break;
            case "handle": key.UserHandle = "AAAA"; break;
            case "unknown": key.Id = new byte[16]; break;
            case "mixed": key.Id = bobs.Id; break;
            case "other user": sent = bobs; break;
            case "stale": host.Clock.Advance(TimeSpan.FromMinutes(6)); break;
            default: break;
        }

        var proof = sent.Get(Options(lie == "other run" ? elsewhere : asked), lie == "challenge" ? "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" : null);

        Assert.Equal("invalid", (await MfaHost.ProveAsync(flow, proof)).FaultCode("webauthn"));
        Assert.Contains(host.Events.All, e => e.Action == EventActions.LoginFailed && e.Actor?.Username == "alice" && (string?)e.Context["auth_method_args"]!["device_class"] == "webauthn"); // there by contract
        if (lie is "other user" or "other run" or "challenge" or "stale")
        {
            Assert.Equal("xak-flow-redirect", (await MfaHost.ProveAsync(flow, key.Get(Options(await flow.ShowAsync())))).Component);
        }
    }

    [Fact]
    public async Task M09_a_challenge_is_answered_once()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        using var key = new SoftKey();
        await MfaHost.EnrolKeyAsync(enrolled, key);
        using var browser = host.Browser();
        var flow = browser.Flow(MfaHost.Passwordless);
        var asked = await flow.ShowAsync();
        using var thief = browser.Copy();

        Assert.Equal("xak-flow-redirect", (await MfaHost.ProveAsync(flow, key.Get(Options(asked)))).Component);
        Assert.Equal("invalid", (await MfaHost.ProveAsync(thief.Flow(MfaHost.Passwordless), key.Get(Options(asked)))).FaultCode("webauthn"));
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(5, 4)]
    [InlineData(5, 0)]
    public async Task M10_a_counter_that_does_not_move_on_is_refused_and_flagged(uint before, uint after)
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        using var key = new SoftKey { Count = before };
        await MfaHost.EnrolKeyAsync(enrolled, key);
        using var browser = host.Browser();
        var (flow, asked) = await MfaHost.PasswordAsync(browser);
        key.Count = unchecked(after - 1); // it counts before it signs

        Assert.Equal("invalid", (await MfaHost.ProveAsync(flow, key.Get(Options(asked)))).FaultCode("webauthn"));
        Assert.Equal("alice", Assert.Single(host.Events.All, e => e.Action == EventActions.SuspiciousRequest).Actor?.Username);
    }

    [Fact]
    public async Task M10_a_key_without_a_counter_stays_usable()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        using var key = new SoftKey();
        await MfaHost.EnrolKeyAsync(enrolled, key);

        foreach (var _ in new[] { 1, 2 })
        {
            using var browser = host.Browser();
            var (flow, asked) = await MfaHost.PasswordAsync(browser);
            key.Count = uint.MaxValue;
            Assert.Equal("xak-flow-redirect", (await MfaHost.ProveAsync(flow, key.Get(Options(asked)))).Component);
        }
    }

    [Fact]
    public async Task U01_a_passkey_that_nobody_has_is_refused_in_the_same_words_as_a_wrong_one()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        using var key = new SoftKey { SignsWrong = true };
        using var stranger = new SoftKey { UserHandle = "AAAA" };
        await MfaHost.EnrolKeyAsync(enrolled, key);
        using var browser = host.Browser();
        var flow = browser.Flow(MfaHost.Passwordless);

        var wrong = await MfaHost.ProveAsync(flow, key.Get(Options(await flow.ShowAsync())));
        var unknown = await MfaHost.ProveAsync(flow, stranger.Get(Options(await flow.ShowAsync())));

        Assert.Equal(wrong.Json.GetProperty("response_errors").GetRawText(), unknown.Json.GetProperty("response_errors").GetRawText());
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 5)]
    public async Task L05_nonsense_instead_of_a_key_is_an_event_once_in_a_while(bool isNamed, int first)
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        using var key = new SoftKey();
        await MfaHost.EnrolKeyAsync(enrolled, key);
        using var browser = host.Browser();
        var flow = isNamed ? (await MfaHost.PasswordAsync(browser)).Flow : browser.Flow(MfaHost.Passwordless);

        await SendAsync(20);
        Assert.Equal(first, host.Events.Of(EventActions.LoginFailed).Count());
        host.Clock.Advance(TimeSpan.FromMinutes(5));
        await SendAsync(1);

        var last = host.Events.Of(EventActions.LoginFailed).Last();
        Assert.Equal((isNamed ? "alice" : null, 20 - first), (last.Actor?.Username, (int?)last.Context["repeated"]));
        Assert.Equal("webauthn", (string?)last.Context["auth_method_args"]!["device_class"]); // there by contract

        async Task SendAsync(int times)
        {
            for (var i = 0; i < times; i++)
            {
                Assert.Equal("invalid", (await MfaHost.ProveAsync(flow, [])).FaultCode("webauthn"));
            }
        }
    }

    [Fact]
    public async Task A_passkey_must_name_its_user_and_the_user_must_be_active()
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        using var key = new SoftKey { HidesUser = true };
        await MfaHost.EnrolKeyAsync(enrolled, key);
        using var browser = host.Browser();
        var flow = browser.Flow(MfaHost.Passwordless);

        Assert.Equal("invalid", (await MfaHost.ProveAsync(flow, key.Get(Options(await flow.ShowAsync())))).FaultCode("webauthn"));
        key.HidesUser = false;
        await host.ChangeAsync(async db => (await db.Users.SingleAsync(u => u.Username == "alice", TestContext.Current.CancellationToken)).IsActive = false);
        Assert.Equal("invalid", (await MfaHost.ProveAsync(flow, key.Get(Options(await flow.ShowAsync())))).FaultCode("webauthn"));
    }

    private static JsonElement Options(Seen seen) => seen.Json.GetProperty("device_challenges").EnumerateArray()
        .Single(d => d.GetProperty("device_class").GetString() == "webauthn").GetProperty("challenge");
}
