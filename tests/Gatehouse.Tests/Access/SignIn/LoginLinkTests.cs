using System.Diagnostics.CodeAnalysis;
using System.Net;
using Gatehouse.Access.SignIn;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Tests.Access.SignIn;

public class LoginLinkTests
{
    [Fact]
    public async Task The_redirect_is_the_documented_one()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        var answer = await browser.GetAsync("https://app.test/path?q=1");

        Assert.Equal(HttpStatusCode.Found, answer.Status);
        Assert.StartsWith("https://access.test/cdn-cgi/access/login/app.test?", answer.Location, StringComparison.Ordinal);
        Assert.Equal((rig.App.Aud, "/path?q=1"), (answer["kid"], answer["redirect_url"]));
        Assert.Equal("Cloudflare-Access resource_metadata=\"https://app.test/.well-known/cloudflare-access-protected-resource/path\"", answer.Headers["WWW-Authenticate"]);
        Assert.Equal("true", answer.Headers["Access-Control-Allow-Credentials"]);
        Assert.Equal("Thu, 01 Jan 1970 00:00:01 GMT", answer.Headers["Expires"]);
        foreach (var word in (string[])["private", "max-age=0", "no-store", "no-cache", "must-revalidate", "post-check=0", "pre-check=0"])
        {
            Assert.Contains(word, answer.Headers["Cache-Control"], StringComparison.Ordinal);
        }

