using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>The executor's protocol: rows 26 to 29, 33 and 34 of the end-to-end checks, and what must not break it.</summary>
public class FlowExecutorTests
{
    private const string Login = "default-authentication-flow";

    [Fact]
    public async Task Row_26_identification_has_every_key_that_clients_require()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();

        var seen = await browser.Flow(Login, "next=/if/user/").ShowAsync();

        Assert.Equal("ak-stage-identification", seen.Component);
        Assert.Equal(["email", "username"], seen.Json.GetProperty("user_fields").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal("Log in", seen.Text("primary_action"));
        Assert.Equal("authentication", seen.Text("flow_designation"));
        foreach (var key in new[] { "password_fields", "show_source_labels", "sources", "enable_remember_me", "allow_show_password" })
        {
            Assert.True(seen.Json.TryGetProperty(key, out _), key);
        }

        var info = seen.Json.GetProperty("flow_info");
        Assert.Equal(["background", "cancel_url", "layout", "title"], info.EnumerateObject().Select(p => p.Name).Order());
        Assert.False(seen.HasFaults);
    }

    [Fact]
    public async Task A_fresh_look_writes_nothing()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();

        await browser.Flow(Login).ShowAsync();
        await browser.Flow(Login).AnswerAsync(("uid_field", ""));

        Assert.Equal(0, await host.ReadAsync(db => db.FlowPlans.CountAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task Row_27_a_name_leads_to_the_password_and_five_wrong_ones_to_the_end()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        var flow = browser.Flow(Login, "next=/if/user/");

        using var taken = await flow.PostAsync(("component", "ak-stage-identification"), ("uid_field", "alice"));
        Assert.Equal(HttpStatusCode.Found, taken.StatusCode);
        Assert.Equal(flow.Path, taken.Headers.Location!.OriginalString); // asserted by Equal
        var asked = await flow.ShowAsync();
        Assert.Equal(("ak-stage-password", "alice"), (asked.Component, asked.Text("pending_user")));
        Assert.NotEqual("", asked.Text("pending_user_avatar"));

        for (var i = 1; i < 5; i++)
        {
            var wrong = await flow.AnswerAsync(("component", "ak-stage-password"), ("password", "nope"));
            Assert.Equal((200, "ak-stage-password", "invalid"), (wrong.Status, wrong.Component, wrong.FaultCode("password")));
        }

        Assert.Equal("ak-stage-access-denied", (await flow.AnswerAsync(("password", "nope"))).Component);
        Assert.Equal("ak-stage-identification", (await flow.ShowAsync()).Component);
    }

    [Fact]
    public async Task Row_29_the_right_password_signs_in_and_leads_on()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        var flow = browser.Flow(Login, "next=/if/user/");

        await flow.AnswerAsync(("uid_field", "Alice@Example.com"));
        var end = await flow.AnswerAsync(("component", "ak-stage-password"), ("password", SignInHost.Password));

        Assert.Equal(("xak-flow-redirect", "/if/user/"), (end.Component, end.Text("to")));
        Assert.True(end.Json.GetProperty("final_redirect").GetBoolean());
        using var page = await browser.GetAsync("/if/user/");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var alice = await host.ReadAsync(db => db.Users.SingleAsync(u => u.Username == "alice", TestContext.Current.CancellationToken));
        Assert.Equal(host.Clock.GetUtcNow(), alice.LastLoginAt!.Value, TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task S11_an_unsafe_next_ends_the_flow_before_it_begins()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();

        foreach (var next in new[] { "https://evil", "//evil", "%2F%5Cevil", "%09//evil", "/%252f%255cevil", "next&next=/a" })
        {
            var seen = await browser.Flow(Login, $"next={next}").ShowAsync();
            Assert.Equal("ak-stage-access-denied", seen.Component);
            Assert.Equal("", seen.Text("pending_user"));
        }
    }

    [Fact]
    public async Task Row_33_M06_an_empty_answer_or_one_to_another_stage_never_advances()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        var flow = browser.Flow(Login);

        foreach (var _ in new[] { 1, 2 })
        {
            Assert.Equal("required", (await flow.AnswerAsync()).FaultCode("uid_field"));
        }

        Assert.Equal("invalid", (await flow.AnswerAsync(("component", "ak-stage-password"), ("uid_field", "alice"), ("password", SignInHost.Password))).FaultCode("component"));
        Assert.Equal("ak-stage-identification", (await flow.ShowAsync()).Component);
        await flow.AnswerAsync(("uid_field", "alice"));
        Assert.Equal("required", (await flow.AnswerAsync()).FaultCode("password"));
        Assert.Equal("blank", (await flow.AnswerAsync(("password", ""))).FaultCode("password"));
        Assert.Equal("invalid", (await flow.AnswerAsync(("component", "ak-stage-user-login"), ("password", SignInHost.Password))).FaultCode("component"));
        Assert.Equal("ak-stage-password", (await flow.ShowAsync()).Component);
    }

