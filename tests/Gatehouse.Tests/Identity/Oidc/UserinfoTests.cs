using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Oidc;

public class UserinfoTests
{
    private const string Path = "/application/o/userinfo/";

    [Fact]
    public async Task Q35_get_and_post_say_the_same_and_sub_is_that_of_the_id_token()
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await host.TokensAsync();
        var token = tokens.GetProperty("access_token").GetString()!;
        using var get = await host.GetAsync(Path, bearer: token, origin: "https://rp.test");
        using var post = await host.PostAsync(Path, [("access_token", token)]);
        var body = await OidcHost.JsonAsync(get);

        Assert.True(JsonElement.DeepEquals(body, await OidcHost.JsonAsync(post)));
        Assert.Equal(new Microsoft.IdentityModel.JsonWebTokens.JsonWebToken(tokens.GetProperty("id_token").GetString()).Subject, body.GetProperty("sub").GetString());
        Assert.Equal("ada@example.test", body.GetProperty("email").GetString());
        Assert.Equal("engineers", body.GetProperty("groups")[0].GetString());
        Assert.Equal("https://rp.test", get.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.True(get.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task Q12_no_token_no_scope_and_bad_ways_get_bearer_challenges()
    {
        await using var host = await OidcHost.StartAsync();
        var token = (await host.TokensAsync()).GetProperty("access_token").GetString()!;
        var unscoped = (await host.TokensAsync("email")).GetProperty("access_token").GetString()!;

        await AssertAsync(host.GetAsync(Path), HttpStatusCode.Unauthorized, null);
        await AssertAsync(host.GetAsync(Path, cookie: host.Cookie), HttpStatusCode.Unauthorized, null); // cookies do not count
        await AssertAsync(host.GetAsync(Path, bearer: unscoped), HttpStatusCode.Forbidden, "insufficient_scope");
        await AssertAsync(host.GetAsync($"{Path}?access_token={token}"), HttpStatusCode.BadRequest, "invalid_request");
        await AssertAsync(host.PostAsync(Path, [("access_token", token), ("access_token", token)]), HttpStatusCode.BadRequest, "invalid_request");
        await AssertAsync(host.PostAsync(Path, [("access_token", token)], new("Bearer", token)), HttpStatusCode.BadRequest, "invalid_request");
        host.Clock.Advance(TimeSpan.FromHours(1));
        await AssertAsync(host.GetAsync(Path, bearer: token), HttpStatusCode.Unauthorized, "invalid_token");
    }

    [Fact]
    public async Task An_inactive_person_has_no_userinfo()
    {
        await using var host = await OidcHost.StartAsync();
        var token = (await host.TokensAsync()).GetProperty("access_token").GetString()!;
        await host.ChangeAsync(db => db.Users.ExecuteUpdateAsync(u => u.SetProperty(x => x.IsActive, false), OidcHost.Stop));
        await AssertAsync(host.GetAsync(Path, bearer: token), HttpStatusCode.Unauthorized, "invalid_token");
    }

    [Fact]
    public async Task Q29_a_script_may_send_its_proof_and_read_why_it_was_refused()
    {
        await using var host = await OidcHost.StartAsync();
        foreach (var path in (string[])[Path, "/application/o/token/", "/application/o/par/"])
        {
            using var asked = await host.SendAsync(HttpMethod.Options, path, null, origin: "https://rp.test");
            Assert.Contains("DPoP", asked.Headers.GetValues("Access-Control-Allow-Headers").Single().Split(", "));
        }

        var token = (await host.TokensAsync()).GetProperty("access_token").GetString();
        using var answer = await host.GetAsync(Path, bearer: token, origin: "https://rp.test");
        Assert.Equal("WWW-Authenticate", answer.Headers.GetValues("Access-Control-Expose-Headers").Single());
    }

    [Fact]
    public async Task A_preflight_is_answered()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.SendAsync(HttpMethod.Options, Path, null, origin: "https://rp.test");
        Assert.Equal("https://rp.test", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("Authorization", answer.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.Ordinal);
    }

    private static async Task AssertAsync(Task<HttpResponseMessage> sent, HttpStatusCode status, string? error)
    {
        using var answer = await sent;
        var challenge = answer.Headers.WwwAuthenticate.Single();
        Assert.Equal((status, "Bearer"), (answer.StatusCode, challenge.Scheme));
        if (error is null)
        {
            Assert.Null(challenge.Parameter);
        }
        else
        {
            Assert.Contains($"error=\"{error}\"", challenge.Parameter, StringComparison.Ordinal);
        }
    }
}
