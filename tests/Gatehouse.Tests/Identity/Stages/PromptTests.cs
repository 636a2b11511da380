using Gatehouse.Model.Flows;
using Gatehouse.Model.Prompts;
using Gatehouse.Model.Users;
using Gatehouse.Store.Seeds;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Stages;

/// <summary>What prompts take, and what they refuse.</summary>
public class PromptTests
{
    [Theory]
    [InlineData("color:dropdown", "red", null)]
    [InlineData("color:dropdown", "green", "invalid")]
    [InlineData("mail:email", "Ada@Example.com", null)]
    [InlineData("mail:email", "a@evil.com@good.com", "invalid")]
    [InlineData("mail:email", "nobody", "invalid")]
    [InlineData("age:number", "42", null)]
    [InlineData("age:number", "-1.5", null)]
    [InlineData("age:number", "1e9999", "invalid")]
    [InlineData("age:number", "NaN", "invalid")]
    [InlineData("day:date", "2026-02-28", null)]
    [InlineData("day:date", "2026-02-30", "invalid")]
    [InlineData("at:date-time", "2026-02-28T10:00", null)]
    [InlineData("at:date-time", "soon", "invalid")]
    [InlineData("who:username", "fresh", null)]
    [InlineData("who:username", "Alice", "invalid")]
    [InlineData("who:username", "admın", "invalid")]
    [InlineData("lang:ak-locale", "de-AT", null)]
    [InlineData("lang:ak-locale", "<script>", "invalid")]
    [InlineData("paper:file", "data:text/plain;base64,QQ==", null)]
    [InlineData("paper:file", "javascript:alert(1)", "invalid")]
    [InlineData("note:text", "", "blank")]
    [InlineData("note:text?", "", null)]
    [InlineData("note:text", "   ", "blank")]
    [InlineData("note:text", "a\0b", "invalid")]
    [InlineData("agree:checkbox", "yes", "invalid")]
    public async Task Each_type_is_checked(string field, string answer, string? fault)
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { SignInHost.Add(db, "ask", "stage_configuration", "none", "Ask", (StageType.Prompt, Laid.Prompt(db, field))); return Task.CompletedTask; });
        using var browser = host.Browser();
        var key = field.Split(':')[0];

        var seen = await browser.Flow("ask").AnswerAsync(("component", "ak-stage-prompt"), (key, answer));

        Assert.Equal(fault is null ? "xak-flow-redirect" : "ak-stage-prompt", seen.Component);
        Assert.Equal(fault, fault is null ? null : seen.FaultCode(key));
    }

    [Theory]
    [InlineData("qwertyuiop12", false)]
    [InlineData("password1234", false)]
    [InlineData("granite lantern oboe", true)]
    public async Task The_shipped_flow_that_changes_a_password_refuses_a_weak_one(string password, bool expected)
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            SelfServiceSeeds.Add(db, host.Clock.GetUtcNow());
            return Task.CompletedTask;
        });
        using var alice = await host.SignedInAsync();
        var flow = alice.Flow("default-password-change");
        Assert.Equal("ak-stage-prompt", (await flow.ShowAsync()).Component);

        var end = await flow.AnswerAsync(("component", "ak-stage-prompt"), ("password", password), ("password_repeat", password));

        Assert.Equal(expected ? "xak-flow-redirect" : "ak-stage-prompt", end.Component);
        Assert.Equal(!expected, end.HasFaults);
        Assert.Equal(expected, PasswordHash.Verify(password, (await host.UserAsync("alice"))!.PasswordHash!)); // seeded with one
    }

    [Fact]
    public async Task Two_passwords_must_match_and_follow_the_rule()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { Laid.Enrolment(db); return Task.CompletedTask; });
        using var browser = host.Browser();
        var flow = browser.Flow("enrol");

        var differ = await flow.AnswerAsync(("component", "ak-stage-prompt"), ("username", "carol"), ("password", "one two three"), ("password_repeat", "three two one"));
        var weak = await flow.AnswerAsync(("component", "ak-stage-prompt"), ("username", "carol"), ("password", "short"), ("password_repeat", "short"));
        var own = await flow.AnswerAsync(("component", "ak-stage-prompt"), ("username", "carolcarol"), ("password", "carolcarol"), ("password_repeat", "carolcarol"));
        var none = await flow.AnswerAsync(("component", "ak-stage-prompt"), ("username", "carol"), ("password", "a whole new phrase"));

        Assert.Equal("Passwords don't match.", differ.FaultText("password_repeat"));
        Assert.Contains("at least 10", weak.FaultText("password"), StringComparison.Ordinal);
        Assert.Contains("other than your name", own.FaultText("password"), StringComparison.Ordinal);
        Assert.Equal("required", none.FaultCode("password_repeat"));
        Assert.Null(await host.UserAsync("carol"));
    }

    [Fact]
    public async Task What_people_chose_as_password_is_never_in_a_stored_run()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            SignInHost.Add(db, "ask", "enrollment", "none", "Ask",
                (StageType.Prompt, Laid.Prompt(db, "password:password", "password_repeat:password")), (StageType.Dummy, "{}"));
            return Task.CompletedTask;
        });
        using var browser = host.Browser();

        var seen = await browser.Flow("ask").AnswerAsync(("component", "ak-stage-prompt"), ("password", Laid.NewPassword), ("password_repeat", Laid.NewPassword));

        Assert.Equal("ak-stage-dummy", seen.Component);
        var kept = await host.ReadAsync(db => db.FlowPlans.Select(p => p.StateJson).SingleAsync(TestContext.Current.CancellationToken));
        Assert.DoesNotContain(Laid.NewPassword, kept, StringComparison.Ordinal);
        Assert.Contains("pbkdf2_sha512$", kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_only_and_hidden_fields_keep_what_the_server_gave_them()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            Laid.Enrolment(db, "enrol", """{"user_type":"internal"}""");
            var stage = db.ChangeTracker.Entries<Stage>().Select(e => e.Entity).First(s => s.Type == StageType.Prompt);
            var hidden = new PromptField { Id = Guid.CreateVersion7(), Name = "h", FieldKey = "attributes.tier", Label = "tier", Type = "hidden", InitialValue = "free" };
            db.PromptFields.Add(hidden);
            stage.SettingsJson = stage.SettingsJson.Replace("]", $",\"{hidden.Id}\"]", StringComparison.Ordinal);
            await Task.CompletedTask;
        });
        using var browser = host.Browser();

        await browser.Flow("enrol").AnswerAsync([.. Laid.Newcomer("carol"), ("attributes.tier", "gold"), ("attributes.role", "boss"), ("is_superuser", "true")]);

        Assert.Equal("""{"tier":"free"}""", (await host.UserAsync("carol"))!.AttributesJson); // made above
    }

    [Theory]
    [InlineData("return user.email", "alice@example.com")]
    [InlineData("try:\n    return user.username\nexcept:\n    return ''", "alice")]
    [InlineData("return user.attributes.get(\"settings.locale\", \"en\")", "de")]
    [InlineData("return user.attributes.get('missing', 'x')", "x")]
    [InlineData("return \"fixed\"", "fixed")]
    public void Known_expressions_are_read(string text, string expected)
    {
        var user = new User { Uuid = Guid.CreateVersion7(), Username = "alice", UsernameKey = "alice", Email = "alice@example.com", AttributesJson = """{"settings":{"locale":"de"}}""" };

        Assert.Equal(expected, PromptExpression.Read(text)!.TextFor(user)); // known
    }

    [Theory]
    [InlineData("import os")]
    [InlineData("return user.password_hash")]
    [InlineData("return open('/etc/passwd').read()")]
    [InlineData("return user.email; import os")]
    [InlineData("return [\"a\"")]
    public void Any_other_expression_is_not(string text) => Assert.Null(PromptExpression.Read(text));
}