    [Fact]
    public async Task M06_a_finished_run_cannot_be_replayed()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        var flow = browser.Flow(Login);
        await flow.AnswerAsync(("uid_field", "alice"));
        using var before = browser.Copy();
        await flow.AnswerAsync(("password", SignInHost.Password));

        var replayed = await before.Flow(Login).AnswerAsync(("component", "ak-stage-password"), ("password", SignInHost.Password));

        Assert.Equal("ak-stage-identification", replayed.Component);
    }

    [Fact]
    public async Task A_step_is_taken_once_by_parallel_answers()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        await browser.Flow(Login).AnswerAsync(("uid_field", "alice"));
        Browser[] copies = [.. Enumerable.Range(0, 4).Select(_ => browser.Copy())]; // from the sixth on, guessing gets slow

        var answers = await Task.WhenAll(copies.Select(c => c.Flow(Login).PostAsync(("password", SignInHost.Password))));

        // The others were overtaken on the way (302), or came when the run was over (identification again).
        var shown = await Task.WhenAll(answers.Where(a => a.StatusCode == HttpStatusCode.OK).Select(Seen.ReadAsync));
        Assert.All(answers, a => Assert.True(a.StatusCode is HttpStatusCode.OK or HttpStatusCode.Found));
        Assert.Single(shown, s => s.Component == "xak-flow-redirect");
        Assert.All(shown, s => Assert.True(s.Component is "xak-flow-redirect" or "ak-stage-identification", s.Component));
        Assert.Equal(1, await host.ReadAsync(db => db.AuthenticatedSessions.CountAsync(TestContext.Current.CancellationToken)));
        Array.ForEach(answers, a => a.Dispose());
        Array.ForEach(copies, c => c.Dispose());
    }

    [Fact]
    public async Task Row_34_two_tabs_finish_apart()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        var (one, two) = (browser.Flow(Login, "next=/one"), browser.Flow(Login, "next=/two"));

        await one.ShowAsync();
        await two.ShowAsync();
        Assert.Equal("alice", (await one.AnswerAsync(("uid_field", "alice"))).Text("pending_user"));
        Assert.Equal("bob", (await two.AnswerAsync(("uid_field", "bob"))).Text("pending_user"));
        Assert.Equal("alice", (await one.ShowAsync()).Text("pending_user"));
        Assert.Equal("/one", (await one.AnswerAsync(("password", SignInHost.Password))).Text("to"));
        Assert.Equal("/two", (await two.AnswerAsync(("password", SignInHost.Password))).Text("to"));
    }

    [Fact]
    public async Task A_run_is_forgotten_after_an_hour()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        await browser.Flow(Login).AnswerAsync(("uid_field", "alice"));

        host.Clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal("ak-stage-identification", (await browser.Flow(Login).ShowAsync()).Component);
        Assert.Equal("bob", (await browser.Flow(Login).AnswerAsync(("uid_field", "bob"))).Text("pending_user"));
    }

    [Fact]
    public async Task Somebody_signed_in_goes_straight_on_unless_asked_to_sign_in_again()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();

        Assert.Equal("/x", (await browser.Flow(Login, "next=/x").ShowAsync()).Text("to"));
        Assert.Equal("ak-stage-identification", (await browser.Flow(Login, "prompt=login&next=/x").ShowAsync()).Component);
        Assert.Equal("ak-stage-identification", (await browser.Flow(Login, "gh_reauth=1&next=/x").ShowAsync()).Component);
    }

    [Fact]
    public async Task A_login_hint_skips_to_the_password_and_not_you_leads_back()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();

        var asked = await browser.Flow(Login, "login_hint=bob&next=/x").ShowAsync();
        Assert.Equal(("ak-stage-password", "bob"), (asked.Component, asked.Text("pending_user")));
        using var cancelled = await browser.GetAsync(asked.Json.GetProperty("flow_info").GetProperty("cancel_url").GetString()!); // an absent one fails the test
        Assert.Equal($"/if/flow/{Login}/?next=/x", cancelled.Headers.Location!.OriginalString); // asserted by Equal
    }

    [Fact]
    public async Task A_login_hint_fills_in_the_name_where_a_passkey_could_be_used()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            var first = await db.Stages.SingleAsync(s => s.Name == Login + " 0", TestContext.Current.CancellationToken);
            first.SettingsJson = $$"""{"webauthn_stage":"{{Guid.CreateVersion7()}}"}""";
        });
        using var browser = host.Browser();

        var asked = await browser.Flow(Login, "login_hint=bob&next=/x").ShowAsync();

        Assert.Equal(("ak-stage-identification", "bob"), (asked.Component, asked.Text("pending_user_identifier")));
    }

    [Fact]
    public async Task Cancelling_forgets_the_run()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        var asked = await browser.Flow(Login, "next=/x").AnswerAsync(("uid_field", "alice"));

        using var cancelled = await browser.GetAsync(asked.Json.GetProperty("flow_info").GetProperty("cancel_url").GetString()!); // an absent one fails the test

        Assert.Equal("ak-stage-identification", (await browser.Flow(Login, "next=/x").ShowAsync()).Component);
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("{", 400)]
    [InlineData("[]", 400)]
    [InlineData("null", 400)]
    [InlineData("\"text\"", 400)]
    [InlineData("""{"uid_field":"a","uid_field":"b"}""", 400)]
    [InlineData("""{"uid_field":"\ud800"}""", 400)]
    [InlineData("""{"\udc00":"x"}""", 400)]
    [InlineData("""{"uid_field":5}""", 200)]
    [InlineData("""{"uid_field":"a\u0000b"}""", 302)]
    [InlineData("""{"component":null,"uid_field":{"a":1}}""", 200)]
    public async Task Malformed_JSON_gets_a_clean_answer(string body, int status)
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();

        using var response = await browser.PostAsync($"/api/v3/flows/executor/{Login}/?query=", body);

        Assert.Equal(status, (int)response.StatusCode);
        if (status == 400)
        {
            Assert.NotEqual("", (await Seen.ReadAsync(response)).Text("detail"));
        }
    }

    [Fact]
    public async Task Too_long_or_wrongly_typed_bodies_and_unknown_flows_are_refused()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        var path = $"/api/v3/flows/executor/{Login}/";

        using var long1 = await browser.PostAsync(path, $$"""{"uid_field":"{{new string('a', 70_000)}}"}""");
        using var long2 = await browser.PostAsync(path, $$"""{"uid_field":"{{new string('a', 300)}}"}""");
        using var form = new FormUrlEncodedContent([new("uid_field", "alice")]);
        using var typed = await browser.SendAsync(HttpMethod.Post, path, form);
        using var deep = await browser.PostAsync(path, new StringBuilder().Insert(0, "{\"a\":", 100).Append('1').Append('}', 100).ToString());
        using var twice = await browser.GetAsync(path + "?query=a&query=b");
        using var unknown = await browser.GetAsync("/api/v3/flows/executor/nothing-here/?query=");

        Assert.Equal([400, 200, 415, 400, 400, 404], new[] { long1, long2, typed, deep, twice, unknown }.Select(r => (int)r.StatusCode));
    }
}
