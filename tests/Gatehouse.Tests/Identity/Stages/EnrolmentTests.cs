using System.Net;
using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Invitations;
using Gatehouse.Model.Users;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Stages;

/// <summary>How people get an account, and who does not.</summary>
public class EnrolmentTests
{
    [Fact]
    public async Task Somebody_new_chooses_a_name_and_a_password_and_is_signed_in()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { Laid.Enrolment(db); return Task.CompletedTask; });
        using var browser = host.Browser();

        var end = await browser.Flow("enrol", "next=/x").AnswerAsync(Laid.Newcomer("carol", "Carol@Example.com"));

        Assert.Equal(("xak-flow-redirect", "/x"), (end.Component, end.Text("to")));
        var carol = (await host.UserAsync("carol"))!; // fails below otherwise
        Assert.Equal(("carol@example.com", true, UserType.Internal, "users"), (carol.Email, carol.IsActive, carol.Type, carol.Path));
        Assert.True(carol.IsEmailUnproven); // U08
        Assert.True(PasswordHash.Verify(Laid.NewPassword, carol.PasswordHash!)); // was chosen
        using var page = await browser.GetAsync("/if/user/");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains(host.Events.All, e => e.Action == EventActions.UserWrite && e.Actor?.Username == "carol");
    }

    [Fact]
    public async Task The_settings_of_the_write_stage_decide_about_group_path_type_and_activity()
    {
        await using var host = await SignInHost.StartAsync();
        var group = new Group { Id = Guid.CreateVersion7(), Number = 7, Name = "guests" };
        await host.ChangeAsync(db =>
        {
            db.Groups.Add(group);
            Laid.Enrolment(db, write: $$"""{"create_users_as_inactive":true,"create_users_group":"{{group.Id}}","user_path_template":"people/new"}""");
            return Task.CompletedTask;
        });
        using var browser = host.Browser();

        var end = await browser.Flow("enrol").AnswerAsync(Laid.Newcomer("carol"));

        Assert.Equal("ak-stage-access-denied", end.Component); // inactive: not signed in
        var carol = (await host.UserAsync("carol"))!; // fails below otherwise
        Assert.Equal((false, UserType.External, "people/new", group.Id), (carol.IsActive, carol.Type, carol.Path, carol.Groups.Single().GroupId));
    }

    [Fact]
    public async Task A02_newcomers_never_get_into_a_group_that_may_do_everything()
    {
        await using var host = await SignInHost.StartAsync();
        var (outer, inner) = (new Group { Id = Guid.CreateVersion7(), Number = 7, Name = "outer", IsSuperuser = true }, new Group { Id = Guid.CreateVersion7(), Number = 8, Name = "inner" });
        await host.ChangeAsync(db =>
        {
            db.Groups.AddRange(outer, inner);
            db.GroupParents.Add(new GroupParent { ChildId = inner.Id, ParentId = outer.Id });
            Laid.Enrolment(db, write: $$"""{"create_users_group":"{{inner.Id}}"}""");
            return Task.CompletedTask;
        });
        using var browser = host.Browser();

        var end = await browser.Flow("enrol").AnswerAsync(Laid.Newcomer("carol"));

        Assert.Equal("ak-stage-access-denied", end.Component);
        Assert.Null(await host.UserAsync("carol"));
    }

    [Fact]
    public async Task Twenty_equal_answers_at_once_make_one_user()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { Laid.Enrolment(db); return Task.CompletedTask; });
        using var browser = host.Browser();
        await browser.Flow("enrol").ShowAsync();
        Browser[] copies = [.. Enumerable.Range(0, 20).Select(_ => browser.Copy())];

        var answers = await Task.WhenAll(copies.Select(c => c.Flow("enrol").PostAsync(Laid.Newcomer("carol"))));

        Assert.All(answers, a => Assert.True((int)a.StatusCode < 500 || a.StatusCode == HttpStatusCode.ServiceUnavailable, $"{a.StatusCode}"));
        Assert.Equal(1, await host.ReadAsync(db => db.Users.CountAsync(u => u.Username == "carol", TestContext.Current.CancellationToken)));
        Array.ForEach(answers, a => a.Dispose());
        Array.ForEach(copies, c => c.Dispose());
    }

    [Fact]
    public async Task Row_32_an_invitation_works_once_and_fixes_what_it_says()
    {
        await using var host = await SignInHost.StartAsync();
        var id = await InviteAsync(host, """{"email":"boss@example.com","attributes.team":"blue","is_superuser":true,"groups":["authentik Admins"]}""", isSingleUse: true);
        using var browser = host.Browser();
        using var other = host.Browser();
        var (first, second) = (browser.Flow("enrol", $"itoken={id}"), other.Flow("enrol", $"itoken={id}"));

        var asked = await first.ShowAsync();
        Assert.Equal("boss@example.com", asked.Json.GetProperty("fields").EnumerateArray().Single(f => f.GetProperty("field_key").GetString() == "email").GetProperty("initial_value").GetString());
        Assert.Equal("ak-stage-prompt", (await second.ShowAsync()).Component);
        Assert.Equal("xak-flow-redirect", (await first.AnswerAsync(Laid.Newcomer("carol", "mine@evil.example"))).Component);

        var carol = (await host.UserAsync("carol"))!; // fails below otherwise
        Assert.Equal(("boss@example.com", """{"team":"blue"}""", 0), (carol.Email, carol.AttributesJson, carol.Groups.Count));
        Assert.Equal("ak-stage-access-denied", (await second.AnswerAsync(Laid.Newcomer("dave"))).Component);
        Assert.Null(await host.UserAsync("dave"));
        using var third = host.Browser();
        Assert.Equal("ak-stage-access-denied", (await third.Flow("enrol", $"itoken={id}").ShowAsync()).Component);
        Assert.Contains(host.Events.All, e => e.Action == EventActions.InvitationUsed);
    }

    [Fact]
    public async Task U07_an_invitation_that_changes_an_account_is_used_up_too()
    {
        await using var host = await SignInHost.StartAsync();
        var id = await InviteAsync(host, """{"attributes.team":"blue"}""", isSingleUse: true);
        await host.ChangeAsync(db =>
        {
            SignInHost.Add(db, "join", "stage_configuration", "require_authenticated", "Join", (StageType.Invitation, "{}"), (StageType.UserWrite, """{"user_creation_mode":"never_create"}"""));
            return Task.CompletedTask;
        });
        await host.ChangeAsync(db => db.Invitations.ExecuteUpdateAsync(i => i.SetProperty(x => x.FlowId, (Guid?)null), TestContext.Current.CancellationToken));
        using var alice = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");

        Assert.Equal("xak-flow-redirect", (await alice.Flow("join", $"itoken={id}").ShowAsync()).Component);
        Assert.Equal("""{"team":"blue"}""", (await host.UserAsync("alice"))!.AttributesJson); // seeded
        Assert.Equal("ak-stage-access-denied", (await bob.Flow("join", $"itoken={id}").ShowAsync()).Component);
        Assert.Equal("{}", (await host.UserAsync("bob"))!.AttributesJson); // seeded
        Assert.Contains(host.Events.All, e => e.Action == EventActions.InvitationUsed);
    }

    [Theory]
    [InlineData("client", "alice@example.com")]
    [InlineData("alice@example.com", "c@example.com")]
    public async Task U08_who_enrols_with_the_address_of_somebody_as_name_or_address_keeps_nobody_out(string name, string address)
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { Laid.Enrolment(db); return Task.CompletedTask; });
        using var browser = host.Browser();
        Assert.Equal("xak-flow-redirect", (await browser.Flow("enrol").AnswerAsync(Laid.Newcomer(name, address))).Component);

        using var other = host.Browser();
        var login = other.Flow("default-authentication-flow");
        await login.AnswerAsync(("uid_field", "alice@example.com"));
        Assert.Equal("xak-flow-redirect", (await login.AnswerAsync(("component", "ak-stage-password"), ("password", SignInHost.Password))).Component);
        Assert.Equal("alice", await host.ReadAsync(db => db.AuthenticatedSessions.OrderByDescending(s => s.Uuid).Join(db.Users, s => s.UserId, u => u.Id, (s, u) => u.Username).FirstAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task A_name_that_is_the_shared_address_of_others_is_still_a_name()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => db.Users.Where(u => u.Username == "alice" || u.Username == "bob").ExecuteUpdateAsync(u => u.SetProperty(x => x.Email, "team@example.com"), TestContext.Current.CancellationToken));
        await host.ChangeAsync(db => { Laid.Enrolment(db); return Task.CompletedTask; });
        using var browser = host.Browser();
        Assert.Equal("xak-flow-redirect", (await browser.Flow("enrol").AnswerAsync(Laid.Newcomer("team@example.com"))).Component);

        using var other = host.Browser();
        var login = other.Flow("default-authentication-flow");
        await login.AnswerAsync(("uid_field", "team@example.com"));
        Assert.Equal("xak-flow-redirect", (await login.AnswerAsync(("component", "ak-stage-password"), ("password", Laid.NewPassword))).Component);
    }

    [Fact]
    public async Task Q20_the_names_of_machines_are_nobodys_to_choose()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { Laid.Enrolment(db); return Task.CompletedTask; });
        using var browser = host.Browser();
        Assert.Equal("ak-stage-prompt", (await browser.Flow("enrol").AnswerAsync(Laid.Newcomer("AK-wiki-client_credentials"))).Component);
    }

    [Fact]
    public async Task A_try_that_fails_burns_no_invitation()
    {
        await using var host = await SignInHost.StartAsync();
        var id = await InviteAsync(host, "{}", isSingleUse: true);
        using var browser = host.Browser();

        await browser.Flow("enrol", $"itoken={id}").AnswerAsync(Laid.Newcomer("alice"));
        var end = await browser.Flow("enrol", $"itoken={id}").AnswerAsync(Laid.Newcomer("carol"));

        Assert.Equal("xak-flow-redirect", end.Component);
    }

    [Fact]
    public async Task U07_and_S10_an_invitation_of_another_flow_an_expired_or_a_made_up_one_is_refused()
    {
        await using var host = await SignInHost.StartAsync();
        var id = await InviteAsync(host, "{}", isSingleUse: false, end: host.Clock.GetUtcNow().AddHours(1));
        await host.ChangeAsync(db => { Laid.Enrolment(db, "other", before: (StageType.Invitation, "{}")); return Task.CompletedTask; });
        using var browser = host.Browser();

        Assert.Equal("ak-stage-prompt", (await browser.Flow("enrol", $"itoken={id}").ShowAsync()).Component);
        foreach (var (slug, query) in new[] { ("other", $"itoken={id}"), ("enrol", ""), ("enrol", $"itoken={Guid.CreateVersion7()}"), ("enrol", $"itoken={id}&itoken={id}"), ("enrol", "itoken=%00") })
        {
            Assert.Equal("ak-stage-access-denied", (await browser.Flow(slug, query).ShowAsync()).Component);
        }

        // Opened in time, answered too late; nothing has cleaned up in between.
        host.Clock.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1));
        Assert.Equal("ak-stage-access-denied", (await browser.Flow("enrol", $"itoken={id}").AnswerAsync(Laid.Newcomer("carol"))).Component);
        Assert.Null(await host.UserAsync("carol"));
    }

    [Fact]
    public async Task Without_an_invitation_a_flow_goes_on_only_where_the_stage_says_so()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { Laid.Enrolment(db, before: (StageType.Invitation, """{"continue_flow_without_invitation":true}""")); return Task.CompletedTask; });
        using var browser = host.Browser();

        Assert.Equal("xak-flow-redirect", (await browser.Flow("enrol").AnswerAsync(Laid.Newcomer("carol"))).Component);
    }

    private static async Task<Guid> InviteAsync(SignInHost host, string fixedData, bool isSingleUse, DateTimeOffset? end = null)
    {
        var id = Guid.CreateVersion7();
        await host.ChangeAsync(async db =>
        {
            Laid.Enrolment(db, before: (StageType.Invitation, "{}"));
            var flow = db.ChangeTracker.Entries<Flow>().Select(e => e.Entity).Single(f => f.Slug == "enrol");
            var alice = await db.Users.SingleAsync(u => u.Username == "alice", TestContext.Current.CancellationToken);
            db.Invitations.Add(new Invitation { Id = id, Name = "i", FixedDataJson = fixedData, IsSingleUse = isSingleUse, ExpiresAt = end, FlowId = flow.Id, CreatedById = alice.Id, CreatedAt = host.Clock.GetUtcNow() });
        });
        return id;
    }
}
