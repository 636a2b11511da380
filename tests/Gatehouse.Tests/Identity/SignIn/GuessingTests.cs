using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>What stands between a password and a session.</summary>
public class GuessingTests
{
    private const string Login = "default-authentication-flow";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("alice")]
    [InlineData("nobody")]
    public async Task After_five_wrong_passwords_even_the_right_one_waits(string name)
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(AddBothAsync);
        using var browser = host.Browser();
        for (var i = 0; i < 5; i++)
        {
            Assert.DoesNotContain("Wait", (await TryAsync(browser, name, "wrong")).Json.GetRawText(), StringComparison.Ordinal);
        }

        var soon = await TryAsync(browser, name, SignInHost.Password);
        Assert.Equal("invalid", soon.FaultCode("non_field_errors"));
        Assert.Contains("Wait 5 seconds", soon.Json.GetRawText(), StringComparison.Ordinal);

        host.Clock.Advance(TimeSpan.FromSeconds(5));
        var later = await TryAsync(browser, name, SignInHost.Password);
        Assert.Equal(name == "alice" ? "xak-flow-redirect" : "ak-stage-identification", later.Component);
    }

    [Fact]
    public async Task After_five_wrong_passwords_the_same_address_in_another_spelling_waits_too()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(AddBothAsync);
        await host.ChangeAsync(async db => await db.Users.AddAsync(SignInHost.A("neil", email: "o'neil@corp.example"), Stop));
        using var browser = host.Browser();
        foreach (var spelling in (string[])["o'neil@corp.example", "O'neil@corp.example", "o'Neil@corp.example", "o'neil@Corp.example", "O'NEIL@corp.example"])
        {
            Assert.DoesNotContain("Wait", (await TryAsync(browser, spelling, "wrong")).Json.GetRawText(), StringComparison.Ordinal);
        }

        Assert.Contains("Wait 5 seconds", (await TryAsync(browser, "o'neil@corp.Example", SignInHost.Password)).Json.GetRawText(), StringComparison.Ordinal);
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("xak-flow-redirect", (await TryAsync(browser, "o'neil@corp.Example", SignInHost.Password)).Component);
    }

    [Theory]
    [InlineData("alice", 5)]
    [InlineData("nobody", 1)]
    public async Task L05_passwords_that_come_too_soon_are_an_event_once_in_a_while(string name, int first)
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(AddBothAsync);
        using var browser = host.Browser();
        for (var i = 0; i < 5 + 20; i++)
        {
            await TryAsync(browser, name, "wrong");
        }

        Assert.Equal(5 + first, Failed().Count); // each that was looked at
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        for (var i = 0; i < 5 + 1; i++)
        {
            await TryAsync(browser, name, "wrong");
        }

        Assert.Equal(5 + first + 5 + 1, Failed().Count);
        Assert.Equal(20 - first, (int?)Failed()[^1].Context["repeated"]);
        Assert.All(Failed(), e => Assert.Equal(
            (name == "alice" ? name : null, name, "password", "127.0.0.1"),
            (e.Actor?.Username, (string?)e.Context["username"], (string?)e.Context["auth_method"], e.ClientIp)));

        List<NewEvent> Failed() => [.. host.Events.Of(EventActions.LoginFailed)];
    }

    [Fact]
    public async Task Names_of_parameters_count_letter_by_letter()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();

        Assert.Equal("/x", (await browser.Flow(Login, "next=/x&Next=/y").ShowAsync()).Text("to"));
        Assert.Equal("xak-flow-redirect", (await browser.Flow(Login, "GH_REAUTH=1").ShowAsync()).Component);
    }

    [Fact]
    public async Task Inactive_people_do_not_crowd_out_the_one_who_has_the_address()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => db.Users.AddRangeAsync(
            SignInHost.A("z1", isActive: false, email: "z@example.com"), SignInHost.A("z2", isActive: false, email: "z@example.com"),
            SignInHost.A("z3", isActive: false, email: "z@example.com"), SignInHost.A("z4", email: "z@example.com")));
        using var browser = host.Browser();

        await browser.Flow(Login).AnswerAsync(("uid_field", "z@example.com"));
        Assert.Equal("xak-flow-redirect", (await browser.Flow(Login).AnswerAsync(("password", SignInHost.Password))).Component);
    }

    private static Task<Seen> TryAsync(Browser browser, string name, string password) =>
        browser.Flow("both").AnswerAsync(("uid_field", name), ("password", password));

    private static async Task AddBothAsync(GatehouseDb db)
    {
        var password = await db.Stages.SingleAsync(s => s.Name == "default-authentication-flow 1", Stop);
        SignInHost.Add(db, "both", "authentication", "none", "Both",
            (StageType.Identification, $$"""{"password_stage":"{{password.Id}}"}"""), (StageType.Password, "{}"), (StageType.UserLogin, "{}"));
    }
}
