using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Tests.Fakes;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Tests.Access.SignIn;

public class IdTokenTests
{
    [Theory]
    [InlineData("RS256")]
    [InlineData("RS512")]
    [InlineData("PS512")]
    [InlineData("ES256")]
    public async Task The_documented_algorithms_are_accepted(string algorithm)
    {
        await using var rig = await SignInRig.StartAsync(r =>
            r.Provider.Make = c => FakeProvider.Sign(c, algorithm[0] == 'E' ? r.Provider.EcKey : r.Provider.Key, algorithm));
        using var browser = rig.Browser();

        Assert.StartsWith("app ", (await rig.SignInAsync(browser)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("empty signature")]
    [InlineData("HS256 with the public key")]
    [InlineData("HS256 with the client secret")]
    [InlineData("RS256 said to be PS512")]
    [InlineData("PS256")]
    [InlineData("RS384")]
    [InlineData("zero ES256")]
    [InlineData("ES256 with an RSA key id")]
    [InlineData("other key, same kid")]
    [InlineData("crit")]
    public async Task O18_algorithm_confusion_is_refused(string attack)
    {
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Make = c => Forge(r.Provider, c, attack));
        using var browser = rig.Browser();

        var answer = await rig.SignInAsync(browser);

        Assert.Equal(HttpStatusCode.BadGateway, answer.Status);
        Assert.Contains("Verifying the ID token of Authentik", answer.Body, StringComparison.Ordinal);
        Assert.Empty(rig.Sessions.All);
    }

    [Fact]
    public async Task A_shared_secret_signature_says_that_a_signing_key_is_missing()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Make = c => Forge(r.Provider, c, "HS256 with the client secret"));
        using var browser = rig.Browser();

        Assert.Contains("Choose a signing key", (await rig.SignInAsync(browser)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../dev/null")]
    [InlineData("' OR 1=1 --")]
    [InlineData("k1\u0000")]
    [InlineData("10k")]
    public async Task O19_key_ids_are_looked_up_and_nothing_else(string kid)
    {
        var foreign = TestKeys.Foreign;
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Make = c =>
            FakeProvider.Sign(c, new RsaSecurityKey(foreign) { KeyId = kid == "10k" ? new string('k', 10_000) : kid }, "RS256"));
        using var browser = rig.Browser();

        var answer = await rig.SignInAsync(browser);

        Assert.Equal(HttpStatusCode.BadGateway, answer.Status);
        Assert.Contains("id_token_key_unknown", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task O19_keys_named_or_held_in_the_header_are_ignored()
    {
        var foreign = TestKeys.Foreign;
        var numbers = foreign.ExportParameters(false);
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Make = c => Raw(
            new JsonObject
            {
                ["alg"] = "RS256",
                ["kid"] = "k1",
                ["jku"] = r.Provider.Url + "/mine",
                ["x5u"] = r.Provider.Url + "/mine.pem",
                ["jwk"] = new JsonObject { ["kty"] = "RSA", ["n"] = Base64UrlEncoder.Encode(numbers.Modulus), ["e"] = Base64UrlEncoder.Encode(numbers.Exponent) },
            },
            c,
            data => foreign.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
        using var browser = rig.Browser();

        var answer = await rig.SignInAsync(browser);

        Assert.Equal(HttpStatusCode.BadGateway, answer.Status);
        Assert.Equal(0, rig.Provider.Strays);
    }

    [Fact]
    public async Task O19_an_unknown_key_id_fetches_the_keys_once_in_ten_seconds()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        Assert.Equal(1, rig.Provider.CertsFetched);

        var next = TestKeys.Next;
        var nextKey = new RsaSecurityKey(next) { KeyId = "k2" };
        rig.Provider.Make = c => FakeProvider.Sign(c, nextKey, "RS256");
        for (var n = 0; n < 3; n++)
        {
            using var other = rig.Browser();
            Assert.Contains("fresh keys", (await rig.SignInAsync(other)).Body, StringComparison.Ordinal);
        }

        Assert.Equal(1, rig.Provider.CertsFetched);
        rig.Clock.Advance(TimeSpan.FromSeconds(11));
        var numbers = next.ExportParameters(false);
        rig.Provider.MoreKeys.Add(new JsonObject { ["kty"] = "RSA", ["kid"] = "k2", ["n"] = Base64UrlEncoder.Encode(numbers.Modulus), ["e"] = Base64UrlEncoder.Encode(numbers.Exponent) });
        using var last = rig.Browser();
        Assert.StartsWith("app ", (await rig.SignInAsync(last)).Body, StringComparison.Ordinal);
        Assert.Equal(2, rig.Provider.CertsFetched);
    }

    [Fact]
    public async Task L06_keys_that_can_not_be_fetched_admit_nobody_and_are_asked_for_once_in_ten_seconds()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Method.CertsUrl = r.Provider.Url + "/nothing");
        for (var n = 0; n < 3; n++)
        {
            using var browser = rig.Browser();
            Assert.Contains("jwks_unreachable", (await rig.SignInAsync(browser)).Body, StringComparison.Ordinal);
        }

        Assert.Equal(1, rig.Provider.Strays);
        rig.Clock.Advance(TimeSpan.FromSeconds(11));
        using var last = rig.Browser();
        await rig.SignInAsync(last);
        Assert.Equal(2, rig.Provider.Strays);
    }

    [Fact]
    public async Task A_providers_keys_serve_its_own_login_methods_only()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        rig.Method.CertsUrl = rig.Provider.Url + "/nothing";
        rig.Reload();

        using var other = rig.Browser();
        Assert.Contains("jwks_unreachable", (await rig.SignInAsync(other)).Body, StringComparison.Ordinal);
        Assert.Equal(1, rig.Provider.CertsFetched);
    }