        var meta = new JsonWebToken(answer["meta"]);
        Assert.Equal(
            ("RS256", "meta", rig.App.Aud, "app.test", "NONE", AccessCookies.HashOf(browser["app.test", "CF_AppSession"]!)),
            (meta.Alg, ClaimText.Of(meta, "type"), ClaimText.Of(meta, "aud"), ClaimText.Of(meta, "hostname"), ClaimText.Of(meta, "auth_status"), ClaimText.Of(meta, "app_session_hash")));
        Assert.Contains("; path=/; secure; samesite=none; httponly", Assert.Single(answer.SetCookies), StringComparison.Ordinal);
    }

    [Fact]
    [SuppressMessage("Security", "CA5404", Justification = "One looks as a careless verifier would, to see that only the issuer makes the difference; the clock is the test's.")]
    public async Task T08_what_anybody_gets_without_signing_in_is_no_session_at_an_origin_that_checks()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var meta = (await browser.GetAsync("https://app.test/"))["meta"];
        var asOriginsDo = new TokenValidationParameters
        {
            ValidIssuer = "https://access.test",
            ValidAudience = rig.App.Aud,
            IssuerSigningKey = new RsaSecurityKey(TestKeys.Current),
            ValidateLifetime = false,
        };
        var signed = new TokenValidationParameters { ValidateIssuer = false, ValidAudience = rig.App.Aud, IssuerSigningKey = asOriginsDo.IssuerSigningKey, ValidateLifetime = false };

        Assert.True((await new JsonWebTokenHandler().ValidateTokenAsync(meta, signed)).IsValid); // it is Access's, and about the app
        Assert.False((await new JsonWebTokenHandler().ValidateTokenAsync(meta, asOriginsDo)).IsValid);
        Assert.Equal(HttpStatusCode.Found, (await browser.GetAsync("https://app.test/", HttpMethod.Get, ("Cf-Access-Token", meta))).Status);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("POST")]
    public async Task Every_method_is_redirected(string method)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        var answer = await browser.GetAsync("https://app.test/", new HttpMethod(method));

        Assert.Equal(HttpStatusCode.Found, answer.Status);
        Assert.Equal(method == "HEAD" ? "" : "<!DOCTYPE html><title>302 Found</title><h1>302 Found</h1>\n", answer.Body);
    }

    [Theory]
    [InlineData("too-short", false)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", true)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"AA", false)]
    public async Task A_well_formed_app_session_is_kept_for_other_tabs(string value, bool kept)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        browser.Cookies.Add(new("app.test", "CF_AppSession", value, "/", DateTimeOffset.MaxValue));

        await browser.GetAsync("https://app.test/");

        Assert.Equal(kept, browser["app.test", "CF_AppSession"] == value);
    }

    [Fact]
    public async Task A_link_without_meta_comes_back_with_one_and_shows_a_login_page()
    {
        await using var rig = await SignInRig.StartAsync(r => r.App.AutoRedirectToIdentity = false);
        using var browser = rig.Browser();
        var url = $"https://access.test/cdn-cgi/access/login/app.test?kid={rig.App.Aud}&redirect_url=%2Fx%3Fy%3D1";

        var first = await browser.GetAsync(url);
        var page = await browser.FollowAsync(url);

        Assert.Equal("https://app.test/cdn-cgi/access/login?redirect_url=%2Fx%3Fy%3D1", first.Location);
        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Contains("Sign in to app.test", page.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/cdn-cgi/access/login/app.test")]
    [InlineData("/cdn-cgi/access/login/app.test?kid=")]
    [InlineData("/cdn-cgi/access/login/app.test?kid=0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("/cdn-cgi/access/login/evil.test?kid={aud}")]
    [InlineData("/cdn-cgi/access/login/app.test.evil?kid={aud}")]
    [InlineData("/cdn-cgi/access/login/app.test%2fevil?kid={aud}")]
    [InlineData("/cdn-cgi/access/login/app.test?kid={aud}&kid={aud}")]
    public async Task An_unknown_app_is_404(string target)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        var answer = await browser.GetAsync("https://access.test" + target.Replace("{aud}", rig.App.Aud, StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Null(answer.Location);
    }

    [Theory]
    [InlineData("//evil")]
    [InlineData("/\\evil")]
    [InlineData("https:evil")]
    [InlineData("https://app.test@evil")]
    [InlineData("https://app.test.evil")]
    [InlineData("%2f%5cevil")]
    [InlineData("/%5c/evil")]
    [InlineData("/\tevil")]
    [InlineData("/\r\nSet-Cookie: a=b")]
    [InlineData("evil")]
    [InlineData("")]
    [InlineData("/x#//evil")]
    [InlineData("/../evil")]
    [InlineData("/cdn-cgi/access/logout")]
    [InlineData("/CDN-CGI//access;/logout")]
    public async Task S11_redirect_url_stays_on_the_apps_host(string redirect)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        var team = await browser.GetAsync($"https://access.test/cdn-cgi/access/login/app.test?kid={rig.App.Aud}&redirect_url={Uri.EscapeDataString(redirect)}");
        var app = await browser.GetAsync($"https://app.test/cdn-cgi/access/login?redirect_url={Uri.EscapeDataString(redirect)}");

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (team.Status, app.Status));
        Assert.Equal((null, null), (team.Location, app.Location));
    }

    [Fact]
    public async Task S11_a_target_that_could_leave_the_host_comes_back_to_the_front_page()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        var answer = await browser.GetAsync("https://app.test//evil.test/x");

        Assert.Equal("/", answer["redirect_url"]);
    }

    [Theory]
    [InlineData("redirect_url=%2Fdeep", "redirect_url=%2Fother")]
    [InlineData("login/app.test", "login/b.app.test")]
    [InlineData("kid={aud}", "kid={other}")]
    [InlineData("meta=eyJ", "meta=eyK")]
    [InlineData("&meta=", "&meta=x&meta=")]
    public async Task S13_an_altered_hand_off_is_refused(string from, string to)
    {
        await using var rig = await SignInRig.StartAsync(r =>
        {
            r.App.Domains.Add("b.app.test");
            r.Apps.Add(TestAccess.App("app.test/other"));
        });
        using var browser = rig.Browser();
        string Fill(string text) => text.Replace("{aud}", rig.App.Aud, StringComparison.Ordinal).Replace("{other}", rig.Apps[1].Aud, StringComparison.Ordinal);
        var link = (await browser.GetAsync("https://app.test/deep")).Location!;
        Assert.Contains(Fill(from), link, StringComparison.Ordinal);

        var whole = await browser.GetAsync(link);
        var altered = await browser.GetAsync(link.Replace(Fill(from), Fill(to), StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.Found, whole.Status);
        Assert.Equal(HttpStatusCode.BadRequest, altered.Status);
    }

    [Fact]
    public async Task S13_the_result_works_only_on_the_host_it_is_for()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Apps.Add(TestAccess.App("two.test", TestAccess.Policy(PolicyAction.Allow, "All", [new Rule.Everyone()]))));
        using var browser = rig.Browser();
        var handOff = (await SignInRig.CallbackAsync(browser, await rig.BeginAsync(browser))).Location!;

        string[] altered =
        [
            handOff.Replace("https://app.test", "https://two.test", StringComparison.Ordinal),
            handOff.Replace("nonce=", "nonce=x", StringComparison.Ordinal),
            handOff[..^4] + "AAAA",
            handOff.Replace("state=", "state=&state=", StringComparison.Ordinal),
            "https://app.test/cdn-cgi/access/authorized",
            "https://app.test/cdn-cgi/access/authorized?nonce=a&state=%00",
        ];
        foreach (var url in altered)
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync(url)).Status);
        }

        Assert.Equal(HttpStatusCode.Found, (await browser.GetAsync(handOff)).Status);
    }

    [Fact]
    public async Task S12_the_token_is_for_the_app_that_was_asked_for_only()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Apps.Add(TestAccess.App("two.test", TestAccess.Policy(PolicyAction.Allow, "All", [new Rule.Everyone()]))));
        using var browser = rig.Browser();

        await rig.SignInAsync(browser);

        var token = new JsonWebToken(browser["app.test", "CF_Authorization"]);
        Assert.Equal([rig.App.Aud], token.Audiences);
        var elsewhere = await browser.GetAsync("https://two.test/cdn-cgi/access/get-identity", headers: [("Cookie", "CF_Authorization=" + token.EncodedToken)]);
        Assert.Equal(HttpStatusCode.BadRequest, elsewhere.Status);
    }

    [Fact]
    public async Task An_old_link_starts_afresh()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var link = (await browser.GetAsync("https://app.test/deep")).Location!;

        rig.Clock.Advance(TimeSpan.FromHours(2));
        var answer = await browser.GetAsync(link);

        Assert.Equal("https://app.test/cdn-cgi/access/login?redirect_url=%2Fdeep", answer.Location);
    }

    [Fact]
    public async Task A_link_that_is_opened_over_and_over_fills_no_log()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        using var other = rig.Browser();
        var link = (await other.GetAsync("https://app.test/")).Location!; // every refusal of a page has one

        for (var n = 0; n < 30; n++)
        {
            Assert.Equal(System.Net.HttpStatusCode.Found, (await browser.GetAsync(link)).Status);
        }

        Assert.Equal(11, rig.Audit.Records.Count);
        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        await browser.GetAsync(link);
        Assert.Equal(12, rig.Audit.Records.Count);
    }
}
