using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Policies;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>Asking the login method anew who somebody is, without a sign-out (contract 1.1).</summary>
public class RefreshIdentityTests
{
    private const string Url = "https://access.test/cdn-cgi/access/refresh-identity";

    [Fact]
    public async Task Groups_of_now_count_after_it_and_the_former_session_is_over()
    {
        await using var rig = await SignInRig.StartAsync(r => r.App.Policies[0].Policy!.Include = [new Rule.OidcClaim("groups", "demo", null)]);
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        var former = Assert.Single(rig.Sessions.All).Nonce;
        rig.Provider.Claims = claims => claims["Groups"] = new JsonArray("wheel");

        var begun = await browser.FollowAsync(Url);
        rig.Provider.Nonce = begun["nonce"];
        var back = await SignInRig.CallbackAsync(browser, begun);
        Assert.Equal(Url + "?success=true&on_success=callback", back.Location);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(back.Location!)).Status);
        Assert.Equal(former, Assert.Single(rig.Sessions.All, s => s.RevokedAt is not null).Nonce);
        Assert.Contains("wheel", Assert.Single(rig.Sessions.All, s => s.RevokedAt is null).GroupsJson, StringComparison.Ordinal);
        Assert.Contains("No application here is open to you", (await browser.GetAsync("https://access.test/")).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await SignInRig.CallbackAsync(browser, begun, "another-code")).Status); // once
        Assert.Equal(back.Location, (await SignInRig.CallbackAsync(browser, begun)).Location); // the same answer, loaded anew
        Assert.Equal(2, rig.Sessions.All.Count);
    }

    [Theory]
    [InlineData("another person at the provider")]
    [InlineData("signed out meanwhile")]
    [InlineData("another browser")]
    public async Task Nobody_else_comes_in_by_it(string row)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        using var other = rig.Browser();
        await rig.SignInAsync(browser);
        var begun = await browser.FollowAsync(Url);
        rig.Provider.Nonce = begun["nonce"];
        rig.Provider.Claims = claims => claims["email"] = row == "another person at the provider" ? "bob@example.com" : "ada@example.com";
        if (row == "signed out meanwhile")
        {
            await browser.GetAsync("https://access.test/cdn-cgi/access/logout");
        }

        var back = await SignInRig.CallbackAsync(row == "another browser" ? other : browser, begun);
        Assert.Equal(HttpStatusCode.BadRequest, back.Status);
        Assert.Single(rig.Sessions.All);
    }

    [Fact]
    public async Task Whom_nobody_knows_signs_in_first_and_a_code_brings_nothing_new()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        Assert.Equal("/", (await browser.GetAsync(Url)).Location);
        await rig.SignInAsync(browser);
        rig.Methods.Clear();
        rig.Methods.Add(new LoginMethod { Id = rig.Method.Id, Name = "Mail", Type = LoginMethodTypes.OneTimePin, ClientId = "", SealedClientSecret = [], AuthUrl = "", TokenUrl = "", CertsUrl = "" });
        rig.Reload();
        Assert.Contains("nothing to ask anew", (await browser.GetAsync(Url)).Body, StringComparison.Ordinal);
    }
}
