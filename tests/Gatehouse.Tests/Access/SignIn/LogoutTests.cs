using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.SignIn;

public class LogoutTests
{
    [Theory]
    [InlineData("https://app.test")]
    [InlineData("https://access.test")]
    public async Task S07_logout_really_ends(string where)
    {
        await using var rig = await SignInRig.StartAsync(r => r.Apps.Add(TestAccess.App("two.test", TestAccess.Policy(PolicyAction.Allow, "All", [new Rule.Everyone()]))));
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        await browser.FollowAsync("https://two.test/");
        var kept = browser.Cookies.ToList();

        var page = await browser.GetAsync(where + "/cdn-cgi/access/logout");
        var gone = browser[where["https://".Length..], "CF_Authorization"];
        browser.Cookies.Clear();
        browser.Cookies.AddRange(kept);

        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Null(gone);
        Assert.True(rig.Sessions.Revocations.Current.IsRevoked(rig.Sessions.All.Single().Nonce));
        foreach (var host in (string[])["app.test", "two.test", "access.test"])
        {
            Assert.Equal("""{"err":"invalid or expired app token"}""", (await browser.GetAsync($"https://{host}/cdn-cgi/access/get-identity")).Body);
        }

        var again = await browser.FollowAsync("https://two.test/cdn-cgi/access/login");
        Assert.Contains("Sign in with Authentik", again.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task S07_a_hand_off_of_an_ended_session_is_dead()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var handOff = (await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser))).Location!;

