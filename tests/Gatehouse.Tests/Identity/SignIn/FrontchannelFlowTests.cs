using Gatehouse.Model.Providers;
using Gatehouse.Model.Sessions;
using Gatehouse.Store.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>The logout flow loads what applications want loaded.</summary>
public class FrontchannelFlowTests
{
    private const string Invalidation = "default-invalidation-flow";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_flow_shows_the_frames_once_and_goes_on_with_the_answer()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var sid = await VisitAsync(host);
        var flow = browser.Flow(Invalidation, "next=/if/user/");

        var frames = await flow.ShowAsync();

        Assert.Equal("ak-provider-iframe-logout", frames.Component);
        var url = Assert.Single(frames.Json.GetProperty("logout_urls").EnumerateArray());
        Assert.Equal("redirect", url.GetProperty("binding").GetString());
        Assert.Equal("The wiki", url.GetProperty("provider_name").GetString());
        Assert.Equal($"https://wiki.test/out?iss={Uri.EscapeDataString("https://auth.gh.test/application/o/wiki/")}&sid={sid}", url.GetProperty("url").GetString());
        Assert.Equal(0, await host.ReadAsync(db => db.AuthenticatedSessions.CountAsync(Cancel)));
        var end = await flow.AnswerAsync(("component", "ak-provider-iframe-logout"));
        Assert.Equal(("xak-flow-redirect", "/if/user/"), (end.Component, end.Text("to")));
    }

    [Fact]
    public async Task A_client_that_answers_before_it_asks_gets_the_frames_too()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();
        await VisitAsync(host);
        var flow = browser.Flow(Invalidation);

        Assert.Equal("ak-provider-iframe-logout", (await flow.AnswerAsync(("component", "ak-provider-iframe-logout"))).Component);
        Assert.Equal("ak-stage-session-end", (await flow.AnswerAsync(("component", "ak-provider-iframe-logout"))).Component);
    }

    [Fact]
    public async Task The_page_of_the_flow_may_load_exactly_these()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();
        await VisitAsync(host);

        using var page = await browser.GetAsync($"/if/flow/{Invalidation}/");
        using var other = await browser.GetAsync("/if/flow/default-authentication-flow/");

        Assert.Contains("; frame-src https://wiki.test/out;", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("; frame-src 'none';", other.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_such_applications_the_flow_just_ends()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = await host.SignedInAsync();

        Assert.Equal("ak-stage-session-end", (await browser.Flow(Invalidation).ShowAsync()).Component);
    }

    private static async Task<string> VisitAsync(SignInHost host)
    {
        var sid = "";
        await host.ChangeAsync(async db =>
        {
            var flow = await db.Flows.FirstAsync(Cancel);
            var provider = new OAuth2Provider
            {
                Name = "wiki",
                ClientId = "wiki",
                SealedClientSecret = [1],
                RedirectUris = [],
                LogoutUri = "https://wiki.test/out",
                LogoutMethod = LogoutMethod.Frontchannel,
                AuthorizationFlowId = flow.Id,
                InvalidationFlowId = flow.Id,
            };
            db.Providers.Add(provider);
            await db.SaveChangesAsync(Cancel);
            db.ProviderApplications.Add(new ProviderApplication { Id = Guid.CreateVersion7(), Slug = "wiki", Name = "The wiki", ProviderId = provider.Id });
            var session = await db.AuthenticatedSessions.SingleAsync(Cancel);
            sid = SessionNames.Of(session.Uuid);
            await SessionEnd.RememberClientAsync(db, session, session.UserId, provider.Id, host.Clock.GetUtcNow(), Cancel);
        });
        return sid;
    }
}
