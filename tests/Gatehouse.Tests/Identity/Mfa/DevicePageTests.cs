using System.Net;
using System.Text.RegularExpressions;
using Gatehouse.Model.Events;
using Gatehouse.Tests.Identity.SignIn;
using Gatehouse.Web.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Identity.Mfa;

/// <summary>What people do to their authenticators on their own page.</summary>
public class DevicePageTests
{
    [Fact]
    public async Task The_page_lists_what_one_has_and_leads_to_what_one_can_add()
    {
        await using var host = await MfaHost.StartAsync();
        var stage = await host.StageAsync(MfaHost.TotpSetup);
        await host.ChangeAsync(async db =>
        {
            var flow = await db.Flows.SingleAsync(f => f.Slug == MfaHost.TotpSetup, TestContext.Current.CancellationToken);
            (await db.Stages.SingleAsync(s => s.Id == stage, TestContext.Current.CancellationToken)).SettingsJson = $$"""{"digits":"6","configure_flow":"{{flow.Id}}"}""";
        });
        using var browser = await host.SignedInAsync();
        await MfaHost.EnrolStaticAsync(browser);

        var page = await PageAsync(browser);

        Assert.Contains("Recovery codes, 6 left", page, StringComparison.Ordinal);
        Assert.Contains($"href=\"/flows/-/configure/{stage}/\"", page, StringComparison.Ordinal);
        using var configure = await browser.GetAsync($"/flows/-/configure/{stage}/");
        Assert.Equal("/if/flow/default-authenticator-totp-setup/?next=%2Fif%2Fuser%2F", configure.Headers.Location!.OriginalString); // a redirect
        using var nothing = await browser.GetAsync($"/flows/-/configure/{Guid.CreateVersion7()}/");
        Assert.Equal(HttpStatusCode.NotFound, nothing.StatusCode);
        using var stranger = host.Browser();
        using var signIn = await stranger.GetAsync($"/flows/-/configure/{stage}/");
        Assert.Equal($"/flows/-/default/authentication/?next=%2Fflows%2F-%2Fconfigure%2F{stage}%2F", signIn.Headers.Location!.OriginalString); // a redirect
    }

    [Fact]
    public async Task Devices_are_renamed_and_removed_by_their_owner()
    {
        await using var host = await MfaHost.StartAsync();
        using var browser = await host.SignedInAsync();
        await host.EnrolTotpAsync(browser);
        var (csrf, id) = FieldsOf(await PageAsync(browser));

        Assert.Equal(303, await PostAsync(browser, ("csrf", csrf), ("class", "totp"), ("id", id), ("action", "rename"), ("name", " My <phone> ")));
        Assert.Contains("My &lt;phone&gt;", await PageAsync(browser), StringComparison.Ordinal);
        Assert.Equal(303, await PostAsync(browser, ("csrf", csrf), ("class", "totp"), ("id", id), ("action", "remove")));
        Assert.Equal(0, await host.ReadAsync(db => db.TotpDevices.CountAsync(TestContext.Current.CancellationToken)));
        string[] saved = [.. await host.ReadAsync(db => db.Events.OrderBy(e => e.Action).Select(e => e.Action).ToListAsync(TestContext.Current.CancellationToken))];
        Assert.Equal([EventActions.ModelCreated, EventActions.ModelDeleted, EventActions.ModelUpdated], saved.Where(a => a.StartsWith("model_", StringComparison.Ordinal))); // each with its change
    }

    [Fact]
    public async Task Q47_M07_what_is_not_proven_to_come_from_the_owner_of_late_changes_nothing()
    {
        await using var host = await MfaHost.StartAsync();
        using var browser = await host.SignedInAsync();
        using var other = await host.SignedInAsync("bob");
        await host.EnrolTotpAsync(browser);
        await host.EnrolTotpAsync(other);
        var (csrf, id) = FieldsOf(await PageAsync(browser));
        var (others, _) = FieldsOf(await PageAsync(other));
        var remove = new[] { ("class", "totp"), ("id", id), ("action", "remove") };

        Assert.Equal(403, await PostAsync(browser));
        Assert.Equal(403, await PostAsync(browser, remove));
        Assert.Equal(403, await PostAsync(browser, [("csrf", others), .. remove]));
        Assert.Equal(403, await PostAsync(browser, [("csrf", csrf), ("csrf", csrf), .. remove]));
        Assert.Equal(403, await PostAsync(browser, [("Origin", "https://evil.example")], [("csrf", csrf), .. remove]));
        Assert.Equal(404, await PostAsync(other, [("csrf", others), .. remove]));
        Assert.Equal(404, await PostAsync(browser, ("csrf", csrf)));
        Assert.Equal(400, await PostAsync(browser, ("csrf", csrf), ("class", "totp"), ("id", id)));
        Assert.Equal(400, await PostAsync(browser, ("csrf", csrf), ("class", "totp"), ("id", id), ("action", "rename"), ("name", new string('x', 65))));
        using var stranger = host.Browser();
        Assert.Equal(302, await PostAsync(stranger, [("csrf", csrf), .. remove]));
        host.Clock.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal(302, await PostAsync(browser, [("csrf", csrf), .. remove]));

        Assert.Equal(2, await host.ReadAsync(db => db.TotpDevices.CountAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task Q47_the_api_learns_whether_a_browser_signed_in_a_moment_ago()
    {
        await using var host = await MfaHost.StartAsync();
        using var browser = await host.SignedInAsync();

        Assert.True((await FindAsync())?.IsFresh);
        host.Clock.Advance(TimeSpan.FromMinutes(16));
        Assert.False((await FindAsync())?.IsFresh);

        // Where it sends people asks for the password, and what follows is fresh.
        await using var scope = host.Services.CreateAsyncScope();
        var link = scope.ServiceProvider.GetRequiredService<IBrowserCallers>().SignInAgain;
        Assert.Equal("/flows/-/default/authentication/?gh_reauth=1&next=%2Fif%2Fuser%2F", link.PathAndQuery);
        using var page = await browser.GetAsync(link.PathAndQuery);
        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
        Assert.Contains("gh_reauth=1", page.Headers.Location!.OriginalString, StringComparison.Ordinal);

        async Task<BrowserCaller?> FindAsync()
        {
            await using var scope = host.Services.CreateAsyncScope();
            var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
            context.Connection.RemoteIpAddress = IPAddress.Loopback;
            context.Request.Headers.Cookie = $"__Host-authentik_session={browser.Session}";
            return await scope.ServiceProvider.GetRequiredService<IBrowserCallers>().FindAsync(context, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<string> PageAsync(Browser browser)
    {
        using var response = await browser.GetAsync("/if/user/");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static (string Csrf, string Id) FieldsOf(string page) =>
        (Regex.Match(page, "name=\"csrf\" value=\"([^\"]+)\"").Groups[1].Value, Regex.Match(page, "name=\"id\" value=\"([^\"]+)\"").Groups[1].Value);

    private static Task<int> PostAsync(Browser browser, params (string Name, string Value)[] fields) => PostAsync(browser, [("Sec-Fetch-Site", "same-origin")], fields);

    private static async Task<int> PostAsync(Browser browser, (string Name, string Value)[] headers, (string Name, string Value)[] fields)
    {
        using var form = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        using var response = await browser.SendAsync(HttpMethod.Post, "/if/user/devices/", form, headers);
        return (int)response.StatusCode;
    }
}
