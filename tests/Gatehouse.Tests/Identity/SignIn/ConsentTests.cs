using Gatehouse.Identity.Oidc;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Providers;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>Authorization flows: who is asked, what for, and for how long the answer stands.</summary>
public class ConsentTests
{
    private const string Explicit = "default-provider-authorization-explicit-consent";
    private const string Implicit = "default-provider-authorization-implicit-consent";
    private static readonly Guid App = Guid.CreateVersion7();

    [Fact]
    public async Task Implicit_consent_leads_straight_back()
    {
        await using var host = await WithAppAsync();
        using var browser = await host.SignedInAsync();
        host.Pending = Asks(Implicit, "openid");

        var end = await browser.Flow(Implicit, "client_id=p&state=s").ShowAsync();

        Assert.Equal(("xak-flow-redirect", "https://rp.test/cb?code=alice&query=client_id%3Dp%26state%3Ds"), (end.Component, end.Text("to")));
        Assert.Equal("Redirecting to Wiki", end.Json.GetProperty("flow_info").GetProperty("title").GetString());
    }

    [Fact]
    public async Task Row_47_consent_is_asked_for_kept_and_asked_again_for_more_or_when_it_is_over()
    {
        await using var host = await WithAppAsync();
        using var browser = await host.SignedInAsync();
        host.Pending = Asks(Explicit, "openid", "email");
        var asked = await browser.Flow(Explicit, "state=1").ShowAsync();
        Assert.Equal(("ak-stage-consent", "alice"), (asked.Component, asked.Text("pending_user")));
        Assert.Equal(["openid", "email"], asked.Ids("permissions"));
        Assert.Empty(asked.Ids("additional_permissions"));
        Assert.Contains("Wiki", asked.Text("header_text"), StringComparison.Ordinal);

        Assert.Equal("xak-flow-redirect", (await browser.Flow(Explicit, "state=1").AnswerAsync(("token", asked.Text("token")))).Component);
        Assert.Equal("xak-flow-redirect", (await browser.Flow(Explicit, "state=2").ShowAsync()).Component);

        host.Pending = Asks(Explicit, "openid", "profile");
        var more = await browser.Flow(Explicit, "state=3").ShowAsync();
        Assert.Equal(["openid"], more.Ids("permissions"));
        Assert.Equal(["profile"], more.Ids("additional_permissions"));
        await browser.Flow(Explicit, "state=3").AnswerAsync(("component", "ak-stage-consent"), ("token", more.Text("token")));
        var kept = await host.ReadAsync(db => db.UserConsents.SingleAsync(TestContext.Current.CancellationToken));
        Assert.Equal(["openid", "profile"], kept.Scopes);

        await host.ChangeAsync(db => db.UserConsents.ExecuteUpdateAsync(c => c.SetProperty(x => x.ExpiresAt, host.Clock.GetUtcNow()), TestContext.Current.CancellationToken));
        Assert.Equal("ak-stage-consent", (await browser.Flow(Explicit, "state=4").ShowAsync()).Component);
    }

    [Theory]
    [InlineData("permanent", 1, true)]
    [InlineData("expiring", 1, false)]
    [InlineData("always_require", 0, null)]
    public async Task The_mode_says_how_long_it_stands(string mode, int rows, bool? isLasting)
    {
        await using var host = await WithAppAsync();
        await host.ChangeAsync(async db =>
            (await db.Stages.SingleAsync(s => s.Type == StageType.Consent)).SettingsJson = $$"""{"mode":"{{mode}}","consent_expire_in":"hours=1"}""");
        using var browser = await host.SignedInAsync();
        host.Pending = Asks(Explicit, "openid");

        var asked = await browser.Flow(Explicit).ShowAsync();
        Assert.Equal("xak-flow-redirect", (await browser.Flow(Explicit).AnswerAsync(("token", asked.Text("token")))).Component);

        var kept = await host.ReadAsync(db => db.UserConsents.ToListAsync(TestContext.Current.CancellationToken));
        Assert.Equal(rows, kept.Count);
        Assert.Equal(isLasting, kept.Count == 0 ? null : kept[0].ExpiresAt is null);
        Assert.Equal(rows == 0 ? "ak-stage-consent" : "xak-flow-redirect", (await browser.Flow(Explicit).ShowAsync()).Component);
    }

