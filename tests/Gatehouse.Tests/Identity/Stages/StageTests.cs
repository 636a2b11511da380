using Gatehouse.Model.Flows;
using Gatehouse.Model.Stages;
using Gatehouse.Model.Users;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Stages;

/// <summary>The small stages, and what the larger ones can be told.</summary>
public class StageTests
{
    [Fact]
    public async Task M06_and_row_33_an_empty_answer_advances_no_stage()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            db.Users.Add(SignInHost.A("carl"));
            Add("identification", (StageType.Identification, "{}"));
            Add("one-step", (StageType.Identification, """{"pretend_user_exists":false}"""));
            Add("prompt", (StageType.Prompt, Laid.Prompt(db, "note:text?", "box:checkbox?")));
            Add("dummy", (StageType.Dummy, "{}"));
            Add("broken", (StageType.Dummy, """{"throw_error":true}"""));
            Add("delete", (StageType.UserDelete, "{}"));
            return Task.CompletedTask;

            void Add(string slug, (StageType, string) stage) => SignInHost.Add(db, slug, "stage_configuration", "none", slug, stage, (StageType.Deny, """{"deny_message":"advanced"}"""));
        });
        using var browser = await host.SignedInAsync("carl");

        foreach (var slug in new[] { "identification", "one-step", "prompt", "dummy", "broken", "delete" })
        {
            var before = await browser.Flow(slug).ShowAsync();
            foreach (var answer in new (string, string)[][] { [], [("component", "ak-stage-password")], [("component", "ak-stage-access-denied")], [("nonsense", "x")] })
            {
                var after = await browser.Flow(slug).AnswerAsync(answer);
                Assert.Equal((slug, before.Component), (slug, after.Component));
            }
        }

        Assert.NotNull(await host.UserAsync("carl"));
    }

    [Fact]
    public async Task Deny_ends_with_its_own_words()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { SignInHost.Add(db, "no", "stage_configuration", "none", "No", (StageType.Deny, """{"deny_message":"Come back on Monday."}""")); return Task.CompletedTask; });
        using var browser = host.Browser();

        var seen = await browser.Flow("no").ShowAsync();

        Assert.Equal(("ak-stage-access-denied", "Come back on Monday."), (seen.Component, seen.Text("error_message")));
    }

    [Fact]
    public async Task Redirect_leaves_or_goes_on_in_another_flow_with_what_is_known()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            Laid.Enrolment(db, "target");
            var target = db.ChangeTracker.Entries<Flow>().Select(e => e.Entity).Single(f => f.Slug == "target");
            SignInHost.Add(db, "away", "stage_configuration", "none", "Away", (StageType.Redirect, """{"mode":"static","target_static":"https://example.com/bye"}"""));
            SignInHost.Add(db, "on", "enrollment", "none", "On", (StageType.Prompt, Laid.Prompt(db, "name:text")), (StageType.Redirect, $$"""{"mode":"flow","target_flow":"{{target.Id}}"}"""));
            return Task.CompletedTask;
        });
        using var browser = host.Browser();

        Assert.Equal("https://example.com/bye", (await browser.Flow("away").ShowAsync()).Text("to"));
        var on = await browser.Flow("on", "next=/x").AnswerAsync(("component", "ak-stage-prompt"), ("name", "Carol C."));
        Assert.Equal(("xak-flow-redirect", "/if/flow/target/?next=/x"), (on.Component, on.Text("to")));
        Assert.Equal("/x", (await browser.Flow("target", "next=/x").AnswerAsync(Laid.Newcomer("carol"))).Text("to"));
        Assert.Equal("Carol C.", (await host.UserAsync("carol"))!.Name); // made above
    }

    [Fact]
    public async Task Whoever_wants_to_be_remembered_stays_signed_in_that_much_longer()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            SignInHost.Add(db, "login", "authentication", "none", "Log in",
                (StageType.Identification, "{}"), (StageType.Password, "{}"), (StageType.UserLogin, """{"session_duration":"hours=1","remember_me_offset":"days=7"}"""));
            return Task.CompletedTask;
        });
        foreach (var (remember, hours) in new[] { ("true", 1 + (7 * 24)), ("false", 1) })
        {
            using var browser = host.Browser();
            var flow = browser.Flow("login");
            await flow.AnswerAsync(("uid_field", "alice"));
            Assert.Equal("ak-stage-user-login", (await flow.AnswerAsync(("component", "ak-stage-password"), ("password", SignInHost.Password))).Component);
            Assert.Equal("required", (await flow.AnswerAsync([])).FaultCode("remember_me"));
            using var answered = await browser.PostAsync(flow.Path, $$"""{"component":"ak-stage-user-login","remember_me":{{remember}}}""");
            Assert.Equal("xak-flow-redirect", (await Seen.ReadAsync(answered)).Component);

            var end = await host.ReadAsync(db => db.AuthenticatedSessions.OrderByDescending(s => s.Uuid).Select(s => s.ExpiresAt).FirstAsync(TestContext.Current.CancellationToken));
            Assert.Equal(host.Clock.GetUtcNow().AddHours(hours), end, TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public async Task Other_sessions_end_and_the_new_one_is_bound_where_the_stage_says_so()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            SignInHost.Add(db, "login", "authentication", "none", "Log in",
                (StageType.Identification, "{}"), (StageType.Password, "{}"), (StageType.UserLogin, """{"terminate_other_sessions":true,"network_binding":"bind_asn_network"}"""));
            return Task.CompletedTask;
        });
        using var old = await host.SignedInAsync();
        using var browser = host.Browser();
        await browser.Flow("login").AnswerAsync(("uid_field", "alice"));
        await browser.Flow("login").AnswerAsync(("password", SignInHost.Password));

        var session = await host.ReadAsync(db => db.AuthenticatedSessions.AsNoTracking().SingleAsync(TestContext.Current.CancellationToken));
        Assert.Equal("127.0.0.0/24", session.BoundTo);
        using (var page = await browser.GetAsync("/if/user/"))
        {
            Assert.Equal(200, (int)page.StatusCode);
        }

        await host.ChangeAsync(db => db.AuthenticatedSessions.ExecuteUpdateAsync(s => s.SetProperty(x => x.BoundTo, "192.0.2.0/24"), TestContext.Current.CancellationToken));
        using var moved = await browser.GetAsync("/if/user/");
        Assert.Equal(302, (int)moved.StatusCode);
    }

    [Fact]
    public async Task One_step_sign_in_names_the_ways_to_enrol_and_to_recover()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            Laid.Recovery(db);
            Laid.Enrolment(db);
            var flows = db.ChangeTracker.Entries<Flow>().Select(e => e.Entity).ToList();
            var password = new Stage { Id = Guid.CreateVersion7(), Name = "embedded", Type = StageType.Password, SettingsJson = "{}" };
            db.Stages.Add(password);
            SignInHost.Add(db, "login", "authentication", "none", "Log in",
                (StageType.Identification, $$"""{"password_stage":"{{password.Id}}","enrollment_flow":"{{flows.Single(f => f.Slug == "enrol").Id}}","recovery_flow":"{{flows.Single(f => f.Slug == "default-recovery-flow").Id}}"}"""),
                (StageType.UserLogin, "{}"));
            return Task.CompletedTask;
        });
        using var browser = host.Browser();

        var asked = await browser.Flow("login", "next=/x").ShowAsync();
        Assert.Equal(("/if/flow/enrol/?next=%2Fx", "/if/flow/default-recovery-flow/?next=%2Fx"), (asked.Text("enroll_url"), asked.Text("recovery_url")));
        Assert.True(asked.Json.GetProperty("password_fields").GetBoolean());
        Assert.Equal("invalid", (await browser.Flow("login").AnswerAsync(("uid_field", "alice"), ("password", "wrong"))).FaultCode("non_field_errors"));
        Assert.Equal("xak-flow-redirect", (await browser.Flow("login").AnswerAsync(("uid_field", "alice"), ("password", SignInHost.Password))).Component);
        host.Mail.IsSetUp = false;
        using var other = host.Browser();
        Assert.False((await other.Flow("login").ShowAsync()).Json.TryGetProperty("recovery_url", out _));
    }

    [Fact]
    public async Task People_delete_their_own_account_after_saying_so_and_administrators_do_not()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            SignInHost.Add(db, "leave", "unenrollment", "require_authenticated", "Leave", (StageType.UserDelete, "{}"));
            var admins = new Group { Id = Guid.CreateVersion7(), Number = 9, Name = "admins", IsSuperuser = true };
            db.Groups.Add(admins);
            var alice = await db.Users.SingleAsync(u => u.Username == "alice", TestContext.Current.CancellationToken);
            db.GroupMembers.Add(new GroupMember { GroupId = admins.Id, UserId = alice.Id });
        });
        using var alice = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");

        Assert.Equal("ak-stage-access-denied", (await alice.Flow("leave").ShowAsync()).Component);
        Assert.Equal("ak-stage-prompt", (await bob.Flow("leave").ShowAsync()).Component);
        Assert.NotNull(await host.UserAsync("bob"));
        Assert.Equal("xak-flow-redirect", (await bob.Flow("leave").AnswerAsync(("component", "ak-stage-prompt"))).Component);
        Assert.Null(await host.UserAsync("bob"));
        Assert.Null(bob.Session);
    }

    [Fact]
    public async Task A_denied_flow_goes_where_it_says()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            foreach (var action in new[] { "message", "message_continue", "continue" })
            {
                SignInHost.Add(db, action.Replace('_', '-'), "stage_configuration", "require_authenticated", "x");
                db.ChangeTracker.Entries<Flow>().Select(e => e.Entity).Single(f => f.Slug == action.Replace('_', '-')).DeniedAction = action;
            }

            await Task.CompletedTask;
        });
        using var browser = host.Browser();

        Assert.Equal("ak-stage-access-denied", (await browser.Flow("message", "next=/x").ShowAsync()).Component);
        Assert.Equal("/x", (await browser.Flow("message-continue", "next=/x").ShowAsync()).Text("to"));
        Assert.Equal("ak-stage-access-denied", (await browser.Flow("message-continue").ShowAsync()).Component);
        Assert.Equal("/", (await browser.Flow("continue").ShowAsync()).Text("to"));
        Assert.Equal("ak-stage-access-denied", (await browser.Flow("continue", "next=https://evil").ShowAsync()).Component);
    }

    [Fact]
    public void Every_kind_has_one_description_and_sound_defaults()
    {
        Assert.Equal(Enum.GetValues<StageType>().Order(), StageKinds.All.Select(k => k.Type).Order());
        Assert.Equal(StageKinds.All.Count, StageKinds.All.Select(k => k.Path).Distinct().Count());
        foreach (var field in StageKinds.All.SelectMany(k => k.Fields).Where(f => f.DefaultJson is not null))
        {
            using var document = System.Text.Json.JsonDocument.Parse(field.DefaultJson!.ToJsonString()); // filtered above
            Assert.Null(field.Fault(document.RootElement));
        }
    }
}
