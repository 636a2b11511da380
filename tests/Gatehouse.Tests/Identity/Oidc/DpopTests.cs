using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Identity.Oidc;

public class DpopTests
{
    [Fact]
    public async Task Q29_tokens_are_bound_to_the_key_and_count_with_its_proof_only()
    {
        await using var host = await OidcHost.StartAsync();
        using var key = new Proof();
        using var answer = await TokenAsync(host, await CodeFormAsync(host), key.Dpop(host));
        var body = await OidcHost.JsonAsync(answer);
        var token = body.GetProperty("access_token").GetString()!;
        Assert.Equal("DPoP", body.GetProperty("token_type").GetString());
        Assert.Equal(key.Thumbprint, new JsonWebToken(token).GetPayloadValue<JsonElement>("cnf").GetProperty("jkt").GetString());
        var status = await host.IntrospectAsync(token);
        Assert.Equal(("DPoP", key.Thumbprint), (status.GetProperty("token_type").GetString(), status.GetProperty("cnf").GetProperty("jkt").GetString()));

        Assert.Equal(HttpStatusCode.OK, await UserinfoAsync(host, "DPoP", token, Userinfo(host, key, token)));
        Assert.Equal(HttpStatusCode.Unauthorized, await UserinfoAsync(host, "Bearer", token));
        Assert.Equal(HttpStatusCode.Unauthorized, await UserinfoAsync(host, "Bearer", token, Userinfo(host, key, token)));
        Assert.Equal(HttpStatusCode.Unauthorized, await UserinfoAsync(host, "DPoP", token));
        Assert.Equal(HttpStatusCode.Unauthorized, await UserinfoAsync(host, "DPoP", token, Userinfo(host, key, token: null))); // no ath
        Assert.Equal(HttpStatusCode.Unauthorized, await UserinfoAsync(host, "DPoP", token, Userinfo(host, key, "another token")));
        Assert.Equal(HttpStatusCode.Unauthorized, await UserinfoAsync(host, "DPoP", token, Userinfo(host, key, token), Userinfo(host, key, token)));
        using var other = new Proof();
        Assert.Equal(HttpStatusCode.Unauthorized, await UserinfoAsync(host, "DPoP", token, Userinfo(host, other, token)));
        var once = Userinfo(host, key, token);
        Assert.Equal(HttpStatusCode.OK, await UserinfoAsync(host, "DPoP", token, once));
        Assert.Equal(HttpStatusCode.Unauthorized, await UserinfoAsync(host, "DPoP", token, once));
        var bearer = (await host.TokensAsync()).GetProperty("access_token").GetString()!;
        Assert.Equal(HttpStatusCode.Unauthorized, await UserinfoAsync(host, "DPoP", bearer, Userinfo(host, key, bearer)));
    }

