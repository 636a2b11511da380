using Gatehouse.Store.Bindings;
using Gatehouse.Tests.Identity.Mfa;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>Every guess counts against a name, not only one at a password.</summary>
public class ReputationTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("totp")]
    [InlineData("static")]
    [InlineData("webauthn")]
    public async Task M03_a_wrong_second_factor_counts_against_the_name(string factor)
    {
        await using var host = await MfaHost.StartAsync();
        using var enrolled = await host.SignedInAsync();
        using var key = new SoftKey();
        await host.EnrolTotpAsync(enrolled);
        await MfaHost.EnrolKeyAsync(enrolled, key);
        host.NextStep();
        using var browser = host.Browser();
        var (flow, asked) = await MfaHost.PasswordAsync(browser);
        var before = await ScoreAsync(host);

        if (factor == "webauthn")
        {
            key.Origin = "https://evil.example";
            await MfaHost.ProveAsync(flow, key.Get(asked.Json.GetProperty("device_challenges").EnumerateArray().First(d => d.GetProperty("device_class").GetString() == "webauthn").GetProperty("challenge")));
        }
        else
        {
            Assert.Equal("invalid", (await MfaHost.CodeAsync(flow, factor == "static" ? "abcdefgh" : "000000")).FaultCode("code"));
        }

        Assert.Equal(before - 1, await ScoreAsync(host));
    }

    private static async Task<int> ScoreAsync(SignInHost host)
    {
        await host.Services.GetRequiredService<ReputationBook>().FlushAsync(Stop);
        return await host.ReadAsync(db => db.Reputations.Where(r => r.Identifier == "alice").Select(r => r.Score).SingleAsync(Stop));
    }
}
