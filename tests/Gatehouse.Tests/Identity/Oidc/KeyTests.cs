using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Identity.Oidc;

/// <summary>Encrypted tokens, and keys that take each other's place.</summary>
public class KeyTests
{
    [Fact]
    public async Task Row_50_with_an_encryption_key_tokens_are_encrypted_and_work_as_before()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.EncryptionKeyId = host.Seed.KeyPairId);
        var tokens = await host.TokensAsync();
        foreach (var name in new[] { "id_token", "access_token" })
        {
            var parts = tokens.GetProperty(name).GetString()!.Split('.');
            Assert.Equal(5, parts.Length);
            Assert.Equal("""{"alg":"RSA-OAEP-256","enc":"A256CBC-HS512","typ":"JWE","cty":"JWT","kid":"kid-1"}""", Encoding.UTF8.GetString(WebEncoders.Base64UrlDecode(parts[0])));
            var inner = new JsonWebToken(Open(parts));
            Assert.Equal("RS256", inner.Alg);
            Assert.Equal("ada@example.test", inner.GetPayloadValue<string>("email"));
        }

        var access = tokens.GetProperty("access_token").GetString()!;
        using var info = await host.GetAsync("/application/o/userinfo/", bearer: access);
        Assert.Equal(HttpStatusCode.OK, info.StatusCode);
        Assert.True((await host.IntrospectAsync(access)).GetProperty("active").GetBoolean());
        foreach (var changed in new[] { access[..^2] + "AA", access.Replace(access.Split('.')[3], access.Split('.')[3][..^4] + "AAAA", StringComparison.Ordinal), access[..^1], "." + access })
        {
            Assert.False((await host.IntrospectAsync(changed)).GetProperty("active").GetBoolean());
        }

        using var bye = await host.GetAsync($"/application/o/app-a/end-session/?id_token_hint={tokens.GetProperty("id_token")}&post_logout_redirect_uri={Uri.EscapeDataString(Seed.LogoutUri)}");
        Assert.Equal(Seed.LogoutUri, bye.Headers.Location!.OriginalString);
        using var document = await host.GetAsync("/application/o/app-a/.well-known/openid-configuration");
        Assert.Equal("RSA-OAEP-256", (await OidcHost.JsonAsync(document)).GetProperty("id_token_encryption_alg_values_supported")[0].GetString());
        using var set = await host.GetAsync("/application/o/app-a/jwks/");
        Assert.Equal(["sig", "enc"], (await OidcHost.JsonAsync(set)).GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("use").GetString()));
    }

    [Fact]
    public async Task An_encryption_key_that_can_not_encrypt_stops_the_tokens()
    {
        await using var host = await OidcHost.StartAsync();
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var id = await host.AddKeyAsync("ec", ec);
        await host.ConfigureAsync(p => p.EncryptionKeyId = id);
        using var answer = await host.RedeemAsync(await host.CodeAsync());
        Assert.Equal("server_error", await OidcHost.ErrorAsync(answer));
    }

    [Fact]
    public async Task Q37_a_new_key_is_shown_before_it_signs_and_the_old_one_stays_while_its_tokens_live()
    {
        await using var host = await OidcHost.StartAsync();
        var before = await host.TokensAsync();
        using var rsa = RSA.Create(2048);
        var next = await host.AddKeyAsync("kid-2", rsa);
        await host.ConfigureAsync(p =>
        {
            p.SigningKeyId = next;
            p.Retire(host.Seed.KeyPairId, isSameKind: true, host.Clock.GetUtcNow());
        });

        Assert.Equal(["kid-2", "kid-1"], await KeyIdsAsync(host)); // whoever reads the set now knows both
        Assert.Equal("kid-1", await KidAsync(host));
        host.Clock.Advance(OAuth2Provider.KeyOverlap);
        Assert.Equal("kid-2", await KidAsync(host));
        Assert.True((await host.IntrospectAsync(before.GetProperty("access_token").GetString()!)).GetProperty("active").GetBoolean());
        host.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(["kid-2"], await KeyIdsAsync(host));
    }

    [Fact]
    public async Task Q37_a_key_of_another_kind_signs_at_once_and_a_deleted_one_is_void_at_once()
    {
        await using var host = await OidcHost.StartAsync();
        var before = (await host.TokensAsync()).GetProperty("access_token").GetString()!;
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var next = await host.AddKeyAsync("kid-ec", ec);
        await host.ConfigureAsync(p =>
        {
            p.SigningKeyId = next;
            p.Retire(host.Seed.KeyPairId, isSameKind: false, host.Clock.GetUtcNow());
        });
        Assert.Equal("kid-ec", await KidAsync(host));
        Assert.True((await host.IntrospectAsync(before)).GetProperty("active").GetBoolean());

        await host.ChangeAsync(async db => await db.Providers.Where(p => p.ClientId != Seed.ClientId).ExecuteUpdateAsync(p => p.SetProperty(x => x.SigningKeyId, (Guid?)null), OidcHost.Stop));
        await host.ChangeAsync(db => db.KeyPairs.Where(k => k.Id == host.Seed.KeyPairId).ExecuteDeleteAsync(OidcHost.Stop));
        Assert.False((await host.IntrospectAsync(before)).GetProperty("active").GetBoolean());
        Assert.Equal(["kid-ec"], await KeyIdsAsync(host));
    }

    [Fact]
    public void A_key_that_comes_back_is_retired_no_longer()
    {
        var (a, b, now) = (Guid.CreateVersion7(), Guid.CreateVersion7(), DateTimeOffset.UnixEpoch);
        var provider = new OAuth2Provider { Name = "", ClientId = "", SealedClientSecret = [], RedirectUris = [], AuthorizationFlowId = a, InvalidationFlowId = a, SigningKeyId = b };
        provider.Retire(a, isSameKind: true, now);
        provider.SigningKeyId = a;
        provider.Retire(b, isSameKind: true, now);
        Assert.Equal(b, Assert.Single(provider.FormerKeys).KeyPairId);
    }

    private static async Task<string> KidAsync(OidcHost host)
    {
        using var answer = await host.RedeemAsync(await host.CodeAsync(("client_id", Seed.ClientId)));
        return new JsonWebToken((await OidcHost.JsonAsync(answer)).GetProperty("id_token").GetString()).Kid;
    }

    private static async Task<IEnumerable<string>> KeyIdsAsync(OidcHost host)
    {
        using var set = await host.GetAsync("/application/o/app-a/jwks/");
        return [.. (await OidcHost.JsonAsync(set)).GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("kid").GetString()!)];
    }

    // By another code than ours: RFC 7516 §5.2.
    private static string Open(string[] parts)
    {
        using var rsa = Seed.OpenKey();
        var key = rsa.Decrypt(WebEncoders.Base64UrlDecode(parts[1]), RSAEncryptionPadding.OaepSHA256);
        var (iv, cipher) = (WebEncoders.Base64UrlDecode(parts[2]), WebEncoders.Base64UrlDecode(parts[3]));
        byte[] length = [.. BitConverter.GetBytes((long)parts[0].Length * 8).Reverse()];
        using var mac = new HMACSHA512(key[..32]);
        Assert.Equal(mac.ComputeHash([.. Encoding.ASCII.GetBytes(parts[0]), .. iv, .. cipher, .. length])[..32], WebEncoders.Base64UrlDecode(parts[4]));
        using var aes = Aes.Create();
        aes.Key = key[32..];
        return Encoding.ASCII.GetString(aes.DecryptCbc(cipher, iv));
    }
}
