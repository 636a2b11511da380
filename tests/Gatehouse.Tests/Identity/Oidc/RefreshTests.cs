using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Identity.Oidc;

public class RefreshTests
{
    [Fact]
    public async Task Q36_a_refreshed_id_token_keeps_who_and_when()
    {
        await using var host = await OidcHost.StartAsync();
        var first = await host.TokensAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(5));
        using var answer = await host.RefreshAsync(RefreshTokenOf(first));
        var second = await OidcHost.JsonAsync(answer);

        var (before, after) = (new JsonWebToken(first.GetProperty("id_token").GetString()), new JsonWebToken(second.GetProperty("id_token").GetString()));
        foreach (var claim in new[] { "iss", "sub", "aud", "auth_time", "nonce", "sid" })
        {
            Assert.Equal(before.GetPayloadValue<object>(claim).ToString(), after.GetPayloadValue<object>(claim).ToString());
        }

        Assert.Equal(before.GetPayloadValue<long>("iat") + 300, after.GetPayloadValue<long>("iat"));
        Assert.NotEqual(RefreshTokenOf(first), RefreshTokenOf(second));
        Assert.Equal(128, RefreshTokenOf(second).Length);
    }

    [Fact]
    public async Task A_grant_lasts_as_long_as_the_last_token_made_from_it()
    {
        await using var host = await OidcHost.StartAsync();
        var token = RefreshTokenOf(await host.TokensAsync());
        await host.ChangeAsync(async db =>
        {
            var provider = await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop);
            (provider.AccessTokenValidity, provider.RefreshTokenThreshold) = ("days=900", "seconds=1");
        });
        using var answer = await host.RefreshAsync(token);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await host.ChangeAsync(async db =>
            Assert.True((await db.Grants.SingleAsync(OidcHost.Stop)).ExpiresAt >= host.Clock.GetUtcNow().AddDays(900).AddSeconds(-1)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_without_end_is_refused(bool isChunked)
    {
        await using var host = await OidcHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/application/o/token/", UriKind.Relative))
        {
            Content = new FormUrlEncodedContent([new("grant_type", "refresh_token"), new("refresh_token", new string('a', 70_000))]),
        };
        request.Headers.TransferEncodingChunked = isChunked;
        using var answer = await host.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("invalid_request", await OidcHost.ErrorAsync(answer));
    }

    [Theory]
    [InlineData("openid profile")] // not asked for
    public async Task No_refresh_token_without_offline_access(string scope)
    {
        await using var host = await OidcHost.StartAsync();
        Assert.False((await host.TokensAsync(scope)).TryGetProperty("refresh_token", out _));
    }

    [Fact]
    public async Task No_refresh_token_when_the_provider_does_not_offer_it_or_no_scope_was_asked_for()
    {
        await using var host = await OidcHost.StartAsync();
        using var unasked = await host.RedeemAsync(await host.CodeAsync(("scope", null)));
        Assert.Equal("email openid profile", (await OidcHost.JsonAsync(unasked)).GetProperty("scope").GetString());

        await host.ChangeAsync(async db => (await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop)).ScopeMappingIds = host.Seed.Mappings[..3]);
        Assert.False((await host.TokensAsync()).TryGetProperty("refresh_token", out _));
    }

    [Fact]
    public async Task O09_of_many_parallel_refreshes_one_succeeds_and_reuse_kills_the_family()
    {
        await using var host = await OidcHost.StartAsync();
        var token = RefreshTokenOf(await host.TokensAsync());
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => host.RefreshAsync(token)));

        var won = Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
        using var next = await host.RefreshAsync(RefreshTokenOf(await OidcHost.JsonAsync(won)));
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(next));
        Array.ForEach(answers, a => a.Dispose());
    }

    [Fact]
    public async Task O11_five_rotations_in_one_second_and_the_second_replayed()
    {
        await using var host = await OidcHost.StartAsync();
        List<string> tokens = [RefreshTokenOf(await host.TokensAsync())];
        for (var i = 0; i < 5; i++)
        {
            using var answer = await host.RefreshAsync(tokens[^1]);
            tokens.Add(RefreshTokenOf(await OidcHost.JsonAsync(answer)));
        }

        using var replayed = await host.RefreshAsync(tokens[1]);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(replayed));
        using var last = await host.RefreshAsync(tokens[^1]);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(last));
    }

    [Fact]
    public async Task Q09_scope_narrows_and_never_widens()
    {
        await using var host = await OidcHost.StartAsync();
        var token = RefreshTokenOf(await host.TokensAsync("openid email offline_access"));
        using var wider = await host.RefreshAsync(token, ("scope", "openid email profile offline_access"));
        Assert.Equal("invalid_scope", await OidcHost.ErrorAsync(wider));
        using var withoutOffline = await host.RefreshAsync(token, ("scope", "openid"));
        Assert.Equal("invalid_scope", await OidcHost.ErrorAsync(withoutOffline));

        using var narrowed = await host.RefreshAsync(token, ("scope", "openid offline_access"));
        var body = await OidcHost.JsonAsync(narrowed);
        Assert.Equal("openid offline_access", body.GetProperty("scope").GetString());
        Assert.False(new JsonWebToken(body.GetProperty("id_token").GetString()).TryGetPayloadValue<string>("email", out _));
        using var again = await host.RefreshAsync(RefreshTokenOf(body));
        Assert.Equal("openid email offline_access", (await OidcHost.JsonAsync(again)).GetProperty("scope").GetString());
    }

    [Fact]
    public async Task Another_client_can_neither_use_nor_burn_a_refresh_token()
    {
        await using var host = await OidcHost.StartAsync();
        var token = RefreshTokenOf(await host.TokensAsync());
        using var stolen = await host.RefreshAsync(token, ("client_id", Seed.OtherClientId), ("client_secret", Seed.OtherClientSecret));
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(stolen));
        using var own = await host.RefreshAsync(token);
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Theory]
    [InlineData("inactive")]
    [InlineData("revoked")]
    [InlineData("application")]
    [InlineData("expired")]
    public async Task O12_refresh_looks_at_what_it_stands_on(string what)
    {
        await using var host = await OidcHost.StartAsync();
        var token = RefreshTokenOf(await host.TokensAsync());
        var now = host.Clock.GetUtcNow();
        switch (what)
        {
            case "inactive":
                await host.ChangeAsync(db => db.Users.ExecuteUpdateAsync(u => u.SetProperty(x => x.IsActive, false), OidcHost.Stop));
                break;
            case "revoked":
                await host.ChangeAsync(db => db.Grants.ExecuteUpdateAsync(g => g.SetProperty(x => x.RevokedAt, now), OidcHost.Stop));
                break;
            case "application":
                await host.ChangeAsync(db => db.ProviderApplications.ExecuteDeleteAsync(OidcHost.Stop));
                break;
            default:
                host.Clock.Advance(TimeSpan.FromDays(30));
                break;
        }

        using var answer = await host.RefreshAsync(token);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(answer));
    }

    [Fact]
    public async Task A_threshold_keeps_the_token_until_it_is_near_its_end()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ChangeAsync(async db => (await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop)).RefreshTokenThreshold = "days=1");
        var token = RefreshTokenOf(await host.TokensAsync());
        using var early = await host.RefreshAsync(token);
        Assert.False((await OidcHost.JsonAsync(early)).TryGetProperty("refresh_token", out _));
        host.Clock.Advance(TimeSpan.FromDays(29.5));
        using var near = await host.RefreshAsync(token);
        Assert.True((await OidcHost.JsonAsync(near)).TryGetProperty("refresh_token", out _));
    }

    [Fact]
    public async Task The_family_lives_on_with_each_rotation()
    {
        await using var host = await OidcHost.StartAsync();
        var token = RefreshTokenOf(await host.TokensAsync());
        for (var i = 0; i < 3; i++)
        {
            host.Clock.Advance(TimeSpan.FromDays(20));
            using var answer = await host.RefreshAsync(token);
            var body = await OidcHost.JsonAsync(answer);
            token = RefreshTokenOf(body);
            using var info = await host.GetAsync("/application/o/userinfo/", bearer: body.GetProperty("access_token").GetString());
            Assert.Equal(HttpStatusCode.OK, info.StatusCode);
        }
    }

    private static string RefreshTokenOf(JsonElement tokens) => tokens.GetProperty("refresh_token").GetString()!;
}