        await browser.GetAsync("https://access.test/cdn-cgi/access/logout");

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync(handOff)).Status);
    }

    [Fact]
    public async Task S07_signing_in_anew_ends_the_session_before()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        var former = rig.Sessions.All.Single();

        await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser, "https://app.test/cdn-cgi/access/login?switch=1"));

        Assert.NotNull(former.RevokedAt);
        Assert.Null(rig.Sessions.All.Single(s => s != former).RevokedAt);
    }

    [Fact]
    public async Task Tokens_of_two_people_on_the_team_domain_count_as_none()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        using var other = rig.Browser();
        await rig.SignInAsync(browser);
        rig.Provider.Claims = claims => claims["email"] = "eve@example.com";
        await rig.SignInAsync(other);
        browser.Cookies.Add(other.Cookies.Single(c => c is { Host: "access.test", Name: "CF_Authorization" }));
        browser.Cookies.RemoveAll(c => c is { Host: "app.test", Name: "CF_Authorization" });

        Assert.StartsWith("https://idp.test/authorize", (await browser.FollowAsync("https://app.test/")).Location, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cross-site", "navigate", "iframe", false)]
    [InlineData("same-site", "navigate", "iframe", false)] // an app beside this host
    [InlineData("cross-site", "navigate", "object", false)]
    [InlineData("cross-site", "no-cors", "image", false)]
    [InlineData("cross-site", "navigate", "document", true)] // a link
    [InlineData("same-site", "navigate", "document", true)]
    [InlineData("same-site", "cors", "empty", true)] // an app's own button
    [InlineData("same-origin", "navigate", "iframe", true)]
    [InlineData("none", "navigate", "document", true)]
    public async Task Another_site_can_not_sign_people_out_unseen(string site, string mode, string target, bool ends)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);

        var answer = await browser.GetAsync(
            "https://access.test/cdn-cgi/access/logout", headers: [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", target)]);

        Assert.Equal(ends ? HttpStatusCode.OK : HttpStatusCode.Forbidden, answer.Status);
        Assert.Equal(ends, rig.Sessions.All.Single().RevokedAt is not null);
    }

    [Fact]
    public async Task The_team_domain_does_not_claim_an_end_that_was_none()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        var body = (await browser.GetAsync("https://access.test/cdn-cgi/access/logout")).Body;

        Assert.Contains("No session was found on this host", body, StringComparison.Ordinal);
        Assert.DoesNotContain("ended for every application", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hand_off_is_refused_when_the_app_no_longer_takes_the_login_method()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var handOff = (await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser))).Location!;
        rig.App.AllowedLoginMethods = [Guid.CreateVersion7()];
        rig.Reload();

        Assert.Equal(HttpStatusCode.Forbidden, (await browser.GetAsync(handOff)).Status);
        Assert.Null(browser["app.test", "CF_Authorization"]);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Purpose", "prefetch")]
    public async Task Another_site_cannot_sign_people_out_in_the_background(string header, string value)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);

        var answer = await browser.GetAsync("https://app.test/cdn-cgi/access/logout", headers: [(header, value), ("Sec-Fetch-Mode", "no-cors")]);

        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.Null(rig.Sessions.All.Single().RevokedAt);
    }

    [Fact]
    public async Task Without_a_session_on_the_app_the_way_to_end_the_others_is_shown()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        Assert.Contains("https://access.test/cdn-cgi/access/logout", (await browser.GetAsync("https://app.test/cdn-cgi/access/logout")).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/cdn-cgi/")]
    [InlineData("/cdn-cgi/access")]
    [InlineData("/cdn-cgi/access/callback?code=a&state=b")]
    [InlineData("/cdn-cgi/access/unknown")]
    [InlineData("/CDN-CGI/access/logout")]
    [InlineData("/cdn-cgi//access/logout")]
    [InlineData("/cdn-cgi/trace")]
    public async Task Other_paths_of_ours_never_reach_the_app(string path)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync("https://app.test" + path)).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await browser.GetAsync("https://app.test" + path, HttpMethod.Post)).Status);
    }

    [Theory]
    [InlineData("", "https://app.test/")]
    [InlineData("/deep/er?q=1", "https://app.test/deep/er")]
    public async Task The_advertised_metadata_is_served_without_a_session(string path, string resource)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        var answer = await browser.GetAsync("https://app.test/.well-known/cloudflare-access-protected-resource" + path);

        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.Status, answer.Headers["Content-Type"]));
        Assert.Equal($$"""{"resource":"{{resource}}","protected":true,"authorization_servers":["https://access.test"]}""", answer.Body);
    }

    [Fact]
    public async Task A_login_to_no_app_is_one_to_the_launcher()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        var answer = await browser.GetAsync("https://access.test/cdn-cgi/access/login");

        Assert.Equal((HttpStatusCode.Found, "https://access.test/"), (answer.Status, answer.Headers["Location"]));
    }

    [Theory]
    [InlineData("/x.ico")]
    [InlineData("/cdn-cgi/access/login/a/b")]
    [InlineData("/cdn-cgi/access/login/elsewhere.test")]
    public async Task The_team_domain_says_what_it_does_not_have(string path)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        var answer = await browser.GetAsync("https://access.test" + path);

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Contains("<h1>", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certs_have_the_documented_shape()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        var before = JsonNode.Parse((await browser.GetAsync("https://access.test/cdn-cgi/access/certs")).Body)!;
        rig.Clock.Advance(TimeSpan.FromDays(8));
        var after = JsonNode.Parse((await browser.GetAsync("https://access.test/cdn-cgi/access/certs")).Body)!;

        Assert.Equal(["keys", "public_cert", "public_certs"], before.AsObject().Select(p => p.Key));
        Assert.Equal((2, 2, 1, 1), (before["keys"]!.AsArray().Count, before["public_certs"]!.AsArray().Count, after["keys"]!.AsArray().Count, after["public_certs"]!.AsArray().Count));
        var key = before["keys"]![0]!;
        Assert.Equal(["kid", "kty", "alg", "use", "e", "n"], key.AsObject().Select(p => p.Key));
        Assert.Equal(("RSA", "RS256", "sig", "AQAB"), ((string)key["kty"]!, (string)key["alg"]!, (string)key["use"]!, (string)key["e"]!));
        Assert.Matches("^[0-9a-f]{64}$", (string)key["kid"]!);
        Assert.Equal((string)key["kid"]!, (string)before["public_cert"]!["kid"]!);
        Assert.StartsWith("-----BEGIN CERTIFICATE-----", (string)before["public_cert"]!["cert"]!, StringComparison.Ordinal);
    }
}
