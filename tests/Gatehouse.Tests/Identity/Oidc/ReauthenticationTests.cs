using Gatehouse.Identity.Oidc;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Identity.Oidc;

public class ReauthenticationTests
{
    [Theory]
    [InlineData("prompt", "login")]
    [InlineData("max_age", "0")]
    [InlineData("max_age", "1")]
    public async Task A_demanded_sign_in_is_asked_for_once_and_then_goes_through(string name, string value)
    {
        await using var host = await OidcHost.StartAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var next = await DemandedAsync(host, OidcHost.Authorize((name, value)), host.Cookie);

        // The old session is not enough, however often it comes back.
        Assert.StartsWith("/if/flow/default-authentication-flow/", await LocationAsync(host, next, host.Cookie), StringComparison.Ordinal);

        var cookie = await host.SignInAsync(host.Seed.AdaId); // in the same millisecond as the demand
        host.Clock.Advance(TimeSpan.FromSeconds(5)); // longer than max_age: must not loop
        Assert.StartsWith(Seed.RedirectUri + "?code=", await LocationAsync(host, next, cookie), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_marker_can_not_be_left_out_carried_over_changed_or_kept()
    {
        await using var host = await OidcHost.StartAsync();
        var url = OidcHost.Authorize(("prompt", "login"));
        var next = await DemandedAsync(host, url, host.Cookie);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        var cookie = await host.SignInAsync(host.Seed.AdaId);
        var marker = next[(next.IndexOf("&gh_login=", StringComparison.Ordinal) + 10)..];

        foreach (var attempt in new[]
        {
            url,
            url + "&gh_login=",
            url + "&gh_login=AAAA",
            url + "&gh_login=" + marker[..^4] + "AAAA",
            OidcHost.Authorize(("prompt", "login"), ("state", "another round")) + "&gh_login=" + marker,
            OidcHost.Authorize(("prompt", "login"), ("client_id", Seed.OtherClientId)) + "&gh_login=" + marker,
        })
        {
            Assert.StartsWith("/if/flow/default-authentication-flow/", await LocationAsync(host, attempt, cookie), StringComparison.Ordinal);
        }

        Assert.Contains("error=invalid_request", await LocationAsync(host, next + "&gh_login=" + marker, cookie), StringComparison.Ordinal);
        host.Clock.Advance(TimeSpan.FromMinutes(20));
        Assert.StartsWith("/if/flow/default-authentication-flow/", await LocationAsync(host, next, cookie), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_young_sign_in_satisfies_max_age_and_an_old_one_with_prompt_none_says_login_required()
    {
        await using var host = await OidcHost.StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.NotEmpty(await host.CodeAsync(("max_age", "10000")));
        using var answer = await host.GetAsync(OidcHost.Authorize(("max_age", "5"), ("prompt", "none")), host.Cookie);
        Assert.Equal("login_required", OidcHost.Field(answer.Headers.Location!, "error"));
    }

    [Fact]
    public async Task The_flow_executor_can_not_finish_what_still_needs_a_sign_in()
    {
        await using var host = await OidcHost.StartAsync();
        await using var scope = host.Scope();
        var flow = scope.ServiceProvider.GetRequiredService<AuthorizationFlow>();
        var url = OidcHost.Authorize(("prompt", "login consent"));
        var query = url.Split('?')[1];
        var browser = await host.BrowserAsync(host.Cookie);
        Assert.Null(await flow.ReadAsync(OidcHost.Http(), query, browser, OidcHost.Stop));
        Assert.Equal(url, await flow.FinishAsync(OidcHost.Http(), query, browser, OidcHost.Stop));

        var next = await DemandedAsync(host, url, host.Cookie);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        var cookie = await host.SignInAsync(host.Seed.AdaId);
        var page = await LocationAsync(host, next, cookie);
        Assert.StartsWith("/if/flow/default-provider-authorization-implicit-consent/?" + query + "&gh_login=", page, StringComparison.Ordinal);
        Assert.StartsWith(Seed.RedirectUri + "?code=", await flow.FinishAsync(OidcHost.Http(), page.Split('?')[1], await host.BrowserAsync(cookie), OidcHost.Stop), StringComparison.Ordinal);
    }

    private static async Task<string> DemandedAsync(OidcHost host, string url, string cookie)
    {
        using var answer = await host.GetAsync(url, cookie);
        Assert.StartsWith("/if/flow/default-authentication-flow/", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        return OidcHost.Field(answer.Headers.Location!, "next")!;
    }

    private static async Task<string> LocationAsync(OidcHost host, string url, string cookie)
    {
        using var answer = await host.GetAsync(url, cookie);
        return answer.Headers.Location!.OriginalString;
    }
}
