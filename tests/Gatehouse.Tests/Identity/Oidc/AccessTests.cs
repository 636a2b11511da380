using System.Net;
using Gatehouse.Model.Events;
using Gatehouse.Model.Tokens;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Oidc;

/// <summary>Access to the application and consent: asked at each step, and taken away at once.</summary>
public class AccessTests
{
    [Fact]
    public async Task A_denied_person_gets_a_page_with_the_reason_and_a_silent_client_an_error()
    {
        await using var host = await OidcHost.StartAsync();
        host.Policies.Denied[(host.Seed.ApplicationId, host.Seed.AdaId)] = "Engineers only <b>.";
        using var answer = await host.GetAsync(OidcHost.Authorize(), host.Cookie);
        var page = await answer.Content.ReadAsStringAsync(OidcHost.Stop);
        Assert.Equal((HttpStatusCode.OK, null), (answer.StatusCode, answer.Headers.Location));
        Assert.Contains("Permission denied", page, StringComparison.Ordinal);
        Assert.Contains("Engineers only &lt;b&gt;.", page, StringComparison.Ordinal);
        using var silent = await host.GetAsync(OidcHost.Authorize(("prompt", "none")), host.Cookie);
        Assert.Equal("access_denied", OidcHost.Field(silent.Headers.Location!, "error"));
    }