    [Theory]
    [InlineData("https://idp.test", true)]
    [InlineData("", true)]
    [InlineData("https://idp.test/", false)]
    [InlineData("https://IDP.test", false)]
    [InlineData("https://other.test", false)]
    public async Task The_issuer_is_compared_letter_by_letter_where_it_is_known(string issuer, bool isGood)
    {
        await using var rig = await SignInRig.StartAsync(r => r.Method.Issuer = issuer);
        using var browser = rig.Browser();

        var body = (await rig.SignInAsync(browser)).Body;

        Assert.Contains(isGood ? "app /deep" : "id_token_issuer", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_without_an_issuer_is_refused_where_it_is_known()
    {
        await using var rig = await SignInRig.StartAsync(r => (r.Method.Issuer, r.Provider.Claims) = ("https://idp.test", c => c.Remove("iss")));
        using var browser = rig.Browser();

        Assert.Contains("id_token_issuer", (await rig.SignInAsync(browser)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exp", null, "id_token_times")]
    [InlineData("iat", null, "id_token_times")]
    [InlineData("aud", null, "id_token_audience")]
    [InlineData("nonce", null, "id_token_nonce")]
    [InlineData("sub", null, "id_token_subject")]
    [InlineData("exp", "\"2099\"", "id_token_times")]
    [InlineData("exp", "1e300", "id_token_malformed")]
    [InlineData("exp", "1700000000", "id_token_clock")]
    [InlineData("iat", "2000000000", "id_token_clock")]
    [InlineData("nbf", "2000000000", "id_token_clock")]
    [InlineData("aud", "\"other\"", "id_token_audience")]
    [InlineData("aud", "[\"gatehouse\",\"other\"]", "id_token_audience")]
    [InlineData("aud", "{\"gatehouse\":1}", "id_token_malformed")]
    [InlineData("nonce", "\"other\"", "id_token_nonce")]
    [InlineData("nonce", "7", "id_token_nonce")]
    public async Task O20_missing_or_wrong_claims_are_refused(string claim, string? json, string code)
    {
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Make = c =>
        {
            if (json is null)
            {
                c.Remove(claim);
            }
            else
            {
                c[claim] = JsonNode.Parse(json);
            }

            return Raw(new JsonObject { ["alg"] = "RS256", ["kid"] = "k1" }, c, d => r.Provider.Key.Rsa.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        });
        using var browser = rig.Browser();

        var answer = await rig.SignInAsync(browser);

        Assert.Equal(HttpStatusCode.BadGateway, answer.Status);
        Assert.Contains(code, answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not a jwt")]
    [InlineData("..")]
    [InlineData("a.b.c")]
    [InlineData("a.b.c.d.e")]
    [InlineData("eyJhbGciOiJSUzI1NiJ9.W10.AAAA")]
    [InlineData("eyJhbGciOiJSUzI1NiJ9.bm90IGpzb24.AAAA")]
    [InlineData("eyJhbGciOjV9.e30.AAAA")]
    [InlineData("eyJraWQiOnt9fQ.e30.AAAA")]
    [InlineData("W10.e30.AAAA")]
    public async Task What_is_no_token_is_refused_cleanly(string token)
    {
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Make = _ => token);
        using var browser = rig.Browser();

        Assert.Equal(HttpStatusCode.BadGateway, (await rig.SignInAsync(browser)).Status);
    }

    private static string Forge(FakeProvider provider, JsonObject claims, string attack)
    {
        var foreign = TestKeys.Foreign;
        var rsa = provider.Key.Rsa;
        JsonObject Header(string algorithm, string kid = "k1") => new() { ["alg"] = algorithm, ["kid"] = kid, ["typ"] = "JWT" };
        return attack switch
        {
            "none" => Raw(Header("none"), claims, _ => []),
            "empty signature" => Raw(Header("RS256"), claims, _ => []),
            "HS256 with the public key" => Raw(Header("HS256"), claims, d => HMACSHA256.HashData(Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()), d)),
            "HS256 with the client secret" => Raw(Header("HS256"), claims, d => HMACSHA256.HashData("s3cret"u8, d)),
            "RS256 said to be PS512" => Raw(Header("PS512"), claims, d => rsa.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            "PS256" => Raw(Header("PS256"), claims, d => rsa.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)),
            "RS384" => Raw(Header("RS384"), claims, d => rsa.SignData(d, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1)),
            "zero ES256" => Raw(Header("ES256", "e1"), claims, _ => new byte[64]),
            "ES256 with an RSA key id" => Raw(Header("ES256"), claims, d => provider.EcKey.ECDsa.SignData(d, HashAlgorithmName.SHA256)),
            "other key, same kid" => Raw(Header("RS256"), claims, d => foreign.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            "crit" => Raw(new JsonObject { ["alg"] = "RS256", ["kid"] = "k1", ["crit"] = new JsonArray("b64") }, claims, d => rsa.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            _ => throw new ArgumentOutOfRangeException(nameof(attack), attack, "no such attack"),
        };
    }

    private static string Raw(JsonObject header, JsonObject claims, Func<byte[], byte[]> sign)
    {
        var text = Base64UrlEncoder.Encode(header.ToJsonString()) + "." + Base64UrlEncoder.Encode(claims.ToJsonString());
        return text + "." + Base64UrlEncoder.Encode(sign(Encoding.ASCII.GetBytes(text)));
    }
}
