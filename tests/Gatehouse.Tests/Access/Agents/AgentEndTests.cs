using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Access.SignIn;
using Gatehouse.Tests.Fakes;
using Microsoft.IdentityModel.JsonWebTokens;
using static Gatehouse.Tests.Access.Agents.AgentTests;

namespace Gatehouse.Tests.Access.Agents;

/// <summary>How far a program's grant reaches: which apps, and until when.</summary>
public class AgentEndTests
{
    [Theory]
    [InlineData("https://app.test")]
    [InlineData("https://access.test")]
    public async Task S07_a_logout_ends_what_programs_were_granted(string where)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var client = await RegisterAsync(browser);
        var tokens = await TokenAsync(browser, client, (await SayAsync(browser, await AskAsync(rig, browser, client), "yes"))["code"]);
        var granted = new JsonWebToken(tokens["access_token"]!.ToString()["oauth:".Length..]).GetClaim("identity_nonce").Value;

        var page = await browser.GetAsync(where + "/cdn-cgi/access/logout");

        Assert.Contains("ended for every application", page.Body, StringComparison.Ordinal);
        Assert.True(rig.Sessions.Revocations.Current.IsRevoked(granted)); // by which the gateway refuses the access token
        Assert.Equal("invalid_grant", (await RefreshAsync(browser, client, tokens["refresh_token"]!.ToString()))["error"]!.ToString());
    }

    [Fact]
    public async Task S07_ending_all_tokens_of_an_app_ends_what_programs_were_granted()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var client = await RegisterAsync(browser);
        var tokens = await TokenAsync(browser, client, (await SayAsync(browser, await AskAsync(rig, browser, client), "yes"))["code"]);
        tokens = await RefreshAsync(browser, client, tokens["refresh_token"]!.ToString());
        Assert.Null(tokens["error"]);

        rig.App.TokenEpoch++;
        rig.Reload();

        Assert.Equal("invalid_grant", (await RefreshAsync(browser, client, tokens["refresh_token"]!.ToString()))["error"]!.ToString());
    }

    [Fact]
    public async Task Signing_in_anew_keeps_what_programs_were_granted_and_a_logout_still_ends_it()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var client = await RegisterAsync(browser);
        var tokens = await TokenAsync(browser, client, (await SayAsync(browser, await AskAsync(rig, browser, client), "yes"))["code"]);
        var begun = await browser.FollowAsync("https://app.test/cdn-cgi/access/login?switch=1");
        rig.Provider.Nonce = begun["nonce"];
        await SignInRig.CallbackAsync(browser, begun);
        tokens = await RefreshAsync(browser, client, tokens["refresh_token"]!.ToString());
        Assert.Null(tokens["error"]);

        await browser.GetAsync("https://access.test/cdn-cgi/access/logout");

        Assert.Equal("invalid_grant", (await RefreshAsync(browser, client, tokens["refresh_token"]!.ToString()))["error"]!.ToString());
    }

    [Fact]
    public async Task S07_a_persons_token_in_a_programs_dress_ends_nothing()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        using var origin = rig.Browser();
        var client = await RegisterAsync(browser);
        var tokens = await TokenAsync(browser, client, (await SayAsync(browser, await AskAsync(rig, browser, client), "yes"))["code"]);
        await browser.FollowAsync("https://app.test/");
        Task GiveBackAsync(string token) => origin.PostAsync("https://access.test/cdn-cgi/access/oauth/revoke", ("client_id", "gatehouse-cli"), ("token", token));
        var granted = rig.Sessions.All.Single(s => s.ParentNonce is not null);

        await GiveBackAsync("oauth:" + browser["app.test", "CF_Authorization"]);
        await GiveBackAsync("oauth:" + browser["access.test", "CF_Authorization"]);
        Assert.All(rig.Sessions.All, s => Assert.Null(s.RevokedAt));

        rig.App.TokenEpoch++;
        rig.Reload();
        await GiveBackAsync(tokens["access_token"]!.ToString());
        Assert.Null(granted.RevokedAt);
        rig.App.TokenEpoch--;
        rig.Reload();
        await GiveBackAsync(tokens["access_token"]!.ToString());
        Assert.NotNull(granted.RevokedAt);
    }

    [Theory]
    [InlineData("registered while it did", false)]
    [InlineData("registered at another app", true)]
    [InlineData("takes new ones again", false)]
    public async Task An_app_that_takes_no_new_clients_gets_none_by_way_of_another(string row, bool isRefused)
    {
        await using var rig = await SignInRig.StartAsync(r =>
        {
            r.App.Agents = new AgentRules { RegistrationEnabled = row == "registered while it did" };
            r.Apps.Add(TestAccess.App("open.test", TestAccess.Policy(PolicyAction.Allow, "All", [new Rule.Everyone()])));
            r.Apps[1].Agents = new AgentRules();
        });
        using var browser = rig.Browser();
        var query = Question(await RegisterAsync(browser));
        rig.App.Agents = new AgentRules { RegistrationEnabled = row == "takes new ones again" };
        rig.Reload();

        var answer = await browser.GetAsync(UrlOf(query));
        Assert.Equal(isRefused ? "invalid_target" : "", answer["error"]);
        query["resource"] = "https://open.test/";
        Assert.Equal("", (await browser.GetAsync(UrlOf(query)))["error"]);
    }
}
