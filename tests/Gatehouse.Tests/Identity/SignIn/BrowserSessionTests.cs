using System.Net;
using Gatehouse.Model.Events;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>What makes a browser signed in, and what ends it.</summary>
public class BrowserSessionTests
{
    private const string Login = "default-authentication-flow";

    [Fact]
    public async Task S01_the_session_gets_a_new_id_at_sign_in_and_at_each_further_one()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        await browser.Flow(Login).ShowAsync();
        using var planted = browser.Copy();

        await browser.Flow(Login).AnswerAsync(("uid_field", "alice"));
        await browser.Flow(Login).AnswerAsync(("password", SignInHost.Password));
        using var first = browser.Copy();
        await browser.Flow(Login, "prompt=login").AnswerAsync(("uid_field", "alice"));
        await browser.Flow(Login, "prompt=login").AnswerAsync(("password", SignInHost.Password));

        Assert.Equal(3, new[] { planted.Session, first.Session, browser.Session }.Distinct().Count());
        Assert.False(await IsSignedInAsync(planted));
        Assert.False(await IsSignedInAsync(first));
        Assert.True(await IsSignedInAsync(browser));
    }

    [Fact]
    public async Task S01_a_token_that_the_browser_chose_itself_is_not_kept()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        browser.Cookies["__Host-authentik_session"] = new string('a', 64);

        await browser.Flow(Login).AnswerAsync(("uid_field", "alice"));
        await browser.Flow(Login).AnswerAsync(("password", SignInHost.Password));

        Assert.NotEqual(new string('a', 64), browser.Session);
        Assert.True(await IsSignedInAsync(browser));
    }

    [Theory]
    [InlineData("demoted")]
    [InlineData("turned off")]
    public async Task S09_impersonation_ends_with_the_right_to_it(string how)
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var admins = Guid.CreateVersion7();
        await host.ChangeAsync(async db =>
        {
            var alice = await db.Users.SingleAsync(u => u.Username == "alice", TestContext.Current.CancellationToken);
            db.Groups.Add(new Gatehouse.Model.Users.Group { Id = admins, Number = 1, Name = "admins", IsSuperuser = true, Members = [new Gatehouse.Model.Users.GroupMember { GroupId = admins, UserId = alice.Id }] });
            (await db.AuthenticatedSessions.SingleAsync(TestContext.Current.CancellationToken)).ImpersonatedUserId = (await db.Users.SingleAsync(u => u.Username == "bob", TestContext.Current.CancellationToken)).Id;
        });
        Assert.Contains("bob", await PageAsync(), StringComparison.Ordinal);

        await (how == "demoted"
            ? host.ChangeAsync(db => db.GroupMembers.ExecuteDeleteAsync(TestContext.Current.CancellationToken))
            : Task.CompletedTask);
        host.Settings.Swap(new Gatehouse.Model.Settings.SystemSettings { AllowsImpersonation = how == "demoted" });

        var page = await PageAsync();
        Assert.DoesNotContain("bob", page, StringComparison.Ordinal);
        Assert.Contains("alice", page, StringComparison.Ordinal);
        Assert.Null(await host.ReadAsync(db => db.AuthenticatedSessions.Select(s => s.ImpersonatedUserId).SingleAsync(TestContext.Current.CancellationToken)));
        Assert.Contains("alice", await PageAsync(), StringComparison.Ordinal);
        var told = await host.ReadAsync(db => db.Events.SingleAsync(e => e.Action == Gatehouse.Model.Events.EventActions.ImpersonationEnded, TestContext.Current.CancellationToken));
        Assert.Equal("alice", told.Username);
        Assert.Contains("\"bob\"", told.OnBehalfOfJson, StringComparison.Ordinal);

        async Task<string> PageAsync()
        {
            using var answer = await browser.GetAsync("/if/user/");
            return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Q42_the_cookie_is_written_once_for_the_whole_host_and_out_of_reach_of_scripts()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        using var response = await browser.GetAsync(browser.Flow(Login).Path);

        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"), c => c.StartsWith("__Host-authentik_session=", StringComparison.Ordinal));

        Assert.Contains("; path=/; secure; samesite=lax; httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("domain", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("max-age", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("__Host-%61uthentik_session={0}")]
    [InlineData("\u2000__Host-authentik_session={0}")]
    [InlineData("a=b;\t__Host-authentik_session={0}")]
    [InlineData("__HOST-AUTHENTIK_SESSION={0}")]
    [InlineData("=__Host-authentik_session={0}")]
    [InlineData("x=1,__Host-authentik_session={0}")]
    [InlineData("$Version=1; __Host-authentik_session={0}")]
    [InlineData("$Version=1,__Host-authentik_session={0}")]
    [InlineData("__Host-authentik_session={0}; __Host-authentik_session=" + "0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("__Host-authentik_session=0; __Host-authentik_session={0}")]
    [InlineData("__Host-authentik_session=\"{0}\"")]
    [InlineData("__Host-authentik_session={0}x")]
    [InlineData("authentik_session={0}")]
    [InlineData("__Host-authentik_session={0},x")]
    public async Task S05_Q43_other_spellings_of_the_cookie_are_no_session(string header)
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var token = browser.Session!; // signed in

        using var refused = await browser.GetAsync("/if/user/", ("Cookie", header.Replace("{0}", token, StringComparison.Ordinal)));
        using var served = await browser.GetAsync("/if/user/", ("Cookie", $"a=b; __Host-authentik_session={token}; c=d"));

        Assert.Equal((HttpStatusCode.Found, HttpStatusCode.OK), (refused.StatusCode, served.StatusCode));
    }

    [Fact]
    public async Task S18_a_session_with_one_character_changed_is_none_and_all_of_them_look_alike()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var token = browser.Session!; // signed in
        var answers = new HashSet<(HttpStatusCode, string?, string)>();
        foreach (var forged in Enumerable.Range(0, token.Length).Select(i => token[..i] + (token[i] == '0' ? '1' : '0') + token[(i + 1)..]).Append("").Append(token[..^1]))
        {
            using var answer = await browser.GetAsync("/if/user/", ("Cookie", $"__Host-authentik_session={forged}"));
            answers.Add((answer.StatusCode, answer.Headers.Location?.ToString(), await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        }

        Assert.Equal(HttpStatusCode.Found, Assert.Single(answers).Item1);
    }

    [Fact]
    public async Task S07_signing_out_ends_the_session_and_what_was_granted_in_it()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();
        await GrantAsync(host);
        using var stolen = browser.Copy();

        var end = await browser.Flow("default-invalidation-flow").ShowAsync();

        Assert.Equal("ak-stage-session-end", end.Component);
        Assert.Null(browser.Session);
        Assert.False(await IsSignedInAsync(stolen));
        Assert.Equal(host.Clock.GetUtcNow(), (await GrantsAsync(host)).Single().RevokedAt!.Value, TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task Signing_out_without_a_session_only_leads_on()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();

        Assert.Equal("/x", (await browser.Flow("default-invalidation-flow", "next=/x").ShowAsync()).Text("to"));
    }

    [Fact]
    public async Task Signing_in_again_keeps_the_public_id_and_the_grants()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();
        await GrantAsync(host);
        var before = await host.ReadAsync(db => db.AuthenticatedSessions.SingleAsync(TestContext.Current.CancellationToken));

        host.Clock.Advance(TimeSpan.FromMinutes(5));
        await browser.Flow(Login, "prompt=login").AnswerAsync(("uid_field", "alice"));
        await browser.Flow(Login, "prompt=login").AnswerAsync(("password", SignInHost.Password));

        var after = await host.ReadAsync(db => db.AuthenticatedSessions.SingleAsync(TestContext.Current.CancellationToken));
        Assert.Equal(before.Uuid, after.Uuid);
        Assert.NotEqual(before.Id, after.Id);
        Assert.True(after.AuthenticatedAt > before.AuthenticatedAt);
        Assert.Equal((after.Id, null), (await GrantsAsync(host)).Select(g => (g.SessionId, g.RevokedAt)).Single());
    }

    [Fact]
    public async Task Signing_in_as_somebody_else_ends_what_the_first_one_granted()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();
        await GrantAsync(host);

        await browser.Flow(Login, "prompt=login").AnswerAsync(("uid_field", "bob"));
        await browser.Flow(Login, "prompt=login").AnswerAsync(("password", SignInHost.Password));

        Assert.NotNull((await GrantsAsync(host)).Single().RevokedAt);
        var session = await host.ReadAsync(db => db.AuthenticatedSessions.SingleAsync(TestContext.Current.CancellationToken));
        Assert.Equal("bob", await host.ReadAsync(db => db.Users.Where(u => u.Id == session.UserId).Select(u => u.Username).SingleAsync(TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("a")]
    [InlineData("::")]
    [InlineData("10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1")]
    public async Task H05_a_spoofed_address_is_in_no_event(string forwardedFor)
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        browser.Headers["X-Forwarded-For"] = forwardedFor;
        browser.Headers["Forwarded"] = "for=10.0.0.1";
        browser.Headers["X-Real-IP"] = "10.0.0.1";
        var flow = browser.Flow("default-authentication-flow");
        await flow.AnswerAsync(("uid_field", "alice"));

        await flow.AnswerAsync(("password", "not it"));
        await flow.AnswerAsync(("password", SignInHost.Password));

        Assert.Contains(host.Events.All, e => e.Action == EventActions.Login);
        Assert.Contains(host.Events.All, e => e.Action == EventActions.LoginFailed);
        Assert.All(host.Events.All, e => Assert.Equal("127.0.0.1", e.ClientIp));
    }

    [Fact]
    public async Task S08_a_deactivated_user_is_not_signed_in()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();

        await host.ChangeAsync(async db => (await db.Users.SingleAsync(u => u.Username == "alice")).IsActive = false);

        Assert.False(await IsSignedInAsync(browser));
    }

    [Fact]
    public async Task A_user_deactivated_between_name_and_password_does_not_get_in()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        await browser.Flow(Login).AnswerAsync(("uid_field", "alice"));

        await host.ChangeAsync(async db => (await db.Users.SingleAsync(u => u.Username == "alice")).IsActive = false);

        Assert.Equal("ak-stage-access-denied", (await browser.Flow(Login).AnswerAsync(("password", SignInHost.Password))).Component);
    }

    [Fact]
    public async Task S10_a_session_ends_a_day_after_its_last_use_with_the_sweeper_stopped()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();

        host.Clock.Advance(TimeSpan.FromHours(23));
        Assert.True(await IsSignedInAsync(browser));
        host.Clock.Advance(TimeSpan.FromHours(23));
        Assert.True(await IsSignedInAsync(browser));
        host.Clock.Advance(TimeSpan.FromHours(24));
        Assert.False(await IsSignedInAsync(browser));
    }

    [Fact]
    public async Task A_session_of_a_set_length_does_not_slide()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
            (await db.Stages.SingleAsync(s => s.Name == Login + " 2")).SettingsJson = """{"session_duration":"hours=36","terminate_other_sessions":true}""");
        using var other = await host.SignedInAsync();
        using var browser = await host.SignedInAsync();

        Assert.False(await IsSignedInAsync(other));
        host.Clock.Advance(TimeSpan.FromHours(35));
        Assert.True(await IsSignedInAsync(browser));
        host.Clock.Advance(TimeSpan.FromHours(1));
        Assert.False(await IsSignedInAsync(browser));
    }

    private static async Task<bool> IsSignedInAsync(Browser browser)
    {
        using var page = await browser.GetAsync("/if/user/");
        return page.StatusCode == HttpStatusCode.OK;
    }

    private static Task<List<OAuthGrant>> GrantsAsync(SignInHost host) => host.ReadAsync(db => db.Grants.ToListAsync(TestContext.Current.CancellationToken));

    private static Task GrantAsync(SignInHost host) => host.ChangeAsync(async db =>
    {
        var session = await db.AuthenticatedSessions.SingleAsync();
        var flow = await db.Flows.FirstAsync();
        var provider = new OAuth2Provider
        {
            Name = "p",
            ClientId = "p",
            SealedClientSecret = [1],
            RedirectUris = [],
            AuthorizationFlowId = flow.Id,
            InvalidationFlowId = flow.Id,
        };
        db.Providers.Add(provider);
        await db.SaveChangesAsync();
        db.Grants.Add(new OAuthGrant
        {
            Id = Guid.CreateVersion7(),
            ProviderId = provider.Id,
            UserId = session.UserId,
            SessionId = session.Id,
            Scopes = ["openid"],
            AuthenticatedAt = session.AuthenticatedAt,
            CreatedAt = session.AuthenticatedAt,
            ExpiresAt = session.AuthenticatedAt.AddDays(30),
        });
    });
}
