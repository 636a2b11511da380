using System.Net;
using System.Text.RegularExpressions;
using Gatehouse.Model.Providers;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Identity.Oidc.Logout;

/// <summary>The modules of the certification plan oidcc-frontchannel.</summary>
public partial class FrontchannelLogoutTests
{
    private const string Frame = "https://rp.test/front?tenant=1";

    [Fact]
    public async Task Oidcc_frontchannel_logout_discovery_endpoint_verification()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync("/application/o/app-a/.well-known/openid-configuration");
        var document = await OidcHost.JsonAsync(answer);

        Assert.True(document.GetProperty("frontchannel_logout_supported").GetBoolean());
        Assert.True(document.GetProperty("frontchannel_logout_session_supported").GetBoolean());
    }

    [Fact]
    public async Task Oidcc_frontchannel_rp_initiated_logout()
    {
        await using var host = await LogoutRig.StartAsync();
        await LogoutRig.WantAsync(host, uri: Frame, method: LogoutMethod.Frontchannel);
        var hint = await LogoutRig.IdTokenAsync(host);

        using var page = await host.GetAsync(LogoutRig.Url(hint, Seed.LogoutUri, "s"), host.Cookie);

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var html = await LogoutRig.TextAsync(page);
        var sid = new JsonWebToken(hint).GetPayloadValue<string>("sid");
        var frame = WebUtility.HtmlDecode(Assert.Single(Frames().Matches(html)).Groups[1].Value);
        Assert.Equal($"{Frame}&iss={Uri.EscapeDataString("https://auth.example.test/application/o/app-a/")}&sid={sid}", frame);
        Assert.Contains($"href=\"{Seed.LogoutUri}?state=s\"", html, StringComparison.Ordinal);
        Assert.False(await LogoutRig.IsSignedInAsync(host));
        await host.DeliverAsync();
        Assert.Empty(host.Receiver.Posts);
    }

    [Fact]
    public async Task The_page_may_load_exactly_these_addresses_and_runs_one_script()
    {
        await using var host = await LogoutRig.StartAsync();
        await LogoutRig.WantAsync(host, uri: "https://rp.test/a;b,c?x=1", method: LogoutMethod.Frontchannel);
        await LogoutRig.WantAsync(host, Seed.OtherClientId, "http://127.0.0.1:9/out", LogoutMethod.Frontchannel);
        var hint = await LogoutRig.IdTokenAsync(host);
        await host.CodeAsync(("client_id", Seed.OtherClientId));

        using var page = await host.GetAsync(LogoutRig.Url(hint), host.Cookie);

        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        var sources = policy.Split(';', StringSplitOptions.TrimEntries).Single(d => d.StartsWith("frame-src ", StringComparison.Ordinal)).Split(' ')[1..];
        Assert.Equal(["http://127.0.0.1:9/out", "https://rp.test/a%3Bb%2Cc"], sources.Order(StringComparer.Ordinal));
        Assert.Matches("script-src 'sha256-[A-Za-z0-9+/]{43}='", policy);
    }

    [Fact]
    public async Task Other_pages_load_no_frames()
    {
        await using var host = await LogoutRig.StartAsync();
        using var page = await host.GetAsync(LogoutRig.Path, host.Cookie);

        Assert.Contains("frame-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [GeneratedRegex("<iframe src=\"([^\"]+)\"")]
    private static partial Regex Frames();
}
