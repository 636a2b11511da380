using System.Net;
using Gatehouse.Identity.Oidc;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Identity.Oidc;

public class AuthorizeTests
{
    [Fact]
    public async Task A_signed_in_person_goes_straight_to_the_client()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(), host.Cookie);

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        var location = answer.Headers.Location!;
        Assert.StartsWith(Seed.RedirectUri + "?code=", location.OriginalString, StringComparison.Ordinal);
        Assert.Equal("s 1&2", OidcHost.Field(location, "state"));
        Assert.Equal("https://auth.example.test/application/o/app-a/", OidcHost.Field(location, "iss")); // Q28
        Assert.Equal(64, OidcHost.Field(location, "code")!.Length); // Q11
        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single()); // Q21
    }

    [Fact]
    public async Task The_client_is_told_when_the_person_declines()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(("gh_declined", "1")), host.Cookie);

        Assert.StartsWith(Seed.RedirectUri + "?", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal("access_denied", OidcHost.Field(answer.Headers.Location!, "error"));
        Assert.Equal("s 1&2", OidcHost.Field(answer.Headers.Location!, "state"));
        Assert.Null(OidcHost.Field(answer.Headers.Location!, "code"));
        using var elsewhere = await host.GetAsync(OidcHost.Authorize(("gh_declined", "1"), ("redirect_uri", "https://evil.test/")), host.Cookie);
        Assert.Equal((HttpStatusCode.BadRequest, null), (elsewhere.StatusCode, elsewhere.Headers.Location));
    }

    [Fact]
    public async Task State_is_left_out_when_none_was_sent()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(("state", null)), host.Cookie);
        Assert.DoesNotContain("state", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("response_type", "token", "unsupported_response_type")]
    [InlineData("response_type", "code id_token", "invalid_request")] // Q16: not unless the provider allows it
    [InlineData("response_type", "id_token token", "invalid_request")]
    [InlineData("response_type", null, "invalid_request")]
    [InlineData("response_type", "code id_token token code", "unsupported_response_type")]
    [InlineData("request", "e30.e30.", "request_not_supported")]
    [InlineData("request_uri", "https://rp.test/r", "request_uri_not_supported")]
    [InlineData("code_challenge_method", "plain", "invalid_request")] // Q13
    [InlineData("code_challenge_method", null, "invalid_request")] // means plain
    [InlineData("code_challenge_method", "s256", "invalid_request")]
    [InlineData("code_challenge", null, "invalid_request")] // Q14: a method without a challenge
    [InlineData("code_challenge", "short", "invalid_request")]
    [InlineData("max_age", "soon", "invalid_request")]
    [InlineData("max_age", "-1", "invalid_request")]
    [InlineData("max_age", "99999999999999", "invalid_request")]
    [InlineData("prompt", "none login", "invalid_request")] // Q34
    [InlineData("prompt", "none consent", "consent_required")]
    [InlineData("nonce", "a\0b", "invalid_request")]
    public async Task The_client_is_told_what_is_wrong(string name, string? value, string error)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize((name, value)), host.Cookie);

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.StartsWith(Seed.RedirectUri, answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal(error, OidcHost.Field(answer.Headers.Location!, "error"));
        Assert.Equal("s 1&2", OidcHost.Field(answer.Headers.Location!, "state"));
        Assert.Equal("https://auth.example.test/application/o/app-a/", OidcHost.Field(answer.Headers.Location!, "iss"));
        Assert.Null(OidcHost.Field(answer.Headers.Location!, "code"));
    }

    [Theory]
    [InlineData("scope")]
    [InlineData("state")]
    [InlineData("response_type")]
    [InlineData("nonce")]
    [InlineData("code_challenge")]
    public async Task Q01_a_parameter_sent_twice_is_refused(string name)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize() + $"&{name}=x", host.Cookie);
        Assert.Equal("invalid_request", OidcHost.Field(answer.Headers.Location!, "error"));
    }

    [Fact]
    public async Task Q01_unknown_parameters_are_ignored_and_empty_ones_absent()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(("acr_values", "x"), ("claims", "{}"), ("prompt", ""), ("max_age", "")) + "&foo=1&foo=2", host.Cookie);
        Assert.NotNull(OidcHost.Field(answer.Headers.Location!, "code"));
    }

    [Theory]
    [InlineData("client_id", "unknown", "Client ID Error")]
    [InlineData("client_id", null, "Client ID Error")]
    [InlineData("client_id", "client-a\0", "Client ID Error")]
    [InlineData("client_id", "CLIENT-A", "Client ID Error")]
    [InlineData("redirect_uri", null, "Redirect URI Error")]
    [InlineData("redirect_uri", "https://rp.test/cb/", "Redirect URI Error")]
    [InlineData("redirect_uri", "https://RP.test/cb", "Redirect URI Error")]
    [InlineData("redirect_uri", "https://rp.test/bye", "Redirect URI Error")] // registered, but for logout
    public async Task Q02_a_wrong_client_or_redirect_uri_gets_a_page(string name, string? value, string title)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize((name, value)), host.Cookie);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Null(answer.Headers.Location);
        Assert.Contains($"<h1>{title}</h1>", await answer.Content.ReadAsStringAsync(OidcHost.Stop), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("prompt", "none")]
    [InlineData("scope", "nonsense")]
    [InlineData("response_type", "token")]
    public async Task O05_errors_never_redirect_to_an_unchecked_uri(string name, string value)
    {
        await using var host = await OidcHost.StartAsync();
        foreach (var cookie in new[] { host.Cookie, null })
        {
            using var answer = await host.GetAsync(OidcHost.Authorize((name, value), ("redirect_uri", "https://evil.test/")), cookie);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Null(answer.Headers.Location);
        }
    }

    [Fact]
    public async Task O26_the_redirect_page_encodes_what_was_offered_and_marks_the_difference()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(("redirect_uri", "https://rp.test/cX\"><svg onload=alert(1)>")), host.Cookie);

        var page = await answer.Content.ReadAsStringAsync(OidcHost.Stop);
        Assert.DoesNotContain("<svg onload", page, StringComparison.Ordinal);
        Assert.Contains("https://rp.test/c<mark>b</mark>", page, StringComparison.Ordinal);
        Assert.Contains("https://rp.test/c<mark>X</mark>&quot;&gt;&lt;svg", page, StringComparison.Ordinal);
        Assert.Contains("script-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_keeps_the_query_of_the_redirect_uri()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ChangeAsync(async db => (await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop)).RedirectUris =
            [new(MatchingMode.Strict, "https://rp.test/cb?tenant=1", RedirectUriType.Authorization)]);
        using var answer = await host.GetAsync(OidcHost.Authorize(("redirect_uri", "https://rp.test/cb?tenant=1"), ("request", "x")), host.Cookie);
        Assert.StartsWith("https://rp.test/cb?tenant=1&error=request_not_supported", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_query_is_not_found()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync("/application/o/authorize/", host.Cookie);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_post_goes_on_as_a_get()
    {
        await using var host = await OidcHost.StartAsync();
        using var posted = await host.PostAsync("/application/o/authorize/", OidcHost.Authorize().Split('?')[1].Split('&').Select(p => (p.Split('=')[0], Uri.UnescapeDataString(p.Split('=')[1]))));
        Assert.Equal(HttpStatusCode.SeeOther, posted.StatusCode);
        using var answer = await host.GetAsync(posted.Headers.Location!.OriginalString, host.Cookie);
        Assert.NotNull(OidcHost.Field(answer.Headers.Location!, "code"));
    }

    [Fact]
    public async Task Who_is_not_signed_in_goes_to_the_login_flow_and_comes_back()
    {
        await using var host = await OidcHost.StartAsync();
        var url = OidcHost.Authorize(("login_hint", "ada"));
        using var answer = await host.GetAsync(url + "&next=https%3A%2F%2Fevil.test&n%65xt=2");

        var location = answer.Headers.Location!.OriginalString;
        Assert.StartsWith("/if/flow/default-authentication-flow/?" + url.Split('?')[1] + "&next=", location, StringComparison.Ordinal);
        Assert.StartsWith(url, OidcHost.Field(answer.Headers.Location!, "next"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Prompt_none_without_a_session_says_login_required(bool isActive)
    {
        await using var host = await OidcHost.StartAsync();
        await host.ChangeAsync(async db => (await db.Users.SingleAsync(u => u.Id == host.Seed.AdaId, OidcHost.Stop)).IsActive = isActive);
        using var answer = await host.GetAsync(OidcHost.Authorize(("prompt", "none")), isActive ? null : host.Cookie);
        Assert.Equal("login_required", OidcHost.Field(answer.Headers.Location!, "error"));
    }

    [Fact]
    public async Task A_provider_without_application_gets_the_permission_denied_page()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ChangeAsync(async db => db.ProviderApplications.Remove(await db.ProviderApplications.SingleAsync(a => a.Id == host.Seed.ApplicationId, OidcHost.Stop)));
        using var answer = await host.GetAsync(OidcHost.Authorize(), host.Cookie);
        Assert.Null(answer.Headers.Location);
        Assert.Contains("Permission denied", await answer.Content.ReadAsStringAsync(OidcHost.Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Form_post_answers_with_a_page_that_posts_itself()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(("response_mode", "form_post"), ("state", "\"><svg onload=x>")), host.Cookie);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var page = await answer.Content.ReadAsStringAsync(OidcHost.Stop);
        Assert.Contains("action=\"https://rp.test/cb\"", page, StringComparison.Ordinal);
        Assert.Contains("name=\"code\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<svg onload", page, StringComparison.Ordinal);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("form-action 'self' https://rp.test;", policy, StringComparison.Ordinal);
        Assert.Contains("script-src 'sha256-", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fragment_is_honoured()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(("response_mode", "fragment")), host.Cookie);
        Assert.StartsWith(Seed.RedirectUri + "#code=", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Public_clients_have_to_use_pkce()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(("client_id", Seed.PublicClientId), ("code_challenge", null), ("code_challenge_method", null)), host.Cookie);
        Assert.Equal("invalid_request", OidcHost.Field(answer.Headers.Location!, "error"));
    }

    [Fact]
    public async Task A_provider_without_the_grant_type_refuses()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ChangeAsync(async db => (await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop)).GrantTypes = []);
        using var answer = await host.GetAsync(OidcHost.Authorize(), host.Cookie);
        Assert.Equal("invalid_request", OidcHost.Field(answer.Headers.Location!, "error"));
    }

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("JavaScript://x/%0aalert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData(" vbscript:x")]
    public async Task O03_no_form_is_posted_to_a_script(string uri)
    {
        await using var host = await OidcHost.StartAsync();
        await host.ChangeAsync(async db => (await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop)).RedirectUris.Add(new RedirectUri(MatchingMode.Strict, uri, RedirectUriType.Authorization)));

        using var answer = await host.GetAsync(OidcHost.Authorize(("response_mode", "form_post"), ("redirect_uri", uri)), host.Cookie);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Null(answer.Headers.Location);
        Assert.DoesNotContain("<form", await answer.Content.ReadAsStringAsync(OidcHost.Stop), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task H06_urls_come_from_the_settings_not_from_the_request()
    {
        await using var host = await OidcHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/application/o/app-a/.well-known/openid-configuration");
        request.Headers.Host = "evil.test";
        request.Headers.Add("X-Forwarded-Host", "evil.test");
        request.Headers.Add("Forwarded", "host=evil.test");
        using var answer = await host.SendAsync(request);
        Assert.DoesNotContain("evil.test", await answer.Content.ReadAsStringAsync(OidcHost.Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Consent_is_asked_for_once_and_prompt_none_says_so()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ChangeAsync(async db => (await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop)).AuthorizationFlowId = host.Seed.ExplicitFlowId);

        using var asked = await host.GetAsync(OidcHost.Authorize(), host.Cookie);
        Assert.StartsWith("/if/flow/default-provider-authorization-explicit-consent/?client_id=", asked.Headers.Location!.OriginalString, StringComparison.Ordinal);
        using var silent = await host.GetAsync(OidcHost.Authorize(("prompt", "none")), host.Cookie);
        Assert.Equal("consent_required", OidcHost.Field(silent.Headers.Location!, "error"));

        await host.ChangeAsync(db =>
        {
            db.UserConsents.Add(new UserConsent { UserId = host.Seed.AdaId, ApplicationId = host.Seed.ApplicationId, Scopes = ["email", "profile"], ExpiresAt = host.Clock.GetUtcNow().AddDays(1) });
            return Task.CompletedTask;
        });
        Assert.NotEmpty(await host.CodeAsync(("prompt", "none")));
        Assert.NotEmpty(await host.CodeAsync());
        using var wider = await host.GetAsync(OidcHost.Authorize(("prompt", "none"), ("scope", "openid email profile offline_access")), host.Cookie);
        Assert.Equal("consent_required", OidcHost.Field(wider.Headers.Location!, "error"));
        host.Clock.Advance(TimeSpan.FromDays(2));
        using var late = await host.GetAsync(OidcHost.Authorize(("prompt", "none")), host.Cookie);
        Assert.Equal("consent_required", OidcHost.Field(late.Headers.Location!, "error"));
    }

    [Fact]
    public async Task The_flow_executor_reads_the_request_and_finishes_it()
    {
        await using var host = await OidcHost.StartAsync();
        await using var scope = host.Scope();
        var flow = scope.ServiceProvider.GetRequiredService<AuthorizationFlow>();
        var browser = await host.BrowserAsync(host.Cookie);
        var query = OidcHost.Authorize(("prompt", "consent")).Split('?')[1];

        var pending = await flow.ReadAsync(OidcHost.Http(), query, browser, OidcHost.Stop);
        Assert.Equal((host.Seed.ApplicationId, "App a", "default-provider-authorization-implicit-consent", true), (pending!.ApplicationId, pending.ApplicationName, pending.FlowSlug, pending.MustConsent));
        Assert.Equal([new("openid", ""), new("email", "Email address"), new ScopePermission("profile", "General profile")], pending.Permissions);
        Assert.StartsWith(Seed.RedirectUri + "?code=", await flow.FinishAsync(OidcHost.Http(), query, browser, OidcHost.Stop), StringComparison.Ordinal);

        Assert.Null(await flow.ReadAsync(OidcHost.Http(), "client_id=unknown", browser, OidcHost.Stop));
        Assert.Equal("/application/o/authorize/?client_id=%0D%0A", await flow.FinishAsync(OidcHost.Http(), "?client_id=\r\n", browser, OidcHost.Stop));
    }

    [Fact]
    public async Task The_flow_executor_hands_form_post_answers_back_to_the_endpoint()
    {
        await using var host = await OidcHost.StartAsync();
        await using var scope = host.Scope();
        var flow = scope.ServiceProvider.GetRequiredService<AuthorizationFlow>();
        var query = OidcHost.Authorize(("prompt", "consent"), ("response_mode", "form_post")).Split('?')[1];
        var url = await flow.FinishAsync(OidcHost.Http(), query, await host.BrowserAsync(host.Cookie), OidcHost.Stop);

        using var answer = await host.GetAsync(url, host.Cookie);
        Assert.Contains("name=\"code\"", await answer.Content.ReadAsStringAsync(OidcHost.Stop), StringComparison.Ordinal);
        using var widened = await host.GetAsync(url.Replace("profile", "profile%20offline_access", StringComparison.Ordinal), host.Cookie); // agreed to less
        Assert.Equal(HttpStatusCode.Found, widened.StatusCode);
        using var other = await host.GetAsync(url, await host.SignInAsync(host.Seed.BobId)); // bob agreed to nothing
        Assert.StartsWith("/if/flow/", other.Headers.Location!.OriginalString, StringComparison.Ordinal);
        host.Clock.Advance(TimeSpan.FromMinutes(2));
        using var late = await host.GetAsync(url, host.Cookie);
        Assert.StartsWith("/if/flow/", late.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }
}
