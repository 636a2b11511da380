using System.Text.Json;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Flows;
using Gatehouse.Store;
using Gatehouse.Web.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>Policies on flows and on the stages in them.</summary>
public class FlowPolicyTests
{
    private const string Login = "default-authentication-flow";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_flow_whose_policy_says_no_is_not_for_anybody()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db => Bind(db, (await db.Flows.SingleAsync(f => f.Slug == Login, Stop)).Id, "ak_message('closed for today')\nreturn False"));
        using var browser = host.Browser();

        var shown = await browser.Flow(Login).ShowAsync();

        Assert.Equal("ak-stage-access-denied", shown.Component);
        Assert.Contains("closed for today", shown.Json.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_can_be_looked_at_without_moving_it_on_and_shows_no_secret()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        await browser.Flow(Login).AnswerAsync(("uid_field", "alice"));

        var begun = await LookAsync(host, browser, "");
        Assert.Equal("alice", (string?)begun!.Context["pending_user"]!["username"]);
        Assert.Equal([StageType.Password, StageType.UserLogin], await TypesAsync(host, begun));
        Assert.DoesNotContain(browser.Session!, begun.SessionId, StringComparison.Ordinal);
        Assert.Equal("ak-stage-password", (await browser.Flow(Login).ShowAsync()).Component);

        // Before the stage that is left behind there were all three, and nobody was known.
        var earlier = Assert.Single(begun.History);
        Assert.Equal([StageType.Identification, StageType.Password, StageType.UserLogin], await TypesAsync(host, earlier));
        Assert.Null(earlier.Context["pending_user"]);

        // Another query is another run, at its beginning; without a browser there is none.
        var other = await LookAsync(host, browser, "next=/x");
        Assert.Empty(other!.History);
        Assert.Equal([StageType.Identification, StageType.Password, StageType.UserLogin], await TypesAsync(host, other!));
        using var stranger = host.Browser();
        Assert.Null(await LookAsync(host, stranger, ""));

        static Task<List<StageType>> TypesAsync(SignInHost host, FlowProgress progress) => host.ReadAsync(async db =>
            (await db.FlowStageBindings.AsNoTracking().Include(b => b.Stage).Where(b => progress.Remaining.Contains(b.Id)).OrderBy(b => b.Order).ToListAsync(Stop)).ConvertAll(b => b.Stage!.Type)); // included

        static async Task<FlowProgress?> LookAsync(SignInHost host, Browser browser, string query)
        {
            await using var scope = host.Services.CreateAsyncScope();
            var http = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
            http.Request.Headers.Cookie = string.Join("; ", browser.Cookies.Select(c => $"{c.Key}={c.Value}"));
            return await scope.ServiceProvider.GetRequiredService<IFlowRuns>().FindAsync(http, Login, query, Stop);
        }
    }

    [Theory]
    [InlineData("return False", "policy_execution")]
    [InlineData("return context['nothing']", "policy_exception")]
    public async Task A_visitor_who_is_denied_again_and_again_fills_no_event_log(string expression, string action)
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db => Bind(db, (await db.Flows.SingleAsync(f => f.Slug == Login, Stop)).Id, expression));
        for (var i = 0; i < 20; i++)
        {
            using var browser = host.Browser();
            Assert.Equal("ak-stage-access-denied", (await browser.Flow(Login).ShowAsync()).Component);
        }

        Assert.Single(host.Events.Of(action));
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        using var later = host.Browser();
        await later.Flow(Login).ShowAsync();
        Assert.Equal(19, host.Events.Of(action).Last().Context["repeated"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("return user.username == 'bob'", "xak-flow-redirect")]
    [InlineData("return user.username == 'alice'", "ak-stage-access-denied")] // a consent stage without a request denies
    public async Task A_stage_whose_policy_says_no_is_left_out(string expression, string expected)
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            SignInHost.Add(db, "login-2", "authentication", "none", "Again", (StageType.Identification, "{}"), (StageType.Password, "{}"), (StageType.Consent, "{}"), (StageType.UserLogin, "{}"));
            await db.SaveChangesAsync(Stop);
            Bind(db, await StageAsync(db, StageType.Consent, "login-2"), expression);
        });
        using var browser = host.Browser();
        var login = browser.Flow("login-2");
        await login.AnswerAsync(("uid_field", "alice"));

        Assert.Equal(expected, (await login.AnswerAsync(("component", "ak-stage-password"), ("password", SignInHost.Password))).Component);
    }

    [Fact]
    public async Task A_stage_whose_policy_faults_is_not_left_out()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db => Bind(db, await StageAsync(db, StageType.Password), "return context['nothing']"));
        using var browser = host.Browser();
        var login = browser.Flow(Login);

        var shown = await login.AnswerAsync(("uid_field", "alice"));

        Assert.Equal("ak-stage-access-denied", shown.Component);
        Assert.Contains(host.Events.All, e => e.Action == "policy_exception");
    }

    [Fact]
    public async Task Without_the_password_stage_nobody_gets_in()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db => Bind(db, await StageAsync(db, StageType.Password), "return False"));
        using var browser = host.Browser();

        Assert.Equal("ak-stage-access-denied", (await browser.Flow(Login).AnswerAsync(("uid_field", "alice"))).Component);
    }

    [Fact]
    public async Task A_wrong_answer_restarts_a_flow_that_is_told_to()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            var id = await StageAsync(db, StageType.Password);
            (await db.FlowStageBindings.SingleAsync(b => b.Id == id, Stop)).InvalidResponseAction = "restart";
        });
        using var browser = host.Browser();
        var login = browser.Flow(Login);
        Assert.Equal("ak-stage-password", (await login.AnswerAsync(("uid_field", "alice"))).Component);

        Assert.Equal("ak-stage-identification", (await login.AnswerAsync(("component", "ak-stage-password"), ("password", "wrong"))).Component);
    }

    [Fact]
    public async Task Wrong_passwords_lower_the_score_and_a_policy_reads_it()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            var policy = new IdentityPolicy { Id = Guid.CreateVersion7(), Name = "good", Kind = PolicyKind.Reputation, SettingsJson = """{"threshold":-2}""" };
            db.AddRange(policy, new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = await StageAsync(db, StageType.UserLogin), PolicyId = policy.Id, Order = 0, IsNegated = true });
        });
        using var browser = host.Browser();
        var login = browser.Flow(Login);
        await login.AnswerAsync(("uid_field", "alice"));
        for (var i = 0; i < 4; i++)
        {
            await login.AnswerAsync(("component", "ak-stage-password"), ("password", "wrong"));
        }

        await login.AnswerAsync(("component", "ak-stage-password"), ("password", SignInHost.Password));
        Assert.Equal(0, await host.ReadAsync(db => db.AuthenticatedSessions.CountAsync(Stop))); // the login stage was left out
    }

    [Fact]
    public async Task X08_the_page_shows_only_what_each_may_open()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            foreach (var name in (string[])["alice", "bob"])
            {
                var app = new Gatehouse.Model.Providers.ProviderApplication { Id = Guid.CreateVersion7(), Slug = "for-" + name, Name = "For " + name, LaunchUrl = "https://example.com/" };
                var user = await db.Users.SingleAsync(u => u.Username == name, Stop);
                db.AddRange(app, new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = app.Id, UserId = user.Id, Order = 0 });
            }
        });
        using var alice = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");

        for (var round = 0; round < 5; round++)
        {
            var pages = await Task.WhenAll(PageAsync(alice), PageAsync(bob));
            Assert.True(pages[0].Contains("For alice", StringComparison.Ordinal) && !pages[0].Contains("For bob", StringComparison.Ordinal));
            Assert.True(pages[1].Contains("For bob", StringComparison.Ordinal) && !pages[1].Contains("For alice", StringComparison.Ordinal));
        }
    }

    private static async Task<string> PageAsync(Browser browser)
    {
        using var answer = await browser.GetAsync("/if/user/");
        return await answer.Content.ReadAsStringAsync(Stop);
    }

    private static Task<Guid> StageAsync(GatehouseDb db, StageType type, string slug = Login) =>
        db.FlowStageBindings.Where(b => b.Stage!.Type == type && db.Flows.Any(f => f.Id == b.FlowId && f.Slug == slug)).Select(b => b.Id).SingleAsync(Stop);

    private static void Bind(GatehouseDb db, Guid target, string expression)
    {
        var policy = new IdentityPolicy { Id = Guid.CreateVersion7(), Name = expression, Kind = PolicyKind.Expression, SettingsJson = JsonSerializer.Serialize(new { expression }) };
        db.AddRange(policy, new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = target, PolicyId = policy.Id, Order = 0 });
    }
}
