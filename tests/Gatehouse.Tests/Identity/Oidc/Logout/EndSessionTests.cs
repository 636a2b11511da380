using System.Net;

namespace Gatehouse.Tests.Identity.Oidc.Logout;

public class EndSessionTests
{
    private const string Path = "/application/o/app-a/end-session/";

    [Fact]
    public async Task Ends_what_the_client_has_and_leads_back_with_state()
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await host.TokensAsync();
        host.Clock.Advance(TimeSpan.FromHours(2)); // the hint has expired, and is accepted (Q40)
        using var answer = await host.GetAsync(Url(tokens.GetProperty("id_token").GetString(), Seed.LogoutUri, "s&1"), host.Cookie);
        Assert.Equal(Seed.LogoutUri + "?state=s%261", answer.Headers.Location!.OriginalString);
        using var refreshed = await host.RefreshAsync(tokens.GetProperty("refresh_token").GetString()!);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(refreshed));
        Assert.NotEmpty(await host.CodeAsync(("prompt", "none"))); // authentik: the session itself survives this flow
    }

    [Fact]
    public async Task Completes_when_nobody_is_signed_in()
    {
        await using var host = await OidcHost.StartAsync();
        var hint = (await host.TokensAsync()).GetProperty("id_token").GetString();
        using var redirected = await host.GetAsync(Url(hint, Seed.LogoutUri, null));
        Assert.Equal(Seed.LogoutUri, redirected.Headers.Location!.OriginalString);
        using var page = await host.GetAsync(Path + "?state=x");
        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
        Assert.EndsWith("/?application=app-a", page.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://rp.test/other")]
    [InlineData("https://rp.test/bye?foo=bar")]
    [InlineData("https://rp.test/cb")] // registered, but not for logout
    [InlineData("javascript:alert(1)")]
    public async Task Q40_only_registered_uris_are_gone_to(string uri)
    {
        await using var host = await OidcHost.StartAsync();
        var hint = (await host.TokensAsync()).GetProperty("id_token").GetString();
        using var answer = await host.GetAsync(Url(hint, uri, null), host.Cookie);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Null(answer.Headers.Location);
    }

    [Fact]
    public async Task Q40_a_uri_without_hint_or_with_another_clients_hint_is_refused()
    {
        await using var host = await OidcHost.StartAsync();
        using var unproven = await host.GetAsync(Url(null, Seed.LogoutUri, null), host.Cookie);
        Assert.Equal(HttpStatusCode.BadRequest, unproven.StatusCode);
        using var other = await host.GetAsync(Url((await host.TokensAsync()).GetProperty("id_token").GetString(), Seed.LogoutUri, null).Replace("app-a", "app-b", StringComparison.Ordinal), host.Cookie);
        Assert.Equal(HttpStatusCode.BadRequest, other.StatusCode);
    }

    [Fact]
    public async Task Q40_anothers_hint_asks_before_it_ends_anything()
    {
        await using var host = await OidcHost.StartAsync();
        var hint = (await host.TokensAsync()).GetProperty("id_token").GetString();
        var bob = await host.SignInAsync(host.Seed.BobId);
        using var answer = await host.GetAsync(Url(hint, Seed.LogoutUri, null), bob);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("Sign out?", await answer.Content.ReadAsStringAsync(OidcHost.Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cross_site_post_goes_on_as_a_get_that_brings_the_cookie()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.PostAsync(Path, [("state", "x")]);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal(Path + "?state=x", answer.Headers.Location!.OriginalString);
    }

    private static string Url(string? hint, string uri, string? state) =>
        $"{Path}?post_logout_redirect_uri={Uri.EscapeDataString(uri)}{(hint is null ? "" : "&id_token_hint=" + hint)}{(state is null ? "" : "&state=" + Uri.EscapeDataString(state))}";
}
