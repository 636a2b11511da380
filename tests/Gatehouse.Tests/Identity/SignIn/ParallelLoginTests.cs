using System.Net;
using Gatehouse.Identity.Oidc;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>Many sign-ins at once: nobody gets what is another's. Row X08 of the attack cases.</summary>
public class ParallelLoginTests
{
    private const string Implicit = "default-provider-authorization-implicit-consent";

    [Fact]
    public async Task X08_of_two_hundred_sign_ins_at_once_none_is_crossed()
    {
        await using var host = await SignInHost.StartAsync();
        host.Verify = (password, _) => password == SignInHost.Password; // what is looked for is not in the hash
        host.Pending = new PendingAuthorization(Guid.CreateVersion7(), "Wiki", Implicit, [], MustConsent: false);

        var seen = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => SignInAsync(host, i % 2 == 0 ? "alice" : "bob")));

        Assert.All(seen, s => Assert.StartsWith($"https://rp.test/cb?code={s.Name}&", s.To, StringComparison.Ordinal));
        Assert.Equal(200, seen.Select(s => s.Session).Distinct().Count());
        var kept = await host.ReadAsync(db => db.AuthenticatedSessions.Join(db.Users, s => s.UserId, u => u.Id, (_, u) => u.Username).ToListAsync(TestContext.Current.CancellationToken));
        Assert.Equal((100, 100), (kept.Count(n => n == "alice"), kept.Count(n => n == "bob")));
    }

    private static async Task<(string Name, string To, string? Session)> SignInAsync(SignInHost host, string name)
    {
        using var browser = host.Browser();
        var login = browser.Flow("default-authentication-flow");
        await login.AnswerAsync(("uid_field", name));

        // One address may have a few passwords checked at a time; it is told to come again.
        for (var tries = 0; ; tries++)
        {
            using var answered = await login.PostAsync(("component", "ak-stage-password"), ("password", SignInHost.Password));
            var text = await answered.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            if (answered.StatusCode == HttpStatusCode.Found || text.Contains("xak-flow-redirect", StringComparison.Ordinal))
            {
                break;
            }

            Assert.True(tries < 200, "never let in: " + text);
            await Task.Yield();
        }

        Assert.Equal("xak-flow-redirect", (await login.ShowAsync()).Component);
        Assert.Contains($"value=\"{name}\"", await PageAsync(browser), StringComparison.Ordinal);
        return (name, (await browser.Flow(Implicit, "s=1").ShowAsync()).Text("to"), browser.Session);
    }

    private static async Task<string> PageAsync(Browser browser)
    {
        using var page = await browser.GetAsync("/if/user/");
        return await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
