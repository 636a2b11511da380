using System.Text.Json;
using Gatehouse.Model.Brands;
using Gatehouse.Model.Providers;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>What stands at the end of a logout that leads nowhere else.</summary>
public class SessionEndTests
{
    private const string OfProviders = "default-provider-invalidation-flow";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_logged_out_of_an_application_sees_which_and_may_go_back_to_it_or_log_out_of_everything()
    {
        await using var host = await StartAsync();
        using var browser = await host.SignedInAsync();

        var end = await browser.Flow(OfProviders, "application=wiki").ShowAsync();

        Assert.Equal("ak-stage-session-end", end.Component);
        Assert.Equal(("The wiki", "https://wiki.test/?u=alice", "The House"), (end.Text("application_name"), end.Text("application_launch_url"), end.Text("brand_name")));
        Assert.Equal(("/flows/-/default/invalidation/", "/if/user/", "alice"), (end.Text("invalidation_flow_url"), end.Text("overview_url"), end.Text("pending_user")));
        Assert.Equal("You've logged out of The wiki.", end.Json.GetProperty("flow_info").GetProperty("title").GetString());
        Assert.Equal(1, await host.ReadAsync(db => db.AuthenticatedSessions.CountAsync(Cancel))); // looking at it ends nothing
    }

    [Fact]
    public async Task Who_logged_out_of_everything_is_offered_no_more_of_it()
    {
        await using var host = await StartAsync();
        using var browser = await host.SignedInAsync();

        var end = await browser.Flow("default-invalidation-flow").ShowAsync();

        Assert.Equal("ak-stage-session-end", end.Component);
        Assert.Equal("The House", end.Text("brand_name"));
        foreach (var absent in (string[])["application_name", "application_launch_url", "invalidation_flow_url", "overview_url"])
        {
            Assert.True(!end.Json.TryGetProperty(absent, out var value) || value.ValueKind == JsonValueKind.Null, absent);
        }
    }

    [Theory]
    [InlineData("application=nowhere")]
    [InlineData("application=wiki&application=wiki")]
    [InlineData("application=")]
    public async Task An_application_that_is_none_is_not_named(string query)
    {
        await using var host = await StartAsync();
        using var browser = host.Browser();

        var end = await browser.Flow(OfProviders, query).ShowAsync();

        Assert.Equal("ak-stage-session-end", end.Component);
        Assert.Equal("You've logged out of the application.", end.Json.GetProperty("flow_info").GetProperty("title").GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_may_not_use_an_application_is_not_told_of_it(bool isSignedIn)
    {
        await using var host = await StartAsync();
        await host.ChangeAsync(async db =>
        {
            var group = new Gatehouse.Model.Users.Group { Id = Guid.CreateVersion7(), Number = 77, Name = "writers" };
            db.Groups.Add(group);
            var wiki = await db.ProviderApplications.SingleAsync(a => a.Slug == "wiki", Cancel);
            db.PolicyBindings.Add(new Gatehouse.Model.Bindings.PolicyBinding { Id = Guid.CreateVersion7(), TargetId = wiki.Id, GroupId = group.Id, Order = 0 });
        });
        using var browser = isSignedIn ? await host.SignedInAsync() : host.Browser();

        var end = await browser.Flow(OfProviders, "application=wiki").ShowAsync();

        Assert.DoesNotContain("wiki", end.Json.GetRawText(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_stranger_is_told_of_no_application()
    {
        await using var host = await StartAsync();
        using var browser = host.Browser();

        var end = await browser.Flow(OfProviders, "application=wiki").ShowAsync();

        Assert.Equal("ak-stage-session-end", end.Component);
        Assert.DoesNotContain("The wiki", end.Json.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("wiki.test", end.Json.GetRawText(), StringComparison.Ordinal);
    }

    private static async Task<SignInHost> StartAsync()
    {
        var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            SignInHost.Add(db, OfProviders, "invalidation", "none", "You've logged out of %(app)s.");
            db.ProviderApplications.Add(new ProviderApplication { Id = Guid.CreateVersion7(), Slug = "wiki", Name = "The wiki", LaunchUrl = "https://wiki.test/?u=%(username)s" });
            db.Brands.Add(new Brand { Id = Guid.CreateVersion7(), Domain = "authentik-default", IsDefault = true, Title = "The House" });
            return Task.CompletedTask;
        });
        return host;
    }
}
