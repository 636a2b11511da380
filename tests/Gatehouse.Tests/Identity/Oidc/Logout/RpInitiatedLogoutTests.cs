using System.Net;
using System.Security.Cryptography;
using Gatehouse.Model.Providers;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Tests.Identity.Oidc.Logout;

/// <summary>The modules of the certification plan oidcc-rp-initiated-logout, and what else the endpoint promises.</summary>
public class RpInitiatedLogoutTests
{
    [Fact]
    public async Task Oidcc_rp_initiated_logout_discovery_endpoint_verification()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync("/application/o/app-a/.well-known/openid-configuration");

        Assert.Equal("https://auth.example.test/application/o/app-a/end-session/", (await OidcHost.JsonAsync(answer)).GetProperty("end_session_endpoint").GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Oidcc_rp_initiated_logout(bool post)
    {
        await using var host = await LogoutRig.StartAsync();
        var hint = await LogoutRig.IdTokenAsync(host);

        using var answer = post
            ? await host.PostAsync(LogoutRig.Path, LogoutRig.Parameters(hint, Seed.LogoutUri, "s&1"), cookie: host.Cookie)
            : await host.GetAsync(LogoutRig.Url(hint, Seed.LogoutUri, "s&1"), host.Cookie);

        Assert.Equal(Seed.LogoutUri + "?state=s%261", answer.Headers.Location!.OriginalString);
        Assert.Contains(answer.Headers.GetValues("Set-Cookie"), c => c.StartsWith("__Host-authentik_session=;", StringComparison.Ordinal));
        Assert.False(await LogoutRig.IsSignedInAsync(host));
    }

    [Theory]
    [InlineData("https://rp.test/other")]
    [InlineData("https://rp.test/bye?foo=bar")] // ...-query-added-to-post-logout-redirect-uri
    [InlineData("https://rp.test/bye/")]
    [InlineData("https://rp.test/cb")] // registered, but for authorization
    public async Task Oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(string uri)
    {
        await using var host = await LogoutRig.StartAsync();

        using var answer = await host.GetAsync(LogoutRig.Url(await LogoutRig.IdTokenAsync(host), uri, "s"), host.Cookie);

        await AssertRefusedAsync(host, answer);
    }

    [Fact]
    public async Task Oidcc_rp_initiated_logout_modified_id_token_hint()
    {
        await using var host = await LogoutRig.StartAsync();
        var parts = (await LogoutRig.IdTokenAsync(host)).Split('.');
        var unsigned = Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""") + $".{parts[1]}.";

        using var answer = await host.GetAsync(LogoutRig.Url(unsigned, Seed.LogoutUri, "s"), host.Cookie);

        await AssertRefusedAsync(host, answer);
    }

    [Fact]
    public async Task Oidcc_rp_initiated_logout_bad_id_token_hint()
    {
        await using var host = await LogoutRig.StartAsync();
        var payload = Base64UrlEncoder.Decode((await LogoutRig.IdTokenAsync(host)).Split('.')[1]);
        using var foreign = RSA.Create(2048);
        var forged = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }
            .CreateToken(payload, new SigningCredentials(new RsaSecurityKey(foreign) { KeyId = "kid-1" }, SecurityAlgorithms.RsaSha256));

        using var answer = await host.GetAsync(LogoutRig.Url(forged, Seed.LogoutUri, "s"), host.Cookie);

        await AssertRefusedAsync(host, answer);
    }

    [Fact]
    public async Task Oidcc_rp_initiated_logout_no_id_token_hint()
    {
        await using var host = await LogoutRig.StartAsync();

        using var answer = await host.GetAsync(LogoutRig.Url(null, Seed.LogoutUri, "s"), host.Cookie);

        await AssertRefusedAsync(host, answer);
    }

    [Theory]
    [InlineData(false, null)] // ...-no-params
    [InlineData(false, "s")] // ...-only-state
    [InlineData(true, null)] // ...-no-post-logout-redirect-uri
    public async Task Oidcc_rp_initiated_logout_no_params(bool withHint, string? state)
    {
        await using var host = await LogoutRig.StartAsync();
        var hint = withHint ? await LogoutRig.IdTokenAsync(host) : null;

        using var first = await host.GetAsync(LogoutRig.Url(hint, null, state), host.Cookie);
        using var answer = withHint ? null : await LogoutRig.ConfirmAsync(host, first);

        Assert.Equal(LogoutRig.End, (answer ?? first).Headers.Location!.OriginalString);
        Assert.False(await LogoutRig.IsSignedInAsync(host));
    }

    [Fact]
    public async Task Oidcc_rp_initiated_logout_no_state()
    {
        await using var host = await LogoutRig.StartAsync();

        using var answer = await host.GetAsync(LogoutRig.Url(await LogoutRig.IdTokenAsync(host), Seed.LogoutUri), host.Cookie);

        Assert.Equal(Seed.LogoutUri, answer.Headers.Location!.OriginalString);
        Assert.False(await LogoutRig.IsSignedInAsync(host));
    }

    [Fact]
    public async Task A_foreign_site_can_ask_but_not_sign_out()
    {
        await using var host = await LogoutRig.StartAsync();

        using var page = await host.GetAsync(LogoutRig.Path, host.Cookie);

        Assert.True(await LogoutRig.IsSignedInAsync(host));
        Assert.Equal("DENY", Assert.Single(page.Headers.GetValues("X-Frame-Options"))); // nobody is led to click unseen
        foreach (var fields in ((string, string)[][])[[("gh_confirm", "1")], [("gh_confirm", new string('0', 64))], [("gh_everything", "1")]])
        {
            using var posted = await host.PostAsync(LogoutRig.Path, fields, cookie: host.Cookie);
            Assert.Contains("Sign out?", await LogoutRig.TextAsync(posted), StringComparison.Ordinal);
        }

        Assert.True(await LogoutRig.IsSignedInAsync(host));
    }

    [Fact]
    public async Task A_yes_counts_for_the_session_it_was_shown_to_only_and_not_from_an_address_bar()
    {
        await using var host = await LogoutRig.StartAsync();
        var bob = await host.SignInAsync(host.Seed.BobId);
        using var page = await host.GetAsync(LogoutRig.Path, bob);

        using var posted = await LogoutRig.ConfirmAsync(host, page, host.Cookie);
        Assert.Contains("Sign out?", await LogoutRig.TextAsync(posted), StringComparison.Ordinal);
        using var own = await host.GetAsync(LogoutRig.Path, host.Cookie);
        var yes = System.Text.RegularExpressions.Regex.Match(await LogoutRig.TextAsync(own), "name=\"gh_confirm\" value=\"([0-9a-f]{64})\"").Groups[1].Value;
        using var got = await host.GetAsync($"{LogoutRig.Path}?gh_confirm={yes}", host.Cookie);

        Assert.Contains("Sign out?", await LogoutRig.TextAsync(got), StringComparison.Ordinal);
        Assert.True(await LogoutRig.IsSignedInAsync(host));
        Assert.True(await LogoutRig.IsSignedInAsync(host, bob));
    }

    [Fact]
    public async Task Q40_another_persons_hint_leads_on_only_after_a_yes()
    {
        await using var host = await LogoutRig.StartAsync();
        var hint = await LogoutRig.IdTokenAsync(host);
        var bob = await host.SignInAsync(host.Seed.BobId);

        using var page = await host.GetAsync(LogoutRig.Url(hint, Seed.LogoutUri, "s"), bob);
        Assert.Contains("form-action 'self' https://rp.test;", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.True(await LogoutRig.IsSignedInAsync(host, bob));
        using var answer = await LogoutRig.ConfirmAsync(host, page, bob);

        Assert.Equal(Seed.LogoutUri + "?state=s", answer.Headers.Location!.OriginalString);
        Assert.False(await LogoutRig.IsSignedInAsync(host, bob));
        Assert.True(await LogoutRig.IsSignedInAsync(host)); // ada's own browser
    }

    [Fact]
    public async Task Who_asks_for_everything_is_signed_out_of_everything()
    {
        await using var host = await OidcHost.StartAsync(); // the flow of this client ends no session
        using var page = await host.GetAsync(LogoutRig.Path, host.Cookie);
        using var little = await LogoutRig.ConfirmAsync(host, page);
        Assert.Equal("/if/flow/default-provider-authorization-implicit-consent/?application=app-a", little.Headers.Location!.OriginalString); // the flow this client names
        Assert.True(await LogoutRig.IsSignedInAsync(host));

        using var again = await host.GetAsync(LogoutRig.Path, host.Cookie);
        using var all = await LogoutRig.ConfirmAsync(host, again, everything: true);

        Assert.EndsWith("?application=app-a", all.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Contains(all.Headers.GetValues("Set-Cookie"), c => c.StartsWith("__Host-authentik_logout=", StringComparison.Ordinal)); // so that the end may name it
        Assert.False(await LogoutRig.IsSignedInAsync(host));
    }

    [Theory]
    [InlineData("&client_id=client-b")]
    [InlineData("&state=a&state=b")]
    [InlineData("&id_token_hint=x&id_token_hint=y")]
    public async Task A_request_that_contradicts_itself_is_refused(string more)
    {
        await using var host = await LogoutRig.StartAsync();

        using var answer = await host.GetAsync(LogoutRig.Path + "?x=1" + more, host.Cookie);

        await AssertRefusedAsync(host, answer);
    }

    [Fact]
    public async Task An_access_token_and_a_logout_token_are_no_hints()
    {
        await using var host = await LogoutRig.StartAsync();
        await LogoutRig.WantAsync(host);
        var tokens = await host.TokensAsync("openid");
        using var first = await host.GetAsync(LogoutRig.Url(tokens.GetProperty("id_token").GetString()), host.Cookie);
        await host.DeliverAsync();

        foreach (var token in (string[])[tokens.GetProperty("access_token").GetString()!, host.Receiver.OnlyToken]) // a token answer has one
        {
            using var answer = await host.GetAsync(LogoutRig.Url(token));
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
    }

    [Fact]
    public async Task A_provider_without_logout_uris_ignores_the_parameter()
    {
        await using var host = await LogoutRig.StartAsync();
        await LogoutRig.ChangeAsync(host, Seed.ClientId, (p, _) => p.RedirectUris = [new(MatchingMode.Strict, Seed.RedirectUri, RedirectUriType.Authorization)]);

        using var answer = await host.GetAsync(LogoutRig.Url(await LogoutRig.IdTokenAsync(host), "https://elsewhere.test/"), host.Cookie);

        Assert.Equal(LogoutRig.End, answer.Headers.Location!.OriginalString);
    }

    private static async Task AssertRefusedAsync(OidcHost host, HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Null(answer.Headers.Location);
        Assert.True(await LogoutRig.IsSignedInAsync(host));
    }
}
