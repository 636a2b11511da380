using Gatehouse.Model.Bindings;
using Gatehouse.Model.Providers;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>Opening applications: their tiles, and <c>/application/launch/&lt;slug&gt;/</c>.</summary>
public class LaunchTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_application_is_launched_after_a_sign_in_by_whoever_may_use_it()
    {
        await using var host = await StartAsync();
        using var alice = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");
        using var stranger = host.Browser();

        Assert.Equal("302 https://wiki.example.com/?u=alice", await LaunchAsync(alice, "wiki"));
        Assert.Equal("404 ", await LaunchAsync(bob, "wiki"));
        Assert.Equal("404 ", await LaunchAsync(alice, "nowhere"));
        Assert.Equal("404 ", await LaunchAsync(alice, "no-url"));
        Assert.Equal("302 /flows/-/default/authentication/?next=%2Fapplication%2Flaunch%2Fwiki%2F", await LaunchAsync(stranger, "wiki"));
        Assert.Equal("302 /flows/-/default/authentication/?next=%2Fapplication%2Flaunch%2Fnowhere%2F", await LaunchAsync(stranger, "nowhere"));
    }

    [Fact]
    public async Task Tiles_have_their_pictures_and_sections_and_the_policy_of_the_page_lets_them_in()
    {
        await using var host = await StartAsync();
        using var alice = await host.SignedInAsync();
        using var answer = await alice.GetAsync("/if/user/");
        var page = await answer.Content.ReadAsStringAsync(Stop);

        Assert.Contains("<h2>Home</h2>", page, StringComparison.Ordinal);
        Assert.Contains("<img src=\"https://pictures.example.com/wiki.png\"", page, StringComparison.Ordinal);
        Assert.Contains("img-src 'self' data: https://pictures.example.com", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    private static async Task<SignInHost> StartAsync()
    {
        var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            var wiki = new ProviderApplication
            {
                Id = Guid.CreateVersion7(),
                Slug = "wiki",
                Name = "Wiki",
                GroupLabel = "Home",
                Icon = "https://pictures.example.com/wiki.png",
                LaunchUrl = "https://wiki.example.com/?u=%(username)s",
            };
            var alice = await db.Users.SingleAsync(u => u.Username == "alice", Stop);
            db.AddRange(
                wiki,
                new ProviderApplication { Id = Guid.CreateVersion7(), Slug = "no-url", Name = "Leads nowhere" },
                new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = wiki.Id, UserId = alice.Id, Order = 0 });
        });
        return host;
    }

    private static async Task<string> LaunchAsync(Browser browser, string slug)
    {
        using var answer = await browser.GetAsync($"/application/launch/{slug}/");
        return $"{(int)answer.StatusCode} {answer.Headers.Location?.OriginalString}";
    }
}
