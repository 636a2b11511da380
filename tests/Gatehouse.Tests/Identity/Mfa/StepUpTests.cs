using Gatehouse.Identity.Oidc;
using Gatehouse.Model.Flows;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Mfa;

/// <summary>A second factor on the way to one application: it is asked of whoever is signed in, and nobody else's counts. Row M05 of the attack cases.</summary>
public class StepUpTests
{
    private const string Flow = "payroll";

    [Fact]
    public async Task M05_an_application_asks_for_the_authenticator_of_whoever_is_signed_in()
    {
        await using var host = await StartAsync((StageType.AuthenticatorValidate, "{}"));
        using var alice = await host.SignedInAsync();
        var secret = await host.EnrolTotpAsync(alice);
        host.NextStep();

        var flow = alice.Flow(Flow, "state=1");
        var asked = await flow.ShowAsync();
        Assert.Equal(("ak-stage-authenticator-validate", "alice"), (asked.Component, asked.Text("pending_user")));
        Assert.Equal("totp", Assert.Single(asked.Json.GetProperty("device_challenges").EnumerateArray()).GetProperty("device_class").GetString());
        Assert.Equal("invalid", (await MfaHost.CodeAsync(flow, "000000")).FaultCode("code"));
        host.NextStep();
        Assert.StartsWith("https://rp.test/cb?code=alice", (await MfaHost.CodeAsync(flow, host.Code(secret))).Text("to"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task M05_the_passkey_of_somebody_else_opens_no_application_in_this_browser()
    {
        await using var host = await StartAsync((StageType.AuthenticatorValidate, "{}"));
        using var alice = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");
        using var hers = new SoftKey();
        using var his = new SoftKey();
        await MfaHost.EnrolKeyAsync(alice, hers);
        await MfaHost.EnrolKeyAsync(bob, his);

        var flow = alice.Flow(Flow, "state=1");
        var options = (await flow.ShowAsync()).Json.GetProperty("device_challenges")[0].GetProperty("challenge");
        Assert.Equal(1, options.GetProperty("allowCredentials").GetArrayLength());
        Assert.Equal("invalid", (await MfaHost.ProveAsync(flow, his.Get(options))).FaultCode("webauthn"));

        options = (await flow.ShowAsync()).Json.GetProperty("device_challenges")[0].GetProperty("challenge");
        Assert.StartsWith("https://rp.test/cb?code=alice", (await MfaHost.ProveAsync(flow, hers.Get(options))).Text("to"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("skip", "xak-flow-redirect")]
    [InlineData("deny", "ak-stage-access-denied")]
    public async Task Whoever_has_no_authenticator_is_treated_as_the_stage_says(string action, string component)
    {
        await using var host = await StartAsync((StageType.AuthenticatorValidate, $$"""{"not_configured_action":"{{action}}"}"""));
        using var alice = await host.SignedInAsync();
        Assert.Equal(component, (await alice.Flow(Flow, "state=1").ShowAsync()).Component);
    }

    [Fact]
    public async Task M05_nobody_sets_up_an_authenticator_on_the_way_beside_one_that_was_not_shown()
    {
        await using var host = await StartAsync((StageType.AuthenticatorValidate, "{}"));
        await host.ChangeAsync(async db => (await db.Stages.SingleAsync(s => s.Name == Flow + " 0", TestContext.Current.CancellationToken)).SettingsJson =
            $$"""{"device_classes":["totp"],"not_configured_action":"configure","configuration_stages":["{{await host.StageAsync(MfaHost.TotpSetup)}}"]}""");
        using var alice = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");
        using var key = new SoftKey();
        await MfaHost.EnrolKeyAsync(alice, key);

        Assert.Equal("ak-stage-access-denied", (await alice.Flow(Flow, "state=1").ShowAsync()).Component);
        Assert.Equal("ak-stage-authenticator-totp", (await bob.Flow(Flow, "state=1").ShowAsync()).Component); // who has none at all
    }

    [Theory]
    [InlineData("bob", "ak-stage-access-denied")]
    [InlineData("alice", "xak-flow-redirect")]
    public async Task M05_what_somebody_proves_in_the_browser_of_another_opens_nothing(string typed, string component)
    {
        await using var host = await StartAsync((StageType.Identification, "{}"), (StageType.Password, "{}"));
        using var alice = await host.SignedInAsync();
        var flow = alice.Flow(Flow, "state=1");
        await flow.AnswerAsync(("uid_field", typed));
        Assert.Equal(component, (await flow.AnswerAsync(("component", "ak-stage-password"), ("password", SignInHost.Password))).Component);
    }

    private static async Task<SignInHost> StartAsync(params (StageType Type, string Settings)[] stages)
    {
        var host = await MfaHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            SignInHost.Add(db, Flow, "authorization", "require_authenticated", "Redirecting to %(app)s", stages);
            return Task.CompletedTask;
        });
        host.Pending = new PendingAuthorization(Guid.CreateVersion7(), "Payroll", Flow, [], MustConsent: false);
        return host;
    }
}