    [Fact]
    public async Task O12_access_taken_away_ends_with_the_next_refresh()
    {
        await using var host = await OidcHost.StartAsync();
        var token = (await host.TokensAsync()).GetProperty("refresh_token").GetString()!;
        host.Policies.Denied[(host.Seed.ApplicationId, host.Seed.AdaId)] = "no";
        using var denied = await host.RefreshAsync(token);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(denied));
        host.Policies.Denied.Clear();
        using var again = await host.RefreshAsync(token); // it was not burnt
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task O12_Row_47_consent_taken_back_ends_the_tokens_and_is_asked_for_again()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.AuthorizationFlowId = host.Seed.ExplicitFlowId);
        await host.ChangeAsync(db =>
        {
            db.UserConsents.Add(new UserConsent { UserId = host.Seed.AdaId, ApplicationId = host.Seed.ApplicationId, Scopes = ["email", "profile", "offline_access"], ExpiresAt = host.Clock.GetUtcNow().AddDays(1) });
            return Task.CompletedTask;
        });
        var tokens = await host.TokensAsync();
        var (access, refresh) = (tokens.GetProperty("access_token").GetString()!, tokens.GetProperty("refresh_token").GetString()!);
        Assert.True((await host.IntrospectAsync(access)).GetProperty("active").GetBoolean());

        await host.ChangeAsync(db => db.UserConsents.ExecuteDeleteAsync(OidcHost.Stop));
        Assert.False((await host.IntrospectAsync(access)).GetProperty("active").GetBoolean());
        using var refused = await host.RefreshAsync(refresh);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(refused));
        using var asked = await host.GetAsync(OidcHost.Authorize(), host.Cookie);
        Assert.StartsWith("/if/flow/default-provider-authorization-explicit-consent/", asked.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_of_consent_allows_the_clients_picture_and_judges_nothing()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.AuthorizationFlowId = host.Seed.ExplicitFlowId);
        await host.ChangeAsync(async db => (await db.ProviderApplications.SingleAsync(a => a.Id == host.Seed.ApplicationId, OidcHost.Stop)).Icon = "https://pictures.test:8443/a.svg");
        using var sent = await host.GetAsync(OidcHost.Authorize(), host.Cookie);
        var asked = host.Policies.Asked.Count;

        using var page = await host.GetAsync(sent.Headers.Location!.OriginalString, host.Cookie);
        using var stranger = await host.GetAsync(sent.Headers.Location.OriginalString);

        Assert.Contains("img-src 'self' data: https://pictures.test:8443;", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("img-src 'self' data:;", stranger.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal(asked, host.Policies.Asked.Count);
    }

    [Theory]
    [InlineData("permanent", null)]
    [InlineData("expiring", 7)]
    [InlineData("always_require", 0)]
    public async Task Row_47_each_mode_asks_as_often_as_it_says(string mode, int? days)
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.AuthorizationFlowId = host.Seed.ExplicitFlowId);
        await host.ChangeAsync(db => db.Stages.Where(s => s.Name == "default-provider-authorization-explicit-consent")
            .ExecuteUpdateAsync(s => s.SetProperty(x => x.SettingsJson, $$"""{"mode":"{{mode}}","consent_expire_in":"days=7"}"""), OidcHost.Stop));
        using var browser = host.BrowserOf(host.Cookie);
        Assert.NotNull(OidcHost.Field(await AgreeAsync(browser), "code"));
        using var silent = await host.GetAsync(OidcHost.Authorize(("prompt", "none")), host.Cookie);
        Assert.Equal(days == 0, OidcHost.Field(silent.Headers.Location!, "error") == "consent_required");
        host.Clock.Advance(TimeSpan.FromDays(8));
        using var later = await host.GetAsync(OidcHost.Authorize(("prompt", "none")), await host.SignInAsync(host.Seed.AdaId));
        Assert.Equal(days is not null, OidcHost.Field(later.Headers.Location!, "error") == "consent_required");
    }

    [Fact]
    public async Task O25_another_client_between_page_and_answer_is_not_what_was_agreed_to()
    {
        await using var host = await OidcHost.StartAsync();
        foreach (var client in new[] { Seed.ClientId, Seed.OtherClientId })
        {
            await host.ConfigureAsync(p => p.AuthorizationFlowId = host.Seed.ExplicitFlowId, client);
        }

        using var browser = host.BrowserOf(host.Cookie);
        const string Flow = "default-provider-authorization-explicit-consent";
        var shown = await browser.Flow(Flow, OidcHost.Authorize().Split('?')[1]).ShowAsync();
        var swapped = browser.Flow(Flow, OidcHost.Authorize(("client_id", Seed.OtherClientId)).Split('?')[1]);
        var answer = await swapped.AnswerAsync(("component", "ak-stage-consent"), ("token", shown.Text("token")));
        Assert.Equal("invalid", answer.FaultCode("token"));
    }

    [Fact]
    public async Task What_happened_is_written_down()
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await host.TokensAsync();
        var granted = Assert.Single(host.Events.All, e => e.Action == EventActions.AuthorizeApplication);
        Assert.Equal(("ada", "App a"), (granted.Actor!.Username, granted.Context["authorized_application"]!["name"]!.GetValue<string>()));
        await using (var db = host.Database.CreateDbContext())
        {
            Assert.Equal(EventActions.AuthorizeApplication, (await db.Events.SingleAsync(OidcHost.Stop)).Action); // saved with the grant
        }

        var refresh = tokens.GetProperty("refresh_token").GetString()!;
        using var first = await host.RefreshAsync(refresh);
        using var second = await host.RefreshAsync(refresh);
        Assert.Equal("ada", Assert.Single(host.Events.Of(EventActions.SuspiciousRequest)).Actor!.Username);
        using var info = await host.GetAsync("/application/o/userinfo/", bearer: tokens.GetProperty("access_token").GetString());
        Assert.Equal(2, host.Events.Of(EventActions.SuspiciousRequest).Count());

        using var bad = await host.GetAsync(OidcHost.Authorize(("redirect_uri", "https://evil.test/?secret=1")));
        var misconfigured = Assert.Single(host.Events.Of(EventActions.ConfigurationError)).Context;
        Assert.Equal("https://evil.test/", misconfigured["redirect_uri"]!.GetValue<string>());
    }

    [Fact]
    public async Task What_visitors_can_repeat_without_end_is_one_event()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.GrantTypes = ["authorization_code", "client_credentials"]);
        host.Policies.Denied[(host.Seed.ApplicationId, host.Seed.AdaId)] = "no";
        for (var i = 0; i < 5; i++)
        {
            using var denied = await host.GetAsync(OidcHost.Authorize(), host.Cookie);
            using var bad = await host.GetAsync(OidcHost.Authorize(("redirect_uri", $"https://evil.test/{i}")));
            using var failed = await host.GrantAsync("client_credentials", ("client_secret", null), ("username", $"nobody-{i}"), ("password", "guess"));
            Assert.Equal(HttpStatusCode.BadRequest, failed.StatusCode);
        }

        foreach (var action in (string[])[EventActions.PolicyExecution, EventActions.ConfigurationError, EventActions.LoginFailed])
        {
            Assert.Single(host.Events.Of(action));
        }

        host.Clock.Advance(TimeSpan.FromMinutes(6));
        using var later = await host.GrantAsync("client_credentials", ("client_secret", null), ("username", "ada"), ("password", "guess"));
        Assert.Null(host.Events.Of(EventActions.LoginFailed).Last().Context["repeated"]); // ada's name is a target of its own
        using var last = await host.GrantAsync("client_credentials", ("client_secret", null), ("username", "nobody"), ("password", "guess"));
        Assert.Equal(4, host.Events.Of(EventActions.LoginFailed).Last().Context["repeated"]!.GetValue<int>());
    }

    [Theory]
    [InlineData(null, HttpStatusCode.BadRequest)]
    [InlineData("acct:ada@example.test", HttpStatusCode.OK)]
    [InlineData("acct:nobody@example.test", HttpStatusCode.OK)] // tells nobody who exists
    public async Task Webfinger_names_the_issuer_of_the_brands_application(string? resource, HttpStatusCode status)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync("/.well-known/webfinger" + (resource is null ? "" : $"?resource={Uri.EscapeDataString(resource)}&rel=x"));
        Assert.Equal(status, answer.StatusCode);
        if (resource is not null)
        {
            var body = await OidcHost.JsonAsync(answer);
            Assert.Equal("application/jrd+json", answer.Content.Headers.ContentType!.MediaType);
            Assert.Equal(resource, body.GetProperty("subject").GetString());
            Assert.Equal("https://auth.example.test/application/o/app-a/", body.GetProperty("links")[0].GetProperty("href").GetString());
            await host.ChangeAsync(db => db.Brands.ExecuteUpdateAsync(b => b.SetProperty(x => x.DefaultApplicationId, (Guid?)null), OidcHost.Stop));
            using var none = await host.GetAsync("/.well-known/webfinger?resource=x");
            Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        }
    }

    private static async Task<Uri> AgreeAsync(Browser browser)
    {
        var flow = browser.Flow("default-provider-authorization-explicit-consent", OidcHost.Authorize().Split('?')[1]);
        var asked = await flow.ShowAsync();
        return new Uri((await flow.AnswerAsync(("component", "ak-stage-consent"), ("token", asked.Text("token")))).Text("to"));
    }
}
