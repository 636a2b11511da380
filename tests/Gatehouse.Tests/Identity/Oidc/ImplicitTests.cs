using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Identity.Oidc;

public class ImplicitTests
{
    [Theory]
    [InlineData("id_token", "implicit")]
    [InlineData("id_token token", "implicit")]
    [InlineData("token id_token", "implicit")]
    [InlineData("code id_token", "hybrid")]
    [InlineData("code token", "hybrid")]
    [InlineData("code id_token token", "hybrid")]
    public async Task Q33_an_allowed_type_answers_in_the_fragment_with_the_right_hashes(string type, string grant)
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.GrantTypes = [grant, "authorization_code"]);
        using var answer = await host.GetAsync(OidcHost.Authorize(("response_type", type)), host.Cookie);
        var location = answer.Headers.Location!;
        Assert.StartsWith(Seed.RedirectUri + "#", location.OriginalString, StringComparison.Ordinal);
        Assert.Equal("https://auth.example.test/application/o/app-a/", OidcHost.Field(location, "iss")); // Q28
        Assert.Equal("s 1&2", OidcHost.Field(location, "state"));

        var words = type.Split(' ');
        var (code, access) = (OidcHost.Field(location, "code"), OidcHost.Field(location, "access_token"));
        Assert.Equal(words.Contains("code"), code is not null);
        Assert.Equal(words.Contains("token"), access is not null);
        if (access is not null)
        {
            Assert.Equal(("Bearer", "3600"), (OidcHost.Field(location, "token_type"), OidcHost.Field(location, "expires_in")));
            using var info = await host.GetAsync("/application/o/userinfo/", bearer: access);
            Assert.Equal(HttpStatusCode.OK, info.StatusCode);
        }

        if (words.Contains("id_token"))
        {
            var id = new JsonWebToken(OidcHost.Field(location, "id_token"));
            Assert.Equal("n-1", id.GetPayloadValue<string>("nonce"));
            Assert.Equal(Half(access), id.TryGetPayloadValue<string>("at_hash", out var atHash) ? atHash : null);
            Assert.Equal(Half(code), id.TryGetPayloadValue<string>("c_hash", out var cHash) ? cHash : null);
        }

        if (code is not null)
        {
            using var tokens = await host.RedeemAsync(code);
            Assert.Equal(HttpStatusCode.OK, tokens.StatusCode);
        }
    }

    [Theory]
    [InlineData("nonce", null, "invalid_request")]
    [InlineData("scope", "email", "invalid_scope")]
    [InlineData("response_mode", "query", "invalid_request")]
    public async Task What_is_wrong_is_told_in_the_fragment(string name, string? value, string error)
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.GrantTypes = ["implicit", "hybrid"]);
        foreach (var type in new[] { "id_token", "code id_token" })
        {
            using var answer = await host.GetAsync(OidcHost.Authorize(("response_type", type), (name, value)), host.Cookie);
            Assert.StartsWith(Seed.RedirectUri + "#error=" + error, answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("implicit", "code id_token")]
    [InlineData("hybrid", "id_token")]
    [InlineData("implicit", "code")]
    [InlineData("authorization_code", "id_token token")] // Q16: off unless asked for
    public async Task Only_what_the_provider_allows(string grant, string type)
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.GrantTypes = [grant]);
        using var answer = await host.GetAsync(OidcHost.Authorize(("response_type", type)), host.Cookie);
        Assert.Equal("invalid_request", OidcHost.Field(answer.Headers.Location!, "error"));
    }

    [Fact]
    public async Task Without_a_code_there_is_no_offline_access_and_form_post_carries_tokens_too()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.GrantTypes = ["implicit", "refresh_token"]);
        using var answer = await host.GetAsync(OidcHost.Authorize(("response_type", "id_token token"), ("scope", "openid offline_access")), host.Cookie);
        Assert.Equal("openid", new JsonWebToken(OidcHost.Field(answer.Headers.Location!, "access_token")).GetPayloadValue<string>("scope"));

        using var posted = await host.GetAsync(OidcHost.Authorize(("response_type", "id_token"), ("response_mode", "form_post")), host.Cookie);
        var page = await posted.Content.ReadAsStringAsync(OidcHost.Stop);
        Assert.Contains("name=\"id_token\"", page, StringComparison.Ordinal);
        Assert.Null(posted.Headers.Location);
    }

    [Theory]
    [InlineData("ES256", 32)]
    [InlineData("ES384", 48)]
    [InlineData("ES512", 64)]
    public async Task The_hash_is_that_of_the_keys_algorithm(string algorithm, int bytes)
    {
        await using var host = await OidcHost.StartAsync();
        using var key = ECDsa.Create(algorithm switch { "ES256" => ECCurve.NamedCurves.nistP256, "ES384" => ECCurve.NamedCurves.nistP384, _ => ECCurve.NamedCurves.nistP521 });
        var id = await host.AddKeyAsync("ec", key);
        await host.ConfigureAsync(p => (p.SigningKeyId, p.GrantTypes) = (id, ["implicit"]));
        using var answer = await host.GetAsync(OidcHost.Authorize(("response_type", "id_token token")), host.Cookie);
        var token = new JsonWebToken(OidcHost.Field(answer.Headers.Location!, "id_token"));
        Assert.Equal(algorithm, token.Alg);
        Assert.Equal(bytes / 2, WebEncoders.Base64UrlDecode(token.GetPayloadValue<string>("at_hash")).Length);
        using var document = await host.GetAsync("/application/o/app-a/.well-known/openid-configuration");
        Assert.Equal(algorithm, (await OidcHost.JsonAsync(document)).GetProperty("id_token_signing_alg_values_supported")[0].GetString());
    }

    private static string? Half(string? text) => text is null ? null : WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(text))[..16]);
}
