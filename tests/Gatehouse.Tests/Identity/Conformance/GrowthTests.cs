using Gatehouse.Tests.Identity.Oidc;

namespace Gatehouse.Tests.Identity.Conformance;

/// <summary>What visitors choose is not kept for ever. Alone: it looks at the memory of the whole process.</summary>
[Collection(nameof(Alone))]
public class GrowthTests
{
    private const int Long = 2000;
    private const int Times = 400;

    // The tests before this one still let go of memory, or take some; what is kept is kept in every window.
    private const int Windows = 4;

    [Fact]
    public async Task X06_languages_and_scopes_that_nobody_asked_for_before_are_not_kept()
    {
        await using var host = await OidcHost.StartAsync();
        await AskAsync(host, 0, Times);
        var least = long.MaxValue;
        for (var window = 1; window <= Windows; window++)
        {
            var before = GC.GetTotalMemory(forceFullCollection: true);
            await AskAsync(host, window * Times, (window + 1) * Times);
            least = Math.Min(least, GC.GetTotalMemory(forceFullCollection: true) - before);
        }

        Assert.True(least < Times * Long / 4, $"{least} bytes are still held after {Times} requests of {2 * Long} characters each, in the best of {Windows} windows");
    }

    [Fact]
    public async Task X06_ten_thousand_scopes_are_no_fault_of_ours()
    {
        await using var host = await OidcHost.StartAsync();
        var scope = "openid " + string.Join(' ', Enumerable.Range(0, 10_000).Select(n => $"s{n}"));

        using var asked = await host.PostAsync("/application/o/authorize/", [("client_id", Seed.ClientId), ("response_type", "code"), ("redirect_uri", "https://rp.test/cb"), ("scope", scope)], cookie: host.Cookie);

        Assert.InRange((int)asked.StatusCode, 200, 499);
    }

    private static async Task AskAsync(OidcHost host, int from, int to)
    {
        for (var n = from; n < to; n++)
        {
            var word = n + new string('x', Long);
            using var asked = await host.GetAsync(OidcHost.Authorize(("ui_locales", word), ("scope", $"openid {word}")), host.Cookie);
            Assert.InRange((int)asked.StatusCode, 200, 499);
        }
    }
}
