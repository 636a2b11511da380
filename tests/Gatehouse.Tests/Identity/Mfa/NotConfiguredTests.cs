using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Users;
using Gatehouse.Tests.Identity.SignIn;
using Gatehouse.Tests.Identity.Stages;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Mfa;

/// <summary>Check 31: what happens to people without an authenticator, and browsers that are remembered.</summary>
public class NotConfiguredTests
{
    [Fact]
    public async Task Row_31_skip_lets_people_without_an_authenticator_in()
    {
        await using var host = await MfaHost.StartAsync();
        using var browser = host.Browser();

        Assert.Equal("xak-flow-redirect", (await MfaHost.PasswordAsync(browser)).Seen.Component);
        Assert.Equal(["pwd"], await host.AmrAsync());
    }

    [Theory]
    [InlineData("skip")]
    [InlineData("configure")]
    [InlineData("deny")]
    public async Task Row_31_a_key_of_a_former_host_is_not_the_same_as_none(string action)
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        using var key = new SoftKey();
        await MfaHost.EnrolKeyAsync(enrolled, key);
        await host.SetAsync($$"""{"not_configured_action":"{{action}}","configuration_stages":["{{await host.StageAsync(MfaHost.KeySetup)}}"]}""");
        await host.ChangeAsync(db => db.WebAuthnDevices.ExecuteUpdateAsync(d => d.SetProperty(x => x.RpId, "old.gh.test"), TestContext.Current.CancellationToken));
        using var browser = host.Browser();