    [Fact]
    public async Task Q29_a_refresh_needs_the_same_key()
    {
        await using var host = await OidcHost.StartAsync();
        using var key = new Proof();
        using var other = new Proof();
        using var answer = await TokenAsync(host, await CodeFormAsync(host, "openid offline_access"), key.Dpop(host));
        var refresh = (await OidcHost.JsonAsync(answer)).GetProperty("refresh_token").GetString()!;
        (string, string)[] form = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", Seed.ClientId), ("client_secret", Seed.ClientSecret)];

        using var without = await TokenAsync(host, form);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(without));
        using var wrong = await TokenAsync(host, form, other.Dpop(host));
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(wrong));
        using var right = await TokenAsync(host, form, key.Dpop(host));
        Assert.Equal("DPoP", (await OidcHost.JsonAsync(right)).GetProperty("token_type").GetString());
    }

    public static TheoryData<string, Action<JsonObject, JsonObject>> Wrong => new()
    {
        { "typ", (h, _) => h["typ"] = "JWT" },
        { "none", (h, _) => h["alg"] = "none" },
        { "HS256", (h, _) => h["alg"] = "HS256" },
        { "ES384", (h, _) => h["alg"] = "ES384" },
        { "no jwk", (h, _) => h.Remove("jwk") },
        { "symmetric", (h, _) => h["jwk"] = new JsonObject { ["kty"] = "oct", ["k"] = "AAAA" } },
        { "off the curve", (h, _) => h["jwk"]!["x"] = h["jwk"]!["y"]!.GetValue<string>() },
        { "htm", (_, p) => p["htm"] = "GET" },
        { "htu", (_, p) => p["htu"] = "https://evil.test/application/o/token/" },
        { "htu path", (_, p) => p["htu"] = "https://auth.example.test/application/o/userinfo/" },
        { "old", (_, p) => p["iat"] = p["iat"]!.GetValue<long>() - 61 },
        { "future", (_, p) => p["iat"] = p["iat"]!.GetValue<long>() + 61 },
        { "no iat", (_, p) => p.Remove("iat") },
        { "no jti", (_, p) => p.Remove("jti") },
        { "long jti", (_, p) => p["jti"] = new string('j', 257) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Q29_a_proof_with_anything_wrong_is_none(string what, Action<JsonObject, JsonObject> change)
    {
        await using var host = await OidcHost.StartAsync();
        using var key = new Proof();
        using var answer = await TokenAsync(host, await CodeFormAsync(host), key.Dpop(host, change));
        Assert.True(await OidcHost.ErrorAsync(answer) == "invalid_dpop_proof", what);
    }

    [Fact]
    public async Task Q29_a_private_key_two_proofs_and_a_foreign_signature_are_refused_and_a_query_in_htu_is_not()
    {
        await using var host = await OidcHost.StartAsync();
        using var key = new Proof();
        using var other = new Proof();
        using var secret = await TokenAsync(host, await CodeFormAsync(host), key.Dpop(host, (h, _) => h["jwk"]!["d"] = key.D));
        Assert.Equal("invalid_dpop_proof", await OidcHost.ErrorAsync(secret));
        using var two = await TokenAsync(host, await CodeFormAsync(host), key.Dpop(host), key.Dpop(host));
        Assert.Equal("invalid_dpop_proof", await OidcHost.ErrorAsync(two));
        using var foreign = await TokenAsync(host, await CodeFormAsync(host), key.Dpop(host, (h, _) => h["jwk"] = other.Jwk));
        Assert.Equal("invalid_dpop_proof", await OidcHost.ErrorAsync(foreign));
        using var query = await TokenAsync(host, await CodeFormAsync(host), key.Dpop(host, (_, p) => p["htu"] += "?a=b#c"));
        Assert.Equal(HttpStatusCode.OK, query.StatusCode);
        var again = key.Dpop(host);
        using var first = await TokenAsync(host, await CodeFormAsync(host), again);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        using var second = await TokenAsync(host, await CodeFormAsync(host), again);
        Assert.Equal("invalid_dpop_proof", await OidcHost.ErrorAsync(second));
    }

    [Fact]
    public async Task A_code_that_names_a_key_needs_it_and_so_does_a_client_that_says_so()
    {
        await using var host = await OidcHost.StartAsync();
        using var key = new Proof();
        using var other = new Proof();
        var form = await CodeFormAsync(host, jkt: key.Thumbprint);
        using var without = await TokenAsync(host, form);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(without));
        using var wrong = await TokenAsync(host, await CodeFormAsync(host, jkt: key.Thumbprint), other.Dpop(host));
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(wrong));
        using var right = await TokenAsync(host, await CodeFormAsync(host, jkt: key.Thumbprint), key.Dpop(host));
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        using var malformed = await host.GetAsync(OidcHost.Authorize(("dpop_jkt", "short")), host.Cookie);
        Assert.Equal("invalid_request", OidcHost.Field(malformed.Headers.Location!, "error"));

        await host.ConfigureAsync(p => p.RequiresDpop = true);
        using var needed = await TokenAsync(host, await CodeFormAsync(host));
        Assert.Equal("invalid_dpop_proof", await OidcHost.ErrorAsync(needed));
    }

    private static string Userinfo(OidcHost host, Proof key, string? token) => key.Dpop(host, method: "GET", path: "/application/o/userinfo/", token: token);

    private static async Task<(string, string)[]> CodeFormAsync(OidcHost host, string scope = "openid", string? jkt = null) =>
    [
        ("grant_type", "authorization_code"), ("code", await host.CodeAsync(("scope", scope), ("dpop_jkt", jkt))), ("redirect_uri", Seed.RedirectUri),
        ("code_verifier", OidcHost.Verifier), ("client_id", Seed.ClientId), ("client_secret", Seed.ClientSecret),
    ];

    private static Task<HttpResponseMessage> TokenAsync(OidcHost host, (string Name, string Value)[] form, params string[] proofs)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/application/o/token/", UriKind.Relative))
        {
            Content = new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Name, f.Value))),
        };
        request.Headers.TryAddWithoutValidation("DPoP", proofs);
        return host.SendAsync(request);
    }

    private static async Task<HttpStatusCode> UserinfoAsync(OidcHost host, string scheme, string token, params string[] proofs)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/application/o/userinfo/", UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue(scheme, token);
        request.Headers.TryAddWithoutValidation("DPoP", proofs);
        using var answer = await host.SendAsync(request);
        return answer.StatusCode;
    }
}
