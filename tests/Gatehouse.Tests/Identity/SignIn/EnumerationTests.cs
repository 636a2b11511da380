using Gatehouse.Model.Users;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>Nobody learns from sign-in who has an account.</summary>
public class EnumerationTests
{
    [Theory]
    [InlineData("nobody")]
    [InlineData("gone")]
    [InlineData("robot")]
    [InlineData("nobody@example.com")]
    [InlineData("not a name at all")]
    public async Task U01_known_and_unknown_names_get_the_same_answers(string unknown)
    {
        await using var host = await SignInHost.StartAsync();

        Assert.Equal(await TranscriptAsync(host, "alice"), await TranscriptAsync(host, unknown));
    }

    [Fact]
    public async Task U01_also_with_the_password_on_the_same_page()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            var password = Assert.Single(db.Stages.ToList(), s => s.Name == "default-authentication-flow 1");
            SignInHost.Add(db, "both", "authentication", "none", "Both",
                (Gatehouse.Model.Flows.StageType.Identification, $$"""{"password_stage":"{{password.Id}}"}"""), (Gatehouse.Model.Flows.StageType.Password, "{}"), (Gatehouse.Model.Flows.StageType.UserLogin, "{}"));
            await Task.CompletedTask;
        });
        using var browser = host.Browser();
        var flow = browser.Flow("both");

        var known = await flow.AnswerAsync(("uid_field", "alice"), ("password", "wrong"));
        var unknown = await flow.AnswerAsync(("uid_field", "nobody"), ("password", "wrong"));

        Assert.True(known.Json.GetProperty("password_fields").GetBoolean());
        Assert.Equal(known.Json.GetRawText(), unknown.Json.GetRawText());
        Assert.Equal("invalid", known.FaultCode("non_field_errors"));
        Assert.Equal("xak-flow-redirect", (await flow.AnswerAsync(("uid_field", "alice"), ("password", SignInHost.Password))).Component);
    }

    [Theory]
    [InlineData("alice")]
    [InlineData("nobody")]
    [InlineData("gone")]
    [InlineData("robot")]
    [InlineData("empty")]
    [InlineData("not a name at all")]
    public async Task U02_one_hash_of_todays_cost_is_computed_whoever_is_named(string name)
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            var empty = SignInHost.A("empty");
            empty.PasswordHash = null;
            db.Users.Add(empty);
            return Task.CompletedTask;
        });
        using var browser = host.Browser();
        var flow = browser.Flow("default-authentication-flow");
        await flow.AnswerAsync(("uid_field", name));

        Assert.Equal("invalid", (await flow.AnswerAsync(("component", "ak-stage-password"), ("password", "wrong"))).FaultCode("password"));

        Assert.False(PasswordHash.IsOutdated(Assert.Single(host.Verified)));
    }

    [Fact]
    public async Task An_address_that_two_people_have_means_nobody()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => db.Users.AddRangeAsync(SignInHost.A("one", email: "same@example.com"), SignInHost.A("two", email: "same@example.com")));
        using var browser = host.Browser();
        var flow = browser.Flow("default-authentication-flow");

        await flow.AnswerAsync(("uid_field", "same@example.com"));

        Assert.Equal("invalid", (await flow.AnswerAsync(("password", SignInHost.Password))).FaultCode("password"));
    }

    [Theory]
    [InlineData("ADMIN", "admin")]
    [InlineData(" admin ", "admin")]
    [InlineData("adm\u0131n", null)]
    [InlineData("\u212Aim", null)]
    [InlineData("e\u0301va", null)]
    [InlineData("\uFF41dmin", null)]
    [InlineData("ad\u200Bmin", null)]
    [InlineData("\u0430dmin", null)]
    public void U03_Unicode_twins_have_one_form_or_none(string typed, string? key) => Assert.Equal(key, UserNames.Lookup(typed));

    [Theory]
    [InlineData("al\u0131ce", false)]
    [InlineData("ALICE", true)]
    [InlineData("al\u200Bice", false)]
    [InlineData("\u0430lice@example.com", false)]
    public async Task U03_a_twin_of_a_name_does_not_sign_in_as_it(string typed, bool isAlice)
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();
        var flow = browser.Flow("default-authentication-flow");

        await flow.AnswerAsync(("uid_field", typed));
        var end = await flow.AnswerAsync(("password", SignInHost.Password));

        Assert.Equal(isAlice ? "xak-flow-redirect" : "ak-stage-password", end.Component);
    }

    private static async Task<string> TranscriptAsync(SignInHost host, string name)
    {
        using var browser = host.Browser();
        var flow = browser.Flow("default-authentication-flow", "next=/x");
        await flow.ShowAsync();
        using var named = await flow.PostAsync(("uid_field", name));
        using var asked = await browser.GetAsync(flow.Path);
        using var wrong = await flow.PostAsync(("password", "wrong"));
        HttpResponseMessage[] all = [named, asked, wrong];
        var lines = new List<string>();
        foreach (var response in all)
        {
            var headers = response.Headers.Concat(response.Content.Headers).Where(h => h.Key is not "Date" and not "Content-Length").Select(h => $"{h.Key}: {string.Join(',', h.Value)}").Order();
            var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            lines.Add($"{(int)response.StatusCode}\n{string.Join('\n', headers)}\n{body.Replace($"\"{name}\"", "\"NAME\"", StringComparison.Ordinal)}");
        }

        return string.Join("\n---\n", lines);
    }
}