        Assert.Equal("ak-stage-access-denied", (await MfaHost.PasswordAsync(browser)).Seen.Component);
    }

    [Fact]
    public async Task Row_31_deny_turns_them_away()
    {
        await using var host = await MfaHost.StartAsync("""{"not_configured_action":"deny"}""");
        using var browser = host.Browser();

        Assert.Equal("ak-stage-access-denied", (await MfaHost.PasswordAsync(browser)).Seen.Component);
        using var page = await browser.GetAsync("/if/user/");
        Assert.Equal(302, (int)page.StatusCode);
    }

    [Fact]
    public async Task Row_31_configure_without_stages_is_a_configuration_error()
    {
        await using var host = await MfaHost.StartAsync("""{"not_configured_action":"configure","configuration_stages":[]}""");
        using var browser = host.Browser();

        Assert.Equal("ak-stage-access-denied", (await MfaHost.PasswordAsync(browser)).Seen.Component);
        Assert.Contains(host.Events.All, e => e.Action == EventActions.ConfigurationError);
    }

    [Fact]
    public async Task Row_31_configure_with_one_stage_sets_it_up_on_the_way()
    {
        await using var host = await MfaHost.StartAsync();
        await host.SetAsync($$"""{"not_configured_action":"configure","configuration_stages":["{{await host.StageAsync(MfaHost.TotpSetup)}}"]}""");
        using var browser = host.Browser();

        var (flow, asked) = await MfaHost.PasswordAsync(browser, query: "next=/if/user/");

        Assert.Equal("ak-stage-authenticator-totp", asked.Component);
        Assert.Equal("required", (await flow.AnswerAsync()).FaultCode("component"));
        var secret = MfaHost.SecretOf(await flow.ShowAsync());
        Assert.Equal("invalid", (await flow.AnswerAsync(("component", "ak-stage-authenticator-totp"), ("code", "abcdef"))).FaultCode("code"));
        Assert.Equal("xak-flow-redirect", (await flow.AnswerAsync(("component", "ak-stage-authenticator-totp"), ("code", host.Code(secret)))).Component);

        host.NextStep();
        using var next = host.Browser();
        var (again, validate) = await MfaHost.PasswordAsync(next);
        Assert.Equal("ak-stage-authenticator-validate", validate.Component);
        Assert.Equal("xak-flow-redirect", (await MfaHost.CodeAsync(again, host.Code(secret))).Component);
    }

    [Fact]
    public async Task Row_31_configure_with_several_stages_asks_which()
    {
        await using var host = await MfaHost.StartAsync();
        var (totp, codes, login) = (await host.StageAsync(MfaHost.TotpSetup), await host.StageAsync(MfaHost.StaticSetup), await host.StageAsync(MfaHost.Login));
        await host.SetAsync($$"""{"not_configured_action":"configure","configuration_stages":["{{totp}}","{{codes}}","{{login}}"]}""");
        using var browser = host.Browser();

        var (flow, asked) = await MfaHost.PasswordAsync(browser);

        Assert.Equal("ak-stage-authenticator-validate", asked.Component);
        Assert.Equal(0, asked.Json.GetProperty("device_challenges").GetArrayLength());
        var offered = asked.Json.GetProperty("configuration_stages").EnumerateArray().ToList();
        Assert.Equal([totp, codes], offered.Select(o => o.GetProperty("pk").GetGuid()));
        Assert.Equal(["meta_model_name", "name", "pk", "verbose_name"], offered[0].EnumerateObject().Select(p => p.Name).Order());
        Assert.Equal("required", (await flow.AnswerAsync()).FaultCode("selected_stage"));
        Assert.Equal("invalid", (await flow.AnswerAsync(("selected_stage", login.ToString()))).FaultCode("selected_stage"));
        Assert.Equal("ak-stage-authenticator-validate", (await flow.ShowAsync()).Component);

        var setup = await flow.AnswerAsync(("component", "ak-stage-authenticator-validate"), ("selected_stage", codes.ToString()));
        Assert.Equal("ak-stage-authenticator-static", setup.Component);
        Assert.Equal(setup.Json.GetProperty("codes").GetRawText(), (await flow.ShowAsync()).Json.GetProperty("codes").GetRawText());
        Assert.Equal("xak-flow-redirect", (await flow.AnswerAsync(("component", "ak-stage-authenticator-static"))).Component);
        Assert.Equal(6, await host.ReadAsync(db => db.StaticCodes.CountAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task M07_the_password_alone_adds_no_key_beside_an_app()
    {
        await using var host = await MfaHost.StartAsync();
        using var owner = await host.SignedInAsync();
        await host.EnrolTotpAsync(owner);
        await host.SetAsync($$"""{"device_classes":["webauthn"],"not_configured_action":"configure","configuration_stages":["{{await host.StageAsync(MfaHost.KeySetup)}}"]}""");
        using var browser = host.Browser();

        Assert.Equal("ak-stage-access-denied", (await MfaHost.PasswordAsync(browser)).Seen.Component);
    }

    [Fact]
    public async Task M07_a_setup_stage_before_the_validation_is_no_way_around_it()
    {
        await using var host = await MfaHost.StartAsync();
        using var owner = await host.SignedInAsync();
        await host.EnrolTotpAsync(owner);
        var stage = await host.StageAsync(MfaHost.KeySetup);
        await host.ChangeAsync(async db =>
        {
            var login = await db.Flows.SingleAsync(f => f.Slug == MfaHost.Login, TestContext.Current.CancellationToken);
            db.FlowStageBindings.Add(new FlowStageBinding { Id = Guid.CreateVersion7(), FlowId = login.Id, StageId = stage, Order = 12 });
        });
        using var browser = host.Browser();
        using var fresh = host.Browser();

        Assert.Equal("ak-stage-authenticator-validate", (await MfaHost.PasswordAsync(browser)).Seen.Component);
        Assert.Equal("ak-stage-authenticator-webauthn", (await MfaHost.PasswordAsync(fresh, "bob")).Seen.Component);
    }

    [Theory]
    [InlineData("all but this")]
    [InlineData("one")]
    public async Task Whoever_ends_their_other_sessions_is_asked_again_where_a_browser_remembered_a_second_factor(string which)
    {
        await using var host = await MfaHost.StartAsync("""{"last_auth_threshold":"hours=1"}""");
        using var browser = await host.SignedInAsync();
        var secret = await host.EnrolTotpAsync(browser);
        host.NextStep();
        using var stolen = host.Browser();
        Assert.Equal("xak-flow-redirect", (await MfaHost.CodeAsync((await MfaHost.PasswordAsync(stolen)).Flow, host.Code(secret))).Component);
        Assert.Equal("xak-flow-redirect", (await MfaHost.PasswordAsync(stolen)).Seen.Component);
        var theirs = await host.ReadAsync(db => db.AuthenticatedSessions.OrderByDescending(s => s.Uuid).Select(s => s.Uuid).FirstAsync(TestContext.Current.CancellationToken));

        Assert.Equal(303, await UserPageTests.PostAsync(browser, which == "one" ? $"sessions/{theirs}/end/" : "sessions/end/"));

        Assert.Equal("ak-stage-authenticator-validate", (await MfaHost.PasswordAsync(stolen)).Seen.Component);
    }

    [Fact]
    public async Task Row_31_a_browser_is_remembered_for_the_threshold_at_this_stage_for_this_user_and_device()
    {
        const string hour = """{"last_auth_threshold":"hours=1"}""";
        await using var host = await MfaHost.StartAsync(hour);
        using var browser = await host.SignedInAsync();
        using var other = await host.SignedInAsync("bob");
        var secret = await host.EnrolTotpAsync(browser);
        host.NextStep();
        await host.EnrolTotpAsync(other);
        host.NextStep();
        using var first = host.Browser();
        Assert.Equal("xak-flow-redirect", (await MfaHost.CodeAsync((await MfaHost.PasswordAsync(first)).Flow, host.Code(secret))).Component);
        var cookie = first.Cookies["authentik_mfa"];

        Assert.Equal("xak-flow-redirect", await AgainAsync(cookie));
        Assert.Equal("ak-stage-authenticator-validate", await AgainAsync(null));
        Assert.Equal("ak-stage-authenticator-validate", await AgainAsync(cookie, "bob"));
        Assert.Equal("ak-stage-authenticator-validate", await AgainAsync(cookie, query: "prompt=login"));
        foreach (var forged in new[] { cookie + "A", "A" + cookie, cookie.Split('.')[1], "", ".", "..", "x.y.z" })
        {
            Assert.Equal("ak-stage-authenticator-validate", await AgainAsync(forged));
        }

        host.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal("xak-flow-redirect", await AgainAsync(cookie));
        await host.SetAsync("""{"last_auth_threshold":"minutes=30"}""");
        Assert.Equal("ak-stage-authenticator-validate", await AgainAsync(cookie));
        await host.SetAsync("{}");
        Assert.Equal("ak-stage-authenticator-validate", await AgainAsync(cookie));
        await host.SetAsync(hour);
        var kept = PasswordHash.Make(SignInHost.Password);
        await host.ChangeAsync(db => db.Users.Where(u => u.Username == "alice").ExecuteUpdateAsync(u => u.SetProperty(x => x.PasswordHash, kept), TestContext.Current.CancellationToken));
        Assert.Equal("ak-stage-authenticator-validate", await AgainAsync(cookie)); // whoever chose a new password is asked again
        await host.ChangeAsync(db => db.Users.Where(u => u.Username == "alice").ExecuteUpdateAsync(u => u.SetProperty(x => x.PasswordHash, SignInHost.PasswordKept), TestContext.Current.CancellationToken));
        Assert.Equal("xak-flow-redirect", await AgainAsync(cookie));
        host.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("ak-stage-authenticator-validate", await AgainAsync(cookie));

        async Task<string> AgainAsync(string? remembered, string user = "alice", string query = "")
        {
            using var again = host.Browser();
            if (remembered is not null)
            {
                again.Cookies["authentik_mfa"] = remembered;
            }

            return (await MfaHost.PasswordAsync(again, user, query)).Seen.Component;
        }
    }
}
