using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Gatehouse.Model.Providers;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Identity.Oidc;

public class TokenTests
{
    [Fact]
    public async Task A_code_becomes_tokens_with_the_documented_claims()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.RedeemAsync(await host.CodeAsync());
        var body = await OidcHost.JsonAsync(answer);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Headers.CacheControl!.NoStore); // Q10
        Assert.Equal("Bearer", body.GetProperty("token_type").GetString());
        Assert.Equal("openid email profile", body.GetProperty("scope").GetString());
        Assert.Equal(3600, body.GetProperty("expires_in").GetInt32());
        Assert.False(body.TryGetProperty("refresh_token", out _));

        var id = new JsonWebToken(body.GetProperty("id_token").GetString());
        var now = host.Clock.GetUtcNow().ToUnixTimeSeconds();
        Assert.Equal(("RS256", "kid-1", "JWT"), (id.Alg, id.Kid, id.Typ));
        Assert.Equal("https://auth.example.test/application/o/app-a/", id.Issuer);
        Assert.Equal(Seed.ClientId, id.GetPayloadValue<string>("aud"));
        Assert.Equal(64, id.Subject.Length);
        Assert.Equal((now, now, now + 3600), (id.GetPayloadValue<long>("iat"), id.GetPayloadValue<long>("auth_time"), id.GetPayloadValue<long>("exp")));
        Assert.Equal(["pwd"], id.GetPayloadValue<string[]>("amr"));
        Assert.Equal("goauthentik.io/providers/oauth2/default", id.GetPayloadValue<string>("acr"));
        Assert.Equal("n-1", id.GetPayloadValue<string>("nonce"));
        Assert.Equal(64, id.GetPayloadValue<string>("sid").Length);
        Assert.Equal("ada@example.test", id.GetPayloadValue<string>("email"));
        Assert.False(id.GetPayloadValue<bool>("email_verified"));
        Assert.Equal(["engineers"], id.GetPayloadValue<string[]>("groups")); // direct ones only
        Assert.Equal(("Ada Lovelace", "Ada Lovelace", "ada", "ada"), (
            id.GetPayloadValue<string>("name"), id.GetPayloadValue<string>("given_name"), id.GetPayloadValue<string>("preferred_username"), id.GetPayloadValue<string>("nickname")));
        Assert.False(id.TryGetPayloadValue<string>("scope", out _));

        var access = new JsonWebToken(body.GetProperty("access_token").GetString());
        Assert.Equal((Seed.ClientId, "openid email profile"), (access.Azp, access.GetPayloadValue<string>("scope")));
        Assert.NotEqual(id.Id, access.Id);
        Assert.Equal(id.Subject, access.Subject);
        Assert.NotEmpty(access.GetPayloadValue<string>("uid"));
    }

    [Theory]
    [InlineData(true, false, "openid email", "ada@example.test")]
    [InlineData(true, true, "openid email", null)]
    [InlineData(true, false, "openid profile", null)]
    [InlineData(false, false, "openid email", null)]
    public async Task U08_our_own_access_and_nobody_else_is_told_which_addresses_are_more_than_what_their_owners_wrote(bool isAccess, bool unproven, string scope, string? vouched)
    {
        await using var host = await OidcHost.StartAsync();
        await using (var db = host.Database.CreateDbContext())
        {
            (await db.Users.SingleAsync(u => u.Id == host.Seed.AdaId, OidcHost.Stop)).IsEmailUnproven = unproven;
            var provider = await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop);
            var callback = new RedirectUri(MatchingMode.Strict, host.Urls.AccessCallback, RedirectUriType.Authorization);
            provider.RedirectUris = isAccess ? [.. provider.RedirectUris, callback] : provider.RedirectUris;
            var mapping = await db.ScopeMappings.SingleAsync(m => m.ScopeName == "openid", OidcHost.Stop);
            (mapping.Managed, mapping.Expression) = (null, """return {"gatehouse_vouched_email": "ceo@example.test"}""");
            await db.SaveChangesAsync(OidcHost.Stop);
        }

        await host.ReloadAsync();
        using var answer = await host.RedeemAsync(await host.CodeAsync(("scope", scope)));
        var id = new JsonWebToken((await OidcHost.JsonAsync(answer)).GetProperty("id_token").GetString());

        Assert.Equal(vouched, id.TryGetPayloadValue<string>("gatehouse_vouched_email", out var said) ? said : null);
    }

    [Theory]
    [InlineData("code", "0123", "invalid_grant")]
    [InlineData("code", null, "invalid_grant")]
    [InlineData("code_verifier", null, "invalid_grant")] // O06
    [InlineData("code_verifier", "abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ._~012345678X", "invalid_grant")]
    [InlineData("code_verifier", "short", "invalid_grant")]
    [InlineData("redirect_uri", "https://rp.test/other", "invalid_client")]
    [InlineData("redirect_uri", null, "invalid_client")]
    [InlineData("grant_type", null, "invalid_request")]
    [InlineData("grant_type", "password", "invalid_grant")] // Q16
    [InlineData("grant_type", "client_credentials", "invalid_grant")]
    [InlineData("grant_type", "nonsense", "invalid_grant")]
    [InlineData("client_id", "unknown", "invalid_client")]
    [InlineData("client_id", null, "invalid_client")]
    [InlineData("client_secret", "wrong", "invalid_client")]
    [InlineData("client_secret", null, "invalid_client")]
    [InlineData("client_assertion", "x", "invalid_client")]
    public async Task A_wrong_request_gets_400_and_the_contracts_code(string name, string? value, string error)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.RedeemAsync(await host.CodeAsync(), (name, value));
        var body = await OidcHost.JsonAsync(answer);
        Assert.Equal((HttpStatusCode.BadRequest, error), (answer.StatusCode, body.GetProperty("error").GetString()));
        Assert.NotEmpty(body.GetProperty("error_description").GetString()!);
        Assert.NotEmpty(body.GetProperty("request_id").GetString()!);
        Assert.True(answer.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task Q07_basic_halves_are_percent_decoded_and_plus_is_kept()
    {
        await using var host = await OidcHost.StartAsync();
        var basic = OidcHost.Basic(Uri.EscapeDataString(Seed.ClientId), Seed.ClientSecret.Replace("%", "%25", StringComparison.Ordinal).Replace(":", "%3A", StringComparison.Ordinal));
        using var answer = await host.PostAsync("/application/o/token/", await FormAsync(host), basic);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Q06_a_wrong_basic_secret_gets_401_with_a_challenge_and_two_ways_at_once_400()
    {
        await using var host = await OidcHost.StartAsync();
        using var wrong = await host.PostAsync("/application/o/token/", await FormAsync(host), OidcHost.Basic(Seed.ClientId, "wrong"));
        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_client"), (wrong.StatusCode, await OidcHost.ErrorAsync(wrong)));
        Assert.Equal("Basic", wrong.Headers.WwwAuthenticate.Single().Scheme);

        using var both = await host.PostAsync("/application/o/token/", [.. await FormAsync(host), ("client_id", Seed.ClientId), ("client_secret", Seed.ClientSecret)], OidcHost.Basic(Seed.ClientId, "x"));
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (both.StatusCode, await OidcHost.ErrorAsync(both)));
        using var differing = await host.PostAsync("/application/o/token/", [.. await FormAsync(host), ("client_id", Seed.OtherClientId)], OidcHost.Basic(Seed.ClientId, "x"));
        Assert.Equal("invalid_request", await OidcHost.ErrorAsync(differing));
    }

    [Theory]
    [InlineData("Basic !!!")]
    [InlineData("Basic ")]
    [InlineData("Basic Og==")] // ":"
    [InlineData("Basic /////w==")] // no UTF-8
    [InlineData("Bearer abc")]
    public async Task A_broken_authorization_header_is_a_clean_401(string header)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.PostAsync("/application/o/token/", await FormAsync(host), AuthenticationHeaderValue.Parse(header));
        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_client"), (answer.StatusCode, await OidcHost.ErrorAsync(answer)));
    }

    [Fact]
    public async Task Q05_get_is_refused_and_so_is_a_secret_in_the_url()
    {
        await using var host = await OidcHost.StartAsync();
        using var get = await host.GetAsync("/application/o/token/?grant_type=authorization_code");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
        using var inUrl = await host.PostAsync($"/application/o/token/?client_secret={Uri.EscapeDataString(Seed.ClientSecret)}", [.. await FormAsync(host), ("client_id", Seed.ClientId)]);
        Assert.Equal("invalid_request", await OidcHost.ErrorAsync(inUrl));
    }

    [Theory]
    [InlineData("application/json", "{}")]
    [InlineData("multipart/form-data; boundary=x", "--x--")]
    [InlineData("application/x-www-form-urlencoded", "grant_type=a&grant_type=b")] // Q01
    [InlineData("application/x-www-form-urlencoded; charset=nonsense", "grant_type=a")]
    [InlineData("application/x-www-form-urlencoded", "")]
    [InlineData("application/x-www-form-urlencoded", "%zz=%&&&=")]
    public async Task Malformed_bodies_get_a_clean_400(string type, string text)
    {
        await using var host = await OidcHost.StartAsync();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var answer = await host.SendAsync(HttpMethod.Post, "/application/o/token/", content);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Matches("^invalid_(request|client)$", await OidcHost.ErrorAsync(answer));
    }

    [Fact]
    public async Task Q08_a_code_used_twice_ends_the_tokens_of_its_first_use()
    {
        await using var host = await OidcHost.StartAsync();
        var code = await host.CodeAsync();
        using var first = await host.RedeemAsync(code);
        var token = (await OidcHost.JsonAsync(first)).GetProperty("access_token").GetString();
        using var good = await host.GetAsync("/application/o/userinfo/", bearer: token);
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);

        using var second = await host.RedeemAsync(code);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(second));
        var happened = Assert.Single(host.Events.Of("suspicious_request")); // L05
        Assert.Equal(("ada", "127.0.0.1", "a"), (happened.Actor?.Username, happened.ClientIp, (string?)happened.Context["provider"]!["name"])); // there by contract
        using var dead = await host.GetAsync("/application/o/userinfo/", bearer: token);
        Assert.Equal(HttpStatusCode.Unauthorized, dead.StatusCode);
    }

    [Fact]
    public async Task Q08_a_code_lives_a_minute_and_names_its_redirect_uri()
    {
        await using var host = await OidcHost.StartAsync();
        var late = await host.CodeAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(60));
        using var answer = await host.RedeemAsync(late);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(answer));

        await host.ChangeAsync(async db => (await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop)).RedirectUris =
        [
            new(MatchingMode.Strict, Seed.RedirectUri, RedirectUriType.Authorization),
            new(MatchingMode.Strict, "https://rp.test/second", RedirectUriType.Authorization),
        ]);
        using var other = await host.RedeemAsync(await host.CodeAsync(), ("redirect_uri", "https://rp.test/second"));
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(other));
    }

    [Fact]
    public async Task O06_pkce_can_not_be_taken_off()
    {
        await using var host = await OidcHost.StartAsync();
        var unchallenged = await host.CodeAsync(("code_challenge", null), ("code_challenge_method", null));
        using var verifierWithoutChallenge = await host.RedeemAsync(unchallenged);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(verifierWithoutChallenge));

        using var challengeAsVerifier = await host.RedeemAsync(await host.CodeAsync(), ("code_verifier", OidcHost.Challenge)); // S256 read as plain
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(challengeAsVerifier));
    }

    [Fact]
    public async Task O07_a_code_is_burnt_when_another_client_shows_it()
    {
        await using var host = await OidcHost.StartAsync();
        var code = await host.CodeAsync();
        using var stolen = await host.RedeemAsync(code, ("client_id", Seed.OtherClientId), ("client_secret", Seed.OtherClientSecret));
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(stolen));
        using var late = await host.RedeemAsync(code);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(late));

        using var nobody = await host.RedeemAsync(await host.CodeAsync(), ("client_id", null), ("client_secret", null));
        Assert.Equal("invalid_client", await OidcHost.ErrorAsync(nobody));
    }

    [Fact]
    public async Task O08_of_fifty_parallel_redemptions_one_succeeds_and_then_all_is_revoked()
    {
        await using var host = await OidcHost.StartAsync();
        var code = await host.CodeAsync(("scope", "openid offline_access"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => host.RedeemAsync(code)));

        var won = Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
        var tokens = await OidcHost.JsonAsync(won);
        foreach (var lost in answers.Where(a => a != won))
        {
            Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(lost));
        }

        using var info = await host.GetAsync("/application/o/userinfo/", bearer: tokens.GetProperty("access_token").GetString());
        Assert.Equal(HttpStatusCode.Unauthorized, info.StatusCode);
        using var refreshed = await host.RefreshAsync(tokens.GetProperty("refresh_token").GetString()!);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(refreshed));
        Array.ForEach(answers, a => a.Dispose());
    }

    [Theory]
    [InlineData("inactive")]
    [InlineData("session")]
    [InlineData("application")]
    public async Task A_code_dies_with_its_person_its_session_and_its_application(string what)
    {
        await using var host = await OidcHost.StartAsync();
        var code = await host.CodeAsync();
        await host.ChangeAsync(async db =>
        {
            _ = what switch
            {
                "inactive" => await db.Users.Where(u => u.Id == host.Seed.AdaId).ExecuteUpdateAsync(u => u.SetProperty(x => x.IsActive, false), OidcHost.Stop),
                "session" => await db.AuthenticatedSessions.ExecuteDeleteAsync(OidcHost.Stop),
                _ => await db.ProviderApplications.Where(a => a.Id == host.Seed.ApplicationId).ExecuteDeleteAsync(OidcHost.Stop),
            };
        });
        using var answer = await host.RedeemAsync(code);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(answer));
    }

    [Fact]
    public async Task A_public_client_needs_no_secret()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.RedeemAsync(await host.CodeAsync(("client_id", Seed.PublicClientId)), ("client_id", Seed.PublicClientId), ("client_secret", null));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Without_a_signing_key_the_client_secret_signs_and_the_key_set_is_empty()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ChangeAsync(async db => (await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop)).SigningKeyId = null);
        var tokens = await host.TokensAsync();
        var id = new JsonWebToken(tokens.GetProperty("id_token").GetString());
        Assert.Equal("HS256", id.Alg);
        Assert.False(id.TryGetHeaderValue<string>("kid", out _));
        using var info = await host.GetAsync("/application/o/userinfo/", bearer: tokens.GetProperty("access_token").GetString());
        Assert.Equal(HttpStatusCode.OK, info.StatusCode);
        using var keys = await host.GetAsync("/application/o/app-a/jwks/");
        Assert.Equal(0, (await OidcHost.JsonAsync(keys)).GetProperty("keys").GetArrayLength());
    }

    [Theory]
    [InlineData("https://rp.test", true)]
    [InlineData("https://rp.test:8443", false)]
    [InlineData("http://rp.test", false)]
    [InlineData("https://rp.test.evil", false)]
    [InlineData("null", false)]
    public async Task Only_origins_of_redirect_uris_may_read_the_answer(string origin, bool expected)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.PostAsync("/application/o/token/", [.. await FormAsync(host), ("client_id", Seed.ClientId), ("client_secret", Seed.ClientSecret)], origin: origin);
        Assert.Equal(expected, answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed) && allowed.Single() == origin);
    }

    [Fact]
    public async Task Neither_codes_nor_tokens_are_kept_in_the_clear()
    {
        await using var host = await OidcHost.StartAsync();
        var code = await host.CodeAsync(("scope", "openid offline_access"));
        using var answer = await host.RedeemAsync(code);
        var refresh = (await OidcHost.JsonAsync(answer)).GetProperty("refresh_token").GetString()!;
        await using var db = host.Database.CreateDbContext();
        Assert.DoesNotContain(await db.AuthorizationCodes.ToListAsync(OidcHost.Stop), c => c.Hash == code);
        Assert.DoesNotContain(await db.OAuthTokens.ToListAsync(OidcHost.Stop), t => t.Hash == refresh);
    }

    private static async Task<List<(string, string)>> FormAsync(OidcHost host) =>
        [("grant_type", "authorization_code"), ("code", await host.CodeAsync()), ("redirect_uri", Seed.RedirectUri), ("code_verifier", OidcHost.Verifier)];
}
