using System.Net;
using System.Security.Cryptography;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Oidc;

public class DiscoveryTests
{
    [Fact]
    public async Task The_document_names_what_works_and_nothing_else()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync("/application/o/app-a/.well-known/openid-configuration", origin: "https://rp.test");
        var document = await OidcHost.JsonAsync(answer);

        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("https://rp.test", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("https://auth.example.test/application/o/app-a/", document.GetProperty("issuer").GetString()); // Q25
        Assert.Equal("https://auth.example.test/application/o/token/", document.GetProperty("token_endpoint").GetString());
        Assert.Equal("""["authorization_code","refresh_token"]""", Flat(document.GetProperty("grant_types_supported").GetRawText()));
        Assert.Equal("""["code"]""", Flat(document.GetProperty("response_types_supported").GetRawText()));
        Assert.Equal("""["S256"]""", Flat(document.GetProperty("code_challenge_methods_supported").GetRawText()));
        Assert.Equal("""["RS256"]""", Flat(document.GetProperty("id_token_signing_alg_values_supported").GetRawText()));
        Assert.Contains("\"groups\"", document.GetProperty("claims_supported").GetRawText(), StringComparison.Ordinal);
        Assert.True(document.GetProperty("authorization_response_iss_parameter_supported").GetBoolean());
        Assert.False(document.TryGetProperty("device_authorization_endpoint", out _));

        using var other = await host.GetAsync("/.well-known/oauth-authorization-server/application/o/app-a/");
        Assert.Equal(document.GetRawText(), (await OidcHost.JsonAsync(other)).GetRawText());
        using var issuer = await host.GetAsync("/application/o/app-a/");
        Assert.Equal("https://auth.example.test/application/o/app-a/.well-known/openid-configuration", issuer.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("/application/o/unknown/.well-known/openid-configuration")]
    [InlineData("/application/o/unknown/jwks/")]
    [InlineData("/application/o/unknown/")]
    [InlineData("/application/o/unknown/end-session/")]
    [InlineData("/application/o/a%00b/jwks/")]
    [InlineData("/application/o/APP-A/jwks/")]
    public async Task Unknown_applications_are_not_found(string path)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(path);
        Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.NotFound, HttpStatusCode.BadRequest });
    }

    [Fact]
    public async Task The_key_set_verifies_the_id_token()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync("/application/o/app-a/jwks/");
        var key = (await OidcHost.JsonAsync(answer)).GetProperty("keys")[0];
        Assert.Equal(("RSA", "sig", "kid-1", "RS256"), (key.GetProperty("kty").GetString(), key.GetProperty("use").GetString(), key.GetProperty("kid").GetString(), key.GetProperty("alg").GetString()));
        Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.False(key.TryGetProperty("d", out _));

        using var rsa = RSA.Create(new RSAParameters
        {
            Modulus = WebEncoders.Base64UrlDecode(key.GetProperty("n").GetString()!),
            Exponent = WebEncoders.Base64UrlDecode(key.GetProperty("e").GetString()!),
        });
        var parts = (await host.TokensAsync()).GetProperty("id_token").GetString()!.Split('.');
        Assert.True(rsa.VerifyData(
            System.Text.Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]), WebEncoders.Base64UrlDecode(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    [Fact]
    public async Task A_global_issuer_is_the_root()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ChangeAsync(async db => (await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop)).IssuerMode = IssuerMode.Global);
        using var answer = await host.GetAsync("/application/o/app-a/.well-known/openid-configuration");
        Assert.Equal("https://auth.example.test/", (await OidcHost.JsonAsync(answer)).GetProperty("issuer").GetString());
    }

    private static string Flat(string json) => string.Concat(json.Where(c => !char.IsWhiteSpace(c)));
}
