using System.Net;
using System.Text.RegularExpressions;
using Gatehouse.Identity.Oidc;
using Gatehouse.Model.Flows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Identity.Oidc;

/// <summary>Who an authorization is for: <c>prompt=select_account</c>, <c>id_token_hint</c>, and the flow that signs people in.</summary>
public class AccountChoiceTests
{
    private const string SignIn = "/if/flow/default-authentication-flow/";

    [Fact]
    public async Task Select_account_asks_who_it_shall_be_and_goes_on_with_the_answer()
    {
        await using var host = await OidcHost.StartAsync();
        var (page, goOn, another, cancel) = await PageAsync(host, OidcHost.Authorize(("prompt", "select_account")));

        Assert.Contains("ada@example.test", page, StringComparison.Ordinal);
        Assert.StartsWith(Seed.RedirectUri + "?code=", await LocationAsync(host, goOn, host.Cookie), StringComparison.Ordinal);
        Assert.Contains("error=access_denied", await LocationAsync(host, cancel, host.Cookie), StringComparison.Ordinal);

        // Somebody else signs in: that is a choice, and is not asked for again.
        Assert.StartsWith(SignIn, another, StringComparison.Ordinal);
        Assert.Contains("gh_reauth=1", another, StringComparison.Ordinal);
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        var bob = await host.SignInAsync(host.Seed.BobId);
        Assert.StartsWith(Seed.RedirectUri + "?code=", await LocationAsync(host, OidcHost.Field(new Uri("https://x" + another), "next")!, bob), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_signs_in_for_the_request_has_chosen()
    {
        await using var host = await OidcHost.StartAsync();
        foreach (var prompt in new[] { "select_account", "login select_account" })
        {
            var next = OidcHost.Field(new Uri("https://x" + await LocationAsync(host, OidcHost.Authorize(("prompt", prompt)), null)), "next")!;
            host.Clock.Advance(TimeSpan.FromSeconds(5));
            Assert.StartsWith(Seed.RedirectUri + "?code=", await LocationAsync(host, next, await host.SignInAsync(host.Seed.AdaId)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("select_account", null, false)]
    [InlineData(null, "x", false)]
    [InlineData("login", null, true)]
    public async Task Only_who_is_asked_to_sign_in_again_is_asked_for_what_a_browser_is_remembered_for(string? prompt, string? hint, bool isAgain)
    {
        await using var host = await OidcHost.StartAsync();
        var page = await LocationAsync(host, OidcHost.Authorize(("prompt", prompt), ("id_token_hint", hint)), null);
        Assert.StartsWith(SignIn, page, StringComparison.Ordinal);
        Assert.Equal(isAgain, page.Contains("gh_reauth=1", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("select_account")]
    [InlineData("login")]
    public async Task Who_signs_in_instead_of_one_who_may_not_is_not_asked_once_more(string prompt)
    {
        await using var host = await OidcHost.StartAsync();
        await host.ChangeAsync(async db => AccessRuleTests.Bind(db, host, group: (await db.Groups.SingleAsync(g => g.Name == "staff", OidcHost.Stop)).Id));
        var signIn = OidcHost.Field(new Uri("https://x" + await LocationAsync(host, OidcHost.Authorize(("prompt", prompt)), null)), "next")!;
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        using var denied = await host.GetAsync(signIn, await host.SignInAsync(host.Seed.BobId));
        var notYou = Regex.Matches(await denied.Content.ReadAsStringAsync(OidcHost.Stop), "href=\"([^\"]+)\"").Select(m => WebUtility.HtmlDecode(m.Groups[1].Value)).Single(l => l.StartsWith(SignIn, StringComparison.Ordinal));
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        var next = OidcHost.Field(new Uri("https://x" + notYou), "next")!;
        Assert.StartsWith(Seed.RedirectUri + "?code=", await LocationAsync(host, next, await host.SignInAsync(host.Seed.AdaId)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_choice_is_for_one_request_and_one_session()
    {
        await using var host = await OidcHost.StartAsync();
        var (_, goOn, _, _) = await PageAsync(host, OidcHost.Authorize(("prompt", "select_account")));
        var mark = goOn[goOn.IndexOf("&gh_account=", StringComparison.Ordinal)..];

        foreach (var (url, cookie) in new[]
        {
            (goOn, await host.SignInAsync(host.Seed.BobId)),
            (goOn[..^4] + "AAAA", host.Cookie),
            (OidcHost.Authorize(("prompt", "select_account"), ("state", "another")) + mark, host.Cookie),
            (OidcHost.Authorize(("prompt", "select_account")) + mark.Replace("gh_account", "gh_consent", StringComparison.Ordinal), host.Cookie),
        })
        {
            await PageAsync(host, url, cookie);
        }

        host.Clock.Advance(TimeSpan.FromMinutes(16));
        await PageAsync(host, goOn);
    }

    [Fact]
    public async Task The_choice_comes_before_consent_and_outlasts_its_page()
    {
        await using var host = await OidcHost.StartAsync();
        var url = OidcHost.Authorize(("prompt", "select_account consent"));
        await using var scope = host.Scope();
        var flow = scope.ServiceProvider.GetRequiredService<AuthorizationFlow>();
        var browser = await host.BrowserAsync(host.Cookie);
        Assert.Null(await flow.ReadAsync(OidcHost.Http(), url.Split('?')[1], browser, OidcHost.Stop));

        var (_, goOn, _, _) = await PageAsync(host, url);
        var consent = await LocationAsync(host, goOn, host.Cookie);

        Assert.StartsWith("/if/flow/default-provider-authorization-implicit-consent/?", consent, StringComparison.Ordinal);
        Assert.NotNull(await flow.ReadAsync(OidcHost.Http(), consent.Split('?')[1], browser, OidcHost.Stop));
        Assert.StartsWith(Seed.RedirectUri + "?code=", await flow.FinishAsync(OidcHost.Http(), consent.Split('?')[1], browser, OidcHost.Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hint_of_somebody_else_is_never_answered_with_whoever_is_there()
    {
        await using var host = await OidcHost.StartAsync();
        var hint = (await host.TokensAsync()).GetProperty("id_token").GetString()!;
        var bob = await host.SignInAsync(host.Seed.BobId);

        Assert.Contains("code=", await LocationAsync(host, OidcHost.Authorize(("prompt", "none"), ("id_token_hint", hint)), host.Cookie), StringComparison.Ordinal);
        Assert.Contains("error=login_required", await LocationAsync(host, OidcHost.Authorize(("prompt", "none"), ("id_token_hint", hint)), bob), StringComparison.Ordinal);
        var asked = await LocationAsync(host, OidcHost.Authorize(("id_token_hint", hint)), bob);
        Assert.StartsWith(SignIn, asked, StringComparison.Ordinal);
        var next = OidcHost.Field(new Uri("https://x" + asked), "next")!;
        host.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.StartsWith(Seed.RedirectUri + "?code=", await LocationAsync(host, next, await host.SignInAsync(host.Seed.AdaId)), StringComparison.Ordinal);
        Assert.Contains("error=login_required", await LocationAsync(host, next, await host.SignInAsync(host.Seed.BobId)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hint_that_is_none_of_the_clients_says_nothing()
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await host.TokensAsync();
        var bob = await host.SignInAsync(host.Seed.BobId);
        var hint = tokens.GetProperty("id_token").GetString()!;

        foreach (var text in new[] { "x", hint[..^6] + "AAAAAA", tokens.GetProperty("access_token").GetString()!, "a.b.c" })
        {
            Assert.Contains("code=", await LocationAsync(host, OidcHost.Authorize(("prompt", "none"), ("id_token_hint", text)), bob), StringComparison.Ordinal);
        }

        Assert.Contains("error=invalid_request", await LocationAsync(host, OidcHost.Authorize(("id_token_hint", hint)) + "&id_token_hint=x", bob), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Applications_sign_people_in_by_the_brands_flow_unless_the_provider_has_its_own()
    {
        await using var host = await OidcHost.StartAsync();
        var (house, own) = (NewFlow("house"), NewFlow("own"));
        await host.ChangeAsync(async db =>
        {
            db.Flows.AddRange(house, own);
            (await db.Brands.SingleAsync(OidcHost.Stop)).AuthenticationFlowId = house.Id;
        });
        Assert.StartsWith("/if/flow/house/?", await LocationAsync(host, OidcHost.Authorize(), null), StringComparison.Ordinal);

        await host.ChangeAsync(async db => (await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop)).AuthenticationFlowId = own.Id);
        Assert.StartsWith("/if/flow/own/?", await LocationAsync(host, OidcHost.Authorize(), null), StringComparison.Ordinal);
    }

    private static Flow NewFlow(string slug) =>
        new() { Id = Guid.CreateVersion7(), Slug = slug, Name = slug, Title = slug, Designation = "authentication", Authentication = "none" };

    private static async Task<(string Page, string GoOn, string Another, string Cancel)> PageAsync(OidcHost host, string url, string? cookie = null)
    {
        using var answer = await host.GetAsync(url, cookie ?? host.Cookie);
        var page = await answer.Content.ReadAsStringAsync(OidcHost.Stop);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("Choose an account", page, StringComparison.Ordinal);
        var links = Regex.Matches(page, "href=\"([^\"]+)\"").Select(m => WebUtility.HtmlDecode(m.Groups[1].Value)).ToList();
        return (page, links.Single(l => l.Contains("gh_account=", StringComparison.Ordinal)), links.Single(l => l.StartsWith("/if/flow/", StringComparison.Ordinal)), links.Single(l => l.Contains("gh_declined", StringComparison.Ordinal)));
    }

    private static async Task<string> LocationAsync(OidcHost host, string url, string? cookie)
    {
        using var answer = await host.GetAsync(url, cookie);
        return answer.Headers.Location?.OriginalString ?? $"{(int)answer.StatusCode}";
    }
}
