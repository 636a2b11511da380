using System.Net;
using System.Text.Json;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Identity.Oidc.Logout;

/// <summary>The modules of the certification plan oidcc-backchannel, and that no logout token is lost.</summary>
public class BackchannelLogoutTests
{
    private const string Event = "http://schemas.openid.net/event/backchannel-logout";

    [Fact]
    public async Task Oidcc_backchannel_logout_discovery_endpoint_verification()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync("/application/o/app-a/.well-known/openid-configuration");
        var document = await OidcHost.JsonAsync(answer);

        Assert.True(document.GetProperty("backchannel_logout_supported").GetBoolean());
        Assert.True(document.GetProperty("backchannel_logout_session_supported").GetBoolean());
        Assert.True(document.TryGetProperty("end_session_endpoint", out _));
    }

    [Fact]
    public async Task Oidcc_backchannel_rp_initiated_logout()
    {
        await using var host = await LogoutRig.StartAsync();
        await LogoutRig.WantAsync(host);
        var hint = await LogoutRig.IdTokenAsync(host);
        using var answer = await host.GetAsync(LogoutRig.Url(hint, Seed.LogoutUri), host.Cookie);

        await host.DeliverAsync();

        var (url, form) = Assert.Single(host.Receiver.Posts);
        Assert.Equal(LogoutRig.Receiver, url);
        Assert.Equal(["logout_token"], form.Keys);
        var token = await LogoutRig.ReadAsync(form["logout_token"]);
        var id = new JsonWebToken(hint);
        Assert.Equal(("logout+jwt", "RS256", "kid-1"), (token.Typ, token.Alg, token.Kid));
        Assert.Equal(["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"], Names(token));
        Assert.Equal("https://auth.example.test/application/o/app-a/", token.Issuer); // Q25
        Assert.Equal([Seed.ClientId], token.Audiences);
        Assert.Equal(id.Subject, token.Subject);
        Assert.Equal(id.GetPayloadValue<string>("sid"), token.GetPayloadValue<string>("sid"));
        Assert.Equal("{\"" + Event + "\":{}}", token.GetPayloadValue<JsonElement>("events").GetRawText());
        var now = host.Clock.GetUtcNow().ToUnixTimeSeconds();
        Assert.Equal((now, now + 120), (token.GetPayloadValue<long>("iat"), token.GetPayloadValue<long>("exp")));
        Assert.False(await LogoutRig.IsSignedInAsync(host));
    }

    [Fact]
    public async Task The_sid_stays_the_same_when_the_person_proves_anew_who_they_are()
    {
        await using var host = await LogoutRig.StartAsync();
        await LogoutRig.WantAsync(host);
        var sid = new JsonWebToken(await LogoutRig.IdTokenAsync(host)).GetPayloadValue<string>("sid");

        await using (var scope = host.Scope())
        {
            var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Loopback } };
            context.Request.Headers.Cookie = host.Cookie;
            var sessions = scope.ServiceProvider.GetRequiredService<BrowserSessions>();
            var before = await host.BrowserAsync(host.Cookie);
            var after = await sessions.StartAsync(context, before.User, ["pwd"], null, OidcHost.Stop);
            Assert.NotEqual(before.Session.Id, after!.Id); // ada is active
            await sessions.EndAsync(context, after, OidcHost.Stop);
        }

        await host.DeliverAsync();
        Assert.Equal(sid, (await LogoutRig.ReadAsync(host.Receiver.OnlyToken)).GetPayloadValue<string>("sid"));
    }

    [Fact]
    public async Task A_sign_in_that_a_new_password_overtook_starts_no_session()
    {
        await using var host = await OidcHost.StartAsync();
        await using var scope = host.Scope();
        var asked = (await host.BrowserAsync(host.Cookie)).User; // as the password was checked
        await host.ChangeAsync(async db => (await db.Users.SingleAsync(u => u.Id == host.Seed.AdaId, OidcHost.Stop)).PasswordHash = "another");

        var session = await scope.ServiceProvider.GetRequiredService<BrowserSessions>()
            .StartAsync(new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Loopback } }, asked, ["pwd"], null, OidcHost.Stop);

        Assert.Null(session);
    }

    [Fact]
    public async Task Q41_every_client_of_the_session_is_told_and_no_other()
    {
        await using var host = await LogoutRig.StartAsync();
        await LogoutRig.WantAsync(host);
        await LogoutRig.WantAsync(host, Seed.OtherClientId, "https://b.test/logout");
        await LogoutRig.WantAsync(host, Seed.PublicClientId, "https://public.test/logout");
        var hint = await LogoutRig.IdTokenAsync(host);
        await host.CodeAsync(("client_id", Seed.OtherClientId));
        var bob = await host.SignInAsync(host.Seed.BobId);
        using var bobs = await host.GetAsync(OidcHost.Authorize(("client_id", Seed.PublicClientId)), bob);

        using var answer = await host.GetAsync(LogoutRig.Url(hint), host.Cookie);
        await host.DeliverAsync();

        Assert.Equal([LogoutRig.Receiver, "https://b.test/logout"], host.Receiver.Posts.Select(p => p.Url).Order(StringComparer.Ordinal).Reverse());
    }

    [Fact]
    public async Task A_logout_of_one_client_tells_that_client_alone()
    {
        await using var host = await OidcHost.StartAsync(); // the flow ends no session
        await LogoutRig.WantAsync(host);
        await LogoutRig.WantAsync(host, Seed.OtherClientId, "https://b.test/logout");
        var hint = await LogoutRig.IdTokenAsync(host);
        await host.CodeAsync(("client_id", Seed.OtherClientId));

        using var answer = await host.GetAsync(LogoutRig.Url(hint), host.Cookie);
        await host.DeliverAsync();

        Assert.Equal(LogoutRig.Receiver, Assert.Single(host.Receiver.Posts).Url);
        Assert.True(await LogoutRig.IsSignedInAsync(host));
    }

    [Fact]
    public async Task R24_a_client_that_is_away_gets_its_token_when_it_is_back_and_each_attempt_has_an_id_of_its_own()
    {
        await using var host = await LogoutRig.StartAsync();
        await LogoutRig.WantAsync(host);
        using var answer = await host.GetAsync(LogoutRig.Url(await LogoutRig.IdTokenAsync(host)), host.Cookie);
        host.Receiver.Answer = _ => HttpStatusCode.ServiceUnavailable;
        for (var hour = 0; hour < 24; hour++)
        {
            await host.DeliverAsync();
            host.Clock.Advance(TimeSpan.FromHours(1));
        }

        host.Receiver.Answer = _ => HttpStatusCode.NoContent;
        await host.DeliverAsync();
        host.Clock.Advance(TimeSpan.FromHours(1));
        await host.DeliverAsync();

        Assert.Equal(25, host.Receiver.Posts.Count); // and none after it was taken
        var ids = new HashSet<string>();
        foreach (var (_, form) in host.Receiver.Posts)
        {
            ids.Add((await LogoutRig.ReadAsync(form["logout_token"])).Id);
        }

        Assert.Equal(25, ids.Count);
        Assert.Equal(0, await NoticesAsync(host));
    }

    [Fact]
    public async Task The_waits_grow_and_a_client_that_never_answers_is_given_up_after_two_days()
    {
        await using var host = await LogoutRig.StartAsync();
        await LogoutRig.WantAsync(host);
        using var answer = await host.GetAsync(LogoutRig.Url(await LogoutRig.IdTokenAsync(host)), host.Cookie);
        host.Receiver.Answer = _ => HttpStatusCode.BadRequest;

        var waits = new List<TimeSpan>();
        for (var count = 0; count < 12; count++)
        {
            await host.DeliverAsync();
            waits.Add(await NextAsync(host) - host.Clock.GetUtcNow());
            host.Clock.Advance(waits[^1]);
        }

        Assert.Equal([2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600], waits.Select(w => w.TotalSeconds));
        host.Clock.Advance(LogoutNotice.Life);
        await host.DeliverAsync();
        Assert.Equal(0, await NoticesAsync(host));
    }

    [Fact]
    public async Task R24_a_client_that_is_away_holds_up_no_other_and_is_not_stormed()
    {
        await using var host = await LogoutRig.StartAsync();
        await LogoutRig.WantAsync(host, uri: "https://dead.test/");
        await LogoutRig.WantAsync(host, Seed.OtherClientId, "https://b.test/logout");
        for (var count = 0; count < 40; count++)
        {
            var cookie = await host.SignInAsync(host.Seed.AdaId);
            using var visit = await host.GetAsync(OidcHost.Authorize(), cookie);
        }

        await host.CodeAsync(("client_id", Seed.OtherClientId));
        await EndAllAsync(host);
        host.Receiver.Answer = url => url.StartsWith("https://dead", StringComparison.Ordinal) ? HttpStatusCode.BadGateway : HttpStatusCode.OK;

        await host.DeliverAsync();

        Assert.Single(host.Receiver.Posts, p => p.Url == "https://b.test/logout");
        Assert.InRange(host.Receiver.Posts.Count(p => p.Url == "https://dead.test/"), 1, 8);
        Assert.Equal(40, await NoticesAsync(host));
        host.Receiver.Answer = _ => HttpStatusCode.OK;
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await host.DeliverAsync();
        Assert.Equal(0, await NoticesAsync(host));
    }

    [Fact]
    public async Task Two_nodes_send_a_token_once()
    {
        await using var host = await LogoutRig.StartAsync();
        await LogoutRig.WantAsync(host);
        for (var count = 0; count < 20; count++)
        {
            using var visit = await host.GetAsync(OidcHost.Authorize(), await host.SignInAsync(host.Seed.AdaId));
        }

        await EndAllAsync(host);
        await Task.WhenAll(host.DeliverAsync(), host.DeliverAsync(), host.DeliverAsync());

        Assert.Equal(20, host.Receiver.Posts.Count);
    }

    [Fact]
    public async Task A_node_that_dies_with_a_notice_in_hand_loses_none()
    {
        await using var host = await LogoutRig.StartAsync();
        await LogoutRig.WantAsync(host);
        using var answer = await host.GetAsync(LogoutRig.Url(await LogoutRig.IdTokenAsync(host)), host.Cookie);
        await host.ChangeAsync(async db => (await db.LogoutNotices.SingleAsync(OidcHost.Stop)).NextAt = host.Clock.GetUtcNow().AddSeconds(30)); // as it stands while some node has it

        await host.DeliverAsync();
        Assert.Empty(host.Receiver.Posts);
        host.Clock.Advance(TimeSpan.FromSeconds(31));
        await host.DeliverAsync();

        Assert.Single(host.Receiver.Posts);
    }

    [Fact]
    public async Task An_address_that_was_taken_away_is_not_called()
    {
        await using var host = await LogoutRig.StartAsync();
        await LogoutRig.WantAsync(host);
        using var answer = await host.GetAsync(LogoutRig.Url(await LogoutRig.IdTokenAsync(host)), host.Cookie);
        await LogoutRig.WantAsync(host, method: LogoutMethod.Frontchannel);

        await host.DeliverAsync();

        Assert.Empty(host.Receiver.Posts);
        Assert.Equal(0, await NoticesAsync(host));
    }

    private static IEnumerable<string> Names(JsonWebToken token)
    {
        using var payload = JsonDocument.Parse(Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Decode(token.EncodedPayload));
        return [.. payload.RootElement.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal)];
    }

    private static async Task EndAllAsync(OidcHost host)
    {
        await using var scope = host.Scope();
        await scope.ServiceProvider.GetRequiredService<BrowserSessions>().EndOthersAsync(host.Seed.AdaId, null, OidcHost.Stop);
    }

    private static async Task<int> NoticesAsync(OidcHost host)
    {
        await using var db = host.Database.CreateDbContext();
        return await db.LogoutNotices.CountAsync(OidcHost.Stop);
    }

    private static async Task<DateTimeOffset> NextAsync(OidcHost host)
    {
        await using var db = host.Database.CreateDbContext();
        return await db.LogoutNotices.Select(n => n.NextAt).SingleAsync(OidcHost.Stop);
    }
}
