using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>Encrypts signed tokens to one RSA key, and opens them again: JWE compact with RSA-OAEP-256 and A256CBC-HS512 (RFC 7516, RFC 7518 §4.3 and §5.2.5).</summary>
internal sealed class TokenCipher(RSA rsa, string kid)
{
    public const string KeyAlgorithm = "RSA-OAEP-256";
    public const string ContentAlgorithm = "A256CBC-HS512";

    // The first half authenticates, the second encrypts.
    private const int KeySize = 64;
    private const int HalfSize = KeySize / 2;
    private const int BlockSize = 16;
    private const int TagSize = 32;

    /// <summary>Names the key in the header.</summary>
    public string Kid => kid;

    private readonly string header = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(new JsonObject
    {
        ["alg"] = KeyAlgorithm,
        ["enc"] = ContentAlgorithm,
        ["typ"] = "JWE",
        ["cty"] = "JWT", // RFC 7519 §5.2: a signed token is inside
        ["kid"] = kid,
    }.ToJsonString()));

    /// <summary>Encrypts a signed token.</summary>
    public string Encrypt(string token)
    {
        var key = RandomNumberGenerator.GetBytes(KeySize);
        var iv = RandomNumberGenerator.GetBytes(BlockSize);
        using var aes = Aes.Create();
        aes.Key = key[HalfSize..];
        var cipher = aes.EncryptCbc(Encoding.ASCII.GetBytes(token), iv);
        return string.Join('.',
            header,
            Base64Url.EncodeToString(rsa.Encrypt(key, RSAEncryptionPadding.OaepSHA256)),
            Base64Url.EncodeToString(iv),
            Base64Url.EncodeToString(cipher),
            Base64Url.EncodeToString(TagOf(key, header, iv, cipher)));
    }

    /// <summary>The signed token in <paramref name="encrypted"/>; null unless it was encrypted here, byte for byte.</summary>
    public string? Decrypt(string encrypted)
    {
        var parts = encrypted.Split('.');
        if (parts.Length != 5 || parts[0] != header || !Array.TrueForAll(parts, p => Base64Url.IsValid(p)))
        {
            return null;
        }

        try
        {
            var key = rsa.Decrypt(Base64Url.DecodeFromChars(parts[1]), RSAEncryptionPadding.OaepSHA256);
            var (iv, cipher) = (Base64Url.DecodeFromChars(parts[2]), Base64Url.DecodeFromChars(parts[3]));
            if (key.Length != KeySize || iv.Length != BlockSize
                || !CryptographicOperations.FixedTimeEquals(TagOf(key, header, iv, cipher), Base64Url.DecodeFromChars(parts[4])))
            {
                return null;
            }

            using var aes = Aes.Create();
            aes.Key = key[HalfSize..];
            return Encoding.ASCII.GetString(aes.DecryptCbc(cipher, iv));
        }
        catch (CryptographicException)
        {
            return null; // whatever is wrong with it, it is not ours
        }
    }

    private static byte[] TagOf(byte[] key, string header, byte[] iv, byte[] cipher)
    {
        var authenticated = Encoding.ASCII.GetBytes(header);
        var length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(length, authenticated.Length * 8L);
        return HMACSHA512.HashData(key.AsSpan(0, HalfSize), [.. authenticated, .. iv, .. cipher, .. length])[..TagSize];
    }
}