    [Theory]
    [InlineData(Explicit)]
    [InlineData(Implicit)]
    public async Task Prompt_consent_asks_in_any_flow_and_each_time(string slug)
    {
        await using var host = await WithAppAsync();
        using var browser = await host.SignedInAsync();
        host.Pending = Asks(slug, "openid") with { MustConsent = true };

        foreach (var _ in new[] { 1, 2 })
        {
            var asked = await browser.Flow(slug).ShowAsync();
            Assert.Equal("ak-stage-consent", asked.Component);
            Assert.Equal("xak-flow-redirect", (await browser.Flow(slug).AnswerAsync(("token", asked.Text("token")))).Component);
        }
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)] // a client that registered itself
    public async Task Q26_consent_that_has_to_be_asked_for_is_asked_for_though_a_policy_leaves_the_stage_out(bool isForced, bool isPlanned)
    {
        await using var host = await WithAppAsync();
        await host.ChangeAsync(async db =>
        {
            var binding = await db.FlowStageBindings.SingleAsync(b => b.Stage!.Type == StageType.Consent, TestContext.Current.CancellationToken); // every binding has a stage
            (binding.EvaluateOnPlan, binding.ReEvaluatePolicies) = (isPlanned, !isPlanned);
            var policy = new IdentityPolicy { Id = Guid.CreateVersion7(), Name = "no consent for staff", Kind = PolicyKind.Expression, SettingsJson = """{"expression":"return False"}""" };
            db.AddRange(policy, new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = binding.Id, PolicyId = policy.Id, Order = 0 });
        });
        using var browser = await host.SignedInAsync();
        host.Pending = Asks(Explicit, "openid");
        Assert.Equal("xak-flow-redirect", (await browser.Flow(Explicit, "x=1").ShowAsync()).Component);
        host.Pending = Asks(Explicit, "openid") with { MustConsent = isForced, IsStranger = !isForced };

        var asked = await browser.Flow(Explicit).ShowAsync();

        Assert.Equal("ak-stage-consent", asked.Component);
        Assert.Equal("invalid", (await browser.Flow(Explicit).AnswerAsync(("token", "x"))).FaultCode("token"));
        Assert.Equal("xak-flow-redirect", (await browser.Flow(Explicit).AnswerAsync(("token", asked.Text("token")))).Component);
        Assert.Equal(isForced ? 0 : 1, await host.ReadAsync(db => db.UserConsents.CountAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task M06_only_the_token_of_what_was_shown_agrees_to_it()
    {
        await using var host = await WithAppAsync();
        using var browser = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");
        host.Pending = Asks(Explicit, "openid");
        var flow = browser.Flow(Explicit, "state=1");
        var small = (await flow.ShowAsync()).Text("token");
        var bobs = (await bob.Flow(Explicit, "state=1").ShowAsync()).Text("token");
        var otherRun = (await browser.Flow(Explicit, "state=2").ShowAsync()).Text("token");
        host.Pending = Asks(Explicit, "openid", "admin");

        foreach (var token in new[] { small, bobs, otherRun, "x", "\u00fc" })
        {
            Assert.Equal("invalid", (await flow.AnswerAsync(("token", token))).FaultCode("token"));
        }

        Assert.Equal("required", (await flow.AnswerAsync()).FaultCode("token"));
        Assert.Equal(0, await host.ReadAsync(db => db.UserConsents.CountAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task Whoever_says_no_is_led_to_where_the_client_is_told()
    {
        await using var host = await WithAppAsync();
        using var browser = await host.SignedInAsync();
        host.Pending = Asks(Explicit, "openid");
        var asked = await browser.Flow(Explicit, "client_id=p&state=s&gh_declined=1").ShowAsync();

        using var cancelled = await browser.GetAsync(asked.Json.GetProperty("flow_info").GetProperty("cancel_url").GetString()!); // an absent one fails the test

        Assert.Equal("/application/o/authorize/?client_id=p&state=s&gh_declined=1", cancelled.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task A_request_that_does_not_stand_another_flow_and_a_stranger_are_denied()
    {
        await using var host = await WithAppAsync();
        using var browser = await host.SignedInAsync();
        using var stranger = host.Browser();

        Assert.Equal("ak-stage-access-denied", (await browser.Flow(Implicit).ShowAsync()).Component);
        host.Pending = Asks(Explicit, "openid");
        Assert.Equal("ak-stage-access-denied", (await browser.Flow(Implicit).ShowAsync()).Component);
        Assert.Equal("ak-stage-access-denied", (await stranger.Flow(Explicit).ShowAsync()).Component);
    }

    [Fact]
    public async Task U06_a_flow_with_a_requirement_that_nothing_can_judge_runs_for_nobody()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            SignInHost.Add(db, "superusers", "stage_configuration", "require_superuser", "Superusers");
            SignInHost.Add(db, "visitors", "enrollment", "require_unauthenticated", "Visitors");
            SignInHost.Add(db, "strangers", "authentication", "require_unauthenticated", "Strangers", (StageType.Identification, "{}"), (StageType.UserLogin, "{}"));
            SignInHost.Add(db, "no-proof", "enrollment", "none", "No proof", (StageType.Identification, "{}"), (StageType.UserLogin, "{}"));
            return Task.CompletedTask;
        });
        using var browser = await host.SignedInAsync();
        using var stranger = host.Browser();

        Assert.Equal("ak-stage-access-denied", (await browser.Flow("superusers").ShowAsync()).Component);
        Assert.Equal("ak-stage-access-denied", (await browser.Flow("visitors").ShowAsync()).Component);
        Assert.Equal("ak-stage-identification", (await browser.Flow("strangers", "gh_reauth=1").ShowAsync()).Component); // another account is asked for
        Assert.Equal("xak-flow-redirect", (await stranger.Flow("visitors").ShowAsync()).Component);
        Assert.Equal("ak-stage-access-denied", (await stranger.Flow("no-proof").AnswerAsync(("uid_field", "alice"))).Component);
    }

    private static PendingAuthorization Asks(string slug, params string[] scopes) =>
        new(App, "Wiki", slug, [.. scopes.Select(s => new ScopePermission(s, $"See your {s}"))], MustConsent: false);

    private static async Task<SignInHost> WithAppAsync()
    {
        var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => db.ProviderApplications.AddAsync(new ProviderApplication { Id = App, Slug = "wiki", Name = "Wiki" }).AsTask());
        return host;
    }
}
