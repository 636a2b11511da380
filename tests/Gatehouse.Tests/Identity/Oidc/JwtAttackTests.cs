using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Gatehouse.Tests.Identity.Oidc;

/// <summary>Forged tokens at the two places that read JWTs back: userinfo and the logout hint.</summary>
public class JwtAttackTests
{
    public static TheoryData<string> Attacks() =>
    [
        "O18 none", "O18 None", "O18 none with a signature", "O18 HS256 with the public key", "O18 HS256 with the public key, no kid", "O18 PS256", "O18 no alg", "O18 foreign key",
        "O19 kid path", "O19 kid sql", "O19 kid 10 kB", "O19 no kid", "O19 jwk", "O19 jku", "O19 crit",
        "O20 no exp", "O20 no iat", "O20 no aud", "O20 other aud", "O20 other iss", "O20 other typ", "O13 cut", "O13 extended", "O13 other case", "not a token",
    ];

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task O18_O19_O20_forged_tokens_are_refused_at_userinfo_and_at_logout(string attack)
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await host.TokensAsync();
        using var before = await host.GetAsync("/application/o/userinfo/", bearer: tokens.GetProperty("access_token").GetString());
        Assert.Equal(HttpStatusCode.OK, before.StatusCode); // what was proven once helps no forgery

        var access = Forge(tokens.GetProperty("access_token").GetString()!, attack);
        using var info = await host.GetAsync("/application/o/userinfo/", bearer: access);
        Assert.Equal(HttpStatusCode.Unauthorized, info.StatusCode);

        var hint = Forge(tokens.GetProperty("id_token").GetString()!, attack);
        using var logout = await host.PostAsync("/application/o/app-a/end-session/", [("id_token_hint", hint)], cookie: host.Cookie);
        Assert.Equal(HttpStatusCode.BadRequest, logout.StatusCode);

        // The real ones still stand: the test would see a server that refuses everything.
        using var real = await host.GetAsync("/application/o/userinfo/", bearer: tokens.GetProperty("access_token").GetString());
        Assert.Equal(HttpStatusCode.OK, real.StatusCode);
    }

    [Fact]
    public async Task O19_a_header_named_url_is_kept_unfetched_when_the_signature_is_ours()
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await host.TokensAsync();
        using var info = await host.GetAsync("/application/o/userinfo/", bearer: Resign(tokens.GetProperty("access_token").GetString()!, h => h["jku"] = "http://127.0.0.1:1/keys", _ => { }));
        Assert.Equal(HttpStatusCode.OK, info.StatusCode);
    }

    [Fact]
    public async Task O24_one_kind_of_token_does_not_pass_for_another()
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await host.TokensAsync();
        foreach (var wrong in new[] { "id_token", "refresh_token" })
        {
            using var info = await host.GetAsync("/application/o/userinfo/", bearer: tokens.GetProperty(wrong).GetString());
            Assert.Equal(HttpStatusCode.Unauthorized, info.StatusCode);
        }

        using var logout = await host.PostAsync("/application/o/app-a/end-session/", [("id_token_hint", tokens.GetProperty("access_token").GetString()!)], cookie: host.Cookie);
        Assert.Equal(HttpStatusCode.BadRequest, logout.StatusCode);
        using var refresh = await host.RefreshAsync(tokens.GetProperty("access_token").GetString()!);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(refresh));
        using var good = await host.RefreshAsync(tokens.GetProperty("refresh_token").GetString()!);
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
    }

    private static string Forge(string token, string attack) => attack switch
    {
        "O18 none" => Unsigned(token, "none", ""),
        "O18 None" => Unsigned(token, "None", ""),
        "O18 none with a signature" => Unsigned(token, "none", token.Split('.')[2]),
        "O18 HS256 with the public key" => Hmac(token, "kid-1"),
        "O18 HS256 with the public key, no kid" => Hmac(token, null),
        "O18 PS256" => Resign(token, h => h["alg"] = "PS256", _ => { }, RSASignaturePadding.Pss),
        "O18 no alg" => Resign(token, h => h.Remove("alg"), _ => { }),
        "O18 foreign key" => Foreign(token, _ => { }),
        "O19 kid path" => Foreign(token, h => h["kid"] = "../../dev/null"),
        "O19 kid sql" => Foreign(token, h => h["kid"] = "x' UNION SELECT 1--"),
        "O19 kid 10 kB" => Foreign(token, h => h["kid"] = new string('k', 10_000)),
        "O19 no kid" => Resign(token, h => h.Remove("kid"), _ => { }),
        "O19 jwk" => Foreign(token, h => h["jwk"] = new JsonObject { ["kty"] = "RSA", ["n"] = "AQAB", ["e"] = "AQAB" }),
        "O19 jku" => Foreign(token, h => h["jku"] = "http://127.0.0.1:1/keys"),
        "O19 crit" => Resign(token, h => h["crit"] = new JsonArray("exp"), _ => { }),
        "O20 no exp" => Resign(token, _ => { }, p => p.Remove("exp")),
        "O20 no iat" => Resign(token, _ => { }, p => p.Remove("iat")),
        "O20 no aud" => Resign(token, _ => { }, p => p.Remove("aud")),
        "O20 other aud" => Resign(token, _ => { }, p => p["aud"] = Seed.OtherClientId),
        "O20 other iss" => Resign(token, _ => { }, p => p["iss"] = "https://auth.example.test/application/o/app-b/"),
        "O20 other typ" => Resign(token, h => h["typ"] = "logout+jwt", _ => { }),
        "O13 cut" => token[..^1],
        "O13 extended" => token + "A",
        "O13 other case" => token.ToUpperInvariant(),
        _ => "..",
    };

    private static string Unsigned(string token, string algorithm, string signature) => Compose(token, h => h["alg"] = algorithm, _ => { }) + "." + signature;

    private static string Hmac(string token, string? kid)
    {
        var text = Compose(token, h => _ = (h["alg"] = "HS256", kid is null ? h.Remove("kid") : (h["kid"] = kid) is not null), _ => { });
        return text + "." + WebEncoders.Base64UrlEncode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Seed.PublicKeyPem), Encoding.ASCII.GetBytes(text)));
    }

    private static string Foreign(string token, Action<JsonObject> header)
    {
        using var rsa = RSA.Create(2048);
        return Sign(Compose(token, header, _ => { }), rsa, RSASignaturePadding.Pkcs1);
    }

    private static string Resign(string token, Action<JsonObject> header, Action<JsonObject> payload, RSASignaturePadding? padding = null)
    {
        using var rsa = Seed.OpenKey();
        return Sign(Compose(token, header, payload), rsa, padding ?? RSASignaturePadding.Pkcs1);
    }

    private static string Sign(string text, RSA rsa, RSASignaturePadding padding) =>
        text + "." + WebEncoders.Base64UrlEncode(rsa.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, padding));

    private static string Compose(string token, Action<JsonObject> header, Action<JsonObject> payload)
    {
        var parts = token.Split('.');
        return Change(parts[0], header) + "." + Change(parts[1], payload);
    }

    private static string Change(string part, Action<JsonObject> change)
    {
        var fields = JsonNode.Parse(WebEncoders.Base64UrlDecode(part))!.AsObject();
        change(fields);
        return WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(fields.ToJsonString()));
    }
}
