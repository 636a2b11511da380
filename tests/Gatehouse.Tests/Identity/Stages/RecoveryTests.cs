using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Users;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Stages;

/// <summary>How a forgotten password is set anew, and by nobody else.</summary>
public class RecoveryTests
{
    private const string Flow = "default-recovery-flow";

    private static readonly (string, string)[] Chosen = [("component", "ak-stage-prompt"), ("password", Laid.NewPassword), ("password_repeat", Laid.NewPassword)];

    [Fact]
    public async Task A_link_by_mail_lets_its_reader_set_the_password_once()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            Laid.Recovery(db);
            (await db.Users.SingleAsync(u => u.Username == "alice", TestContext.Current.CancellationToken)).IsEmailUnproven = true;
        });
        using var old = await host.SignedInAsync();
        using var browser = host.Browser();
        using var elsewhere = host.Browser();

        var waiting = await browser.Flow(Flow, "next=/x").AnswerAsync(("uid_field", "alice"));
        Assert.Equal(("ak-stage-email", "email-sent"), (waiting.Component, waiting.FaultCode("non_field_errors")));
        var mail = await host.Mail.NextAsync();
        Assert.Equal(("alice@example.com", "Password reset"), (mail.To, mail.Subject));

        var query = Laid.QueryOf(mail.Text);
        var asked = await elsewhere.Flow(Flow, query).ShowAsync();
        Assert.Equal("ak-stage-prompt", asked.Component);
        Assert.False((await host.UserAsync("alice"))!.IsEmailUnproven); // U08: it was read there
        var end = await elsewhere.Flow(Flow, query).AnswerAsync(Chosen);

        Assert.Equal(("xak-flow-redirect", "/x"), (end.Component, end.Text("to")));
        Assert.True(PasswordHash.Verify(Laid.NewPassword, (await host.UserAsync("alice"))!.PasswordHash!)); // set above
        Assert.Equal(0, await host.ReadAsync(db => db.AuthenticatedSessions.CountAsync(TestContext.Current.CancellationToken))); // M05: neither the old session nor a new one without the second factor
        using var again = host.Browser();
        Assert.Equal("ak-stage-access-denied", (await again.Flow(Flow, query).ShowAsync()).Component);
        Assert.Equal("ak-stage-access-denied", (await elsewhere.Flow(Flow, query).ShowAsync()).Component);
        Assert.Contains(host.Events.All, e => e.Action == EventActions.PasswordSet);
    }

    [Theory]
    [InlineData("Host", "evil.test")]
    [InlineData("X-Forwarded-Host", "evil.test")]
    [InlineData("Forwarded", "host=evil.test;proto=http")]
    [InlineData("X-Forwarded-Proto", "http")]
    [InlineData("X-Original-Host", "evil.test")]
    public async Task H06_the_link_by_mail_leads_to_our_own_address_whatever_the_request_says(string header, string value)
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { Laid.Recovery(db); return Task.CompletedTask; });
        using var browser = host.Browser();
        browser.Headers[header] = value;

        Assert.Equal("ak-stage-email", (await browser.Flow(Flow).AnswerAsync(("uid_field", "alice"))).Component);

        var mail = await host.Mail.NextAsync();
        Assert.Contains(host.Urls.Identity + "/if/flow/" + Flow, mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("evil.test", mail.Text + mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("http:", mail.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task U01_a_name_that_nobody_has_gets_the_same_answer_and_no_mail()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { Laid.Recovery(db); return Task.CompletedTask; });

        var texts = new List<string>();
        foreach (var name in new[] { "alice", "noone", "gone", "robot", "bob" })
        {
            using var browser = host.Browser();
            var seen = await browser.Flow(Flow).AnswerAsync(("uid_field", name));
            texts.Add(seen.Json.GetRawText().Replace(name, "NAME", StringComparison.Ordinal));
        }

        await host.Mail.NextAsync();
        Assert.Single(texts.Distinct());
        Assert.Equal(["alice@example.com"], host.Mail.Sent.Select(m => m.To)); // bob has no address, gone is inactive, robot no person
    }

    [Fact]
    public async Task M12_row_33_nothing_but_the_link_advances_an_email_stage()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { Laid.Recovery(db); return Task.CompletedTask; });
        using var browser = host.Browser();
        var flow = browser.Flow(Flow);
        await flow.AnswerAsync(("uid_field", "alice"));

        foreach (var answer in new (string, string)[][] { [], [("component", "ak-stage-email")], [("component", "ak-stage-email"), ("token", "x")], [("password", Laid.NewPassword)] })
        {
            Assert.Equal("ak-stage-email", (await flow.AnswerAsync(answer)).Component);
        }
    }

    [Fact]
    public async Task M13_a_link_is_for_its_reader_whatever_name_is_sent_with_it()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { Laid.Recovery(db); return Task.CompletedTask; });
        using var browser = host.Browser();
        await browser.Flow(Flow).AnswerAsync(("uid_field", "alice"));
        var query = Laid.QueryOf((await host.Mail.NextAsync()).Text);
        var flow = browser.Flow(Flow, query);
        await flow.ShowAsync();

        await flow.AnswerAsync(("component", "ak-stage-identification"), ("uid_field", "bob"));
        await browser.Flow(Flow).AnswerAsync(("uid_field", "bob")); // the same flow once more in the same browser, for somebody else
        await flow.AnswerAsync([.. Chosen, ("uid_field", "bob"), ("username", "bob"), ("pending_user", "bob"), ("user", "2")]);

        Assert.True(PasswordHash.Verify(SignInHost.Password, (await host.UserAsync("bob"))!.PasswordHash!)); // set by the host
        Assert.True(PasswordHash.Verify(Laid.NewPassword, (await host.UserAsync("alice"))!.PasswordHash!));
    }

    [Fact]
    public async Task One_person_gets_five_messages_in_five_minutes_and_more_later()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            Laid.Recovery(db);
            db.Users.Add(SignInHost.A("last", email: "last@example.com"));
            return Task.CompletedTask;
        });
        foreach (var name in Enumerable.Repeat("alice", 9).Append("last"))
        {
            using var browser = host.Browser();
            Assert.Equal("ak-stage-email", (await browser.Flow(Flow).AnswerAsync(("uid_field", name))).Component);
        }

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("alice@example.com", (await host.Mail.NextAsync()).To);
        }

        Assert.Equal("last@example.com", (await host.Mail.NextAsync()).To); // one after the other: the other four were turned down by now

        host.Clock.Advance(TimeSpan.FromMinutes(5));
        using var later = host.Browser();
        await later.Flow(Flow).AnswerAsync(("uid_field", "alice"));
        await host.Mail.NextAsync();

        Assert.Equal(6, host.Mail.Sent.Count(m => m.To == "alice@example.com"));
    }

    [Fact]
    public async Task Whoever_guessed_too_often_can_use_the_new_password_at_once()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { Laid.Recovery(db); return Task.CompletedTask; });
        using var browser = host.Browser();
        var guesses = browser.Flow("default-authentication-flow");
        await guesses.AnswerAsync(("uid_field", "alice"));
        for (var i = 0; i < 5; i++)
        {
            await guesses.AnswerAsync(("password", "wrong"));
        }

        await browser.Flow(Flow).AnswerAsync(("uid_field", "alice"));
        var query = Laid.QueryOf((await host.Mail.NextAsync()).Text);
        await browser.Flow(Flow, query).ShowAsync();
        Assert.Equal("xak-flow-redirect", (await browser.Flow(Flow, query).AnswerAsync(Chosen)).Component);
        using var anew = host.Browser();
        var login = anew.Flow("default-authentication-flow");
        await login.AnswerAsync(("uid_field", "alice"));

        Assert.Equal("xak-flow-redirect", (await login.AnswerAsync(("password", Laid.NewPassword))).Component);
    }

    [Fact]
    public async Task S10_a_link_dies_of_age_of_a_new_password_of_a_new_address_and_of_deactivation()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { Laid.Recovery(db); return Task.CompletedTask; });
        var deaths = new Func<Task>[]
        {
            () => { host.Clock.Advance(TimeSpan.FromMinutes(30)); return Task.CompletedTask; },
            () => ChangeAsync(host, u => u.PasswordHash = PasswordHash.Make("another one")),
            () => ChangeAsync(host, u => u.Email = "new@example.com"),
            () => ChangeAsync(host, u => (u.Email, u.IsActive) = ("alice@example.com", false)),
        };
        foreach (var die in deaths)
        {
            host.Clock.Advance(TimeSpan.FromMinutes(6));
            using var browser = host.Browser();
            await browser.Flow(Flow).AnswerAsync(("uid_field", "alice"));
            var query = Laid.QueryOf((await host.Mail.NextAsync()).Text);
            await die();

            using var reader = host.Browser();
            Assert.Equal("ak-stage-access-denied", (await reader.Flow(Flow, query).ShowAsync()).Component);
        }
    }

    [Fact]
    public async Task A_link_is_for_its_own_flow_and_only_its_hash_is_kept()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            Laid.Recovery(db);
            SignInHost.Add(db, "other", "recovery", "none", "Other", (StageType.Prompt, Laid.Prompt(db, "password:password")), (StageType.UserWrite, "{}"), (StageType.UserLogin, "{}"));
            return Task.CompletedTask;
        });
        using var browser = host.Browser();
        await browser.Flow(Flow).AnswerAsync(("uid_field", "alice"));
        var query = Laid.QueryOf((await host.Mail.NextAsync()).Text);

        using var reader = host.Browser();
        Assert.Equal("ak-stage-access-denied", (await reader.Flow("other", query).ShowAsync()).Component);

        var kept = await host.ReadAsync(db => db.FlowTokens.AsNoTracking().SingleAsync(TestContext.Current.CancellationToken));
        Assert.DoesNotContain(query["flow_token=".Length..], $"{kept.Hash} {kept.StateJson} {kept.Slot} {kept.PasswordMark}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_readers_at_once_one_goes_on()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { Laid.Recovery(db); return Task.CompletedTask; });
        using var browser = host.Browser();
        await browser.Flow(Flow).AnswerAsync(("uid_field", "alice"));
        var query = Laid.QueryOf((await host.Mail.NextAsync()).Text);
        Browser[] readers = [.. Enumerable.Range(0, 8).Select(_ => host.Browser())];

        var seen = await Task.WhenAll(readers.Select(r => r.Flow(Flow, query).ShowAsync()));

        Assert.Single(seen, s => s.Component == "ak-stage-prompt");
        Array.ForEach(readers, r => r.Dispose());
    }

    [Fact]
    public async Task A_flow_without_proof_writes_to_nobody_known()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            SignInHost.Add(db, "careless", "recovery", "none", "Careless",
                (StageType.Identification, "{}"), (StageType.Prompt, Laid.Prompt(db, "password:password")), (StageType.UserWrite, "{}"), (StageType.UserLogin, "{}"));
            return Task.CompletedTask;
        });
        using var browser = host.Browser();
        var flow = browser.Flow("careless");
        await flow.AnswerAsync(("uid_field", "alice"));

        var end = await flow.AnswerAsync(("component", "ak-stage-prompt"), ("password", Laid.NewPassword));

        Assert.Equal("ak-stage-access-denied", end.Component);
        Assert.Equal(SignInHost.PasswordKept, (await host.UserAsync("alice"))!.PasswordHash); // seeded
    }

    [Fact]
    public async Task An_address_is_confirmed_by_link_before_a_newcomer_may_sign_in()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            SignInHost.Add(db, "enrol", "enrollment", "none", "Join",
                (StageType.Prompt, Laid.Prompt(db, "username:username", "email:email", "password:password", "password_repeat:password")),
                (StageType.UserWrite, """{"create_users_as_inactive":true,"user_type":"internal"}"""),
                (StageType.Email, """{"use_global_settings":true,"activate_user_on_success":true,"template":"email/account_confirmation.html"}"""),
                (StageType.UserLogin, "{}"));
            return Task.CompletedTask;
        });
        using var browser = host.Browser();

        Assert.Equal("ak-stage-email", (await browser.Flow("enrol").AnswerAsync(Laid.Newcomer("carol", "carol@example.com"))).Component);
        Assert.False((await host.UserAsync("carol"))!.IsActive); // made above
        var query = Laid.QueryOf((await host.Mail.NextAsync()).Text);
        Assert.Equal("xak-flow-redirect", (await browser.Flow("enrol", query).ShowAsync()).Component);
        Assert.True((await host.UserAsync("carol"))!.IsActive); // made above
        Assert.NotNull((await host.UserAsync("carol"))!.LastLoginAt); // made above
    }

    [Fact]
    public async Task Mail_that_does_not_leave_is_an_event_and_the_page_says_the_same()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { Laid.Recovery(db); return Task.CompletedTask; });
        host.Mail.Fault = "mail.test:25 did not take it";
        using var browser = host.Browser();

        Assert.Equal("email-sent", (await browser.Flow(Flow).AnswerAsync(("uid_field", "alice"))).FaultCode("non_field_errors"));
        for (var i = 0; i < 200 && host.Events.All.IsEmpty; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TestContext.Current.CancellationToken);
        }

        Assert.Equal(EventActions.ConfigurationError, Assert.Single(host.Events.All).Action);
    }

    private static Task ChangeAsync(SignInHost host, Action<User> change) =>
        host.ChangeAsync(async db => change(await db.Users.SingleAsync(u => u.Username == "alice", TestContext.Current.CancellationToken)));
}
