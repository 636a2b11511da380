using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gatehouse.Model.Snapshots;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>An opened key: signs tokens, verifies them, and shows its public half.</summary>
internal sealed class Signer
{
    // Some 4 KB each.
    private const int MostProven = 1024;

    private Signer(string algorithm, SecurityKey key, JsonObject? publicKey, TokenCipher? cipher = null)
    {
        Algorithm = algorithm;
        Cipher = cipher;
        Credentials = new SigningCredentials(key, algorithm);
        PublicKey = publicKey;
    }

    /// <summary>The JWS algorithm; the only one its tokens may name (RFC 8725 §3.1).</summary>
    public string Algorithm { get; }

    public SigningCredentials Credentials { get; }

    /// <summary>Tokens that were found to be signed by it, by their text. They are forgotten with the key.</summary>
    public RecentValues<JsonWebToken> Proven { get; } = new(MostProven);

    /// <summary>Its entry of the key set; null for a shared secret. Clone it before putting it into another document.</summary>
    public JsonObject? PublicKey { get; }

    /// <summary>Encrypts to the same key pair; null when it is none of RSA.</summary>
    public TokenCipher? Cipher { get; }

    /// <summary>Its entry of the key set as a key to encrypt to; null when it can't.</summary>
    public JsonObject? EncryptionKey()
    {
        if (Cipher is null || PublicKey?.DeepClone() is not JsonObject key)
        {
            return null;
        }

        key["use"] = "enc";
        key["alg"] = TokenCipher.KeyAlgorithm;
        key["enc"] = TokenCipher.ContentAlgorithm; // authentik's extra member
        return key;
    }

    /// <summary>HS256 with a client secret.</summary>
    public static Signer OfSecret(byte[] secret) => new(SecurityAlgorithms.HmacSha256, new SymmetricSecurityKey(secret), publicKey: null);

    /// <summary>A certificate's key; null when it is neither RSA nor a NIST curve, or the two halves do not belong together.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The opened key lives as long as the signer, which is as long as requests use it.")]
    public static Signer? OfCertificate(string kid, string certificatePem, byte[] pkcs8)
    {
        using var certificate = X509Certificate2.CreateFromPem(certificatePem);
        using var publicRsa = certificate.GetRSAPublicKey();
        if (publicRsa is not null)
        {
            var rsa = RSA.Create();
            rsa.ImportPkcs8PrivateKey(pkcs8, out _);
            return rsa.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(publicRsa.ExportSubjectPublicKeyInfo())
                ? new Signer(SecurityAlgorithms.RsaSha256, new RsaSecurityKey(rsa) { KeyId = kid }, Describe(rsa, kid, certificate), new TokenCipher(rsa, kid))
                : null;
        }

        using var publicEc = certificate.GetECDsaPublicKey();
        if (publicEc is null)
        {
            return null;
        }

        var ec = ECDsa.Create();
        ec.ImportPkcs8PrivateKey(pkcs8, out _);
        return ec.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(publicEc.ExportSubjectPublicKeyInfo()) && CurveOf(ec) is var (algorithm, curve)
            ? new Signer(algorithm, new ECDsaSecurityKey(ec) { KeyId = kid }, Describe(ec, kid, algorithm, curve, certificate))
            : null;
    }

    private static (string Algorithm, string Curve)? CurveOf(ECDsa ec) => ec.KeySize switch
    {
        256 => (SecurityAlgorithms.EcdsaSha256, "P-256"),
        384 => (SecurityAlgorithms.EcdsaSha384, "P-384"),
        521 => (SecurityAlgorithms.EcdsaSha512, "P-521"),
        _ => null,
    };

    private static JsonObject Describe(RSA rsa, string kid, X509Certificate2 certificate)
    {
        var numbers = rsa.ExportParameters(includePrivateParameters: false);
        return WithCertificate(
            new JsonObject
            {
                ["kty"] = "RSA",
                ["use"] = "sig",
                ["kid"] = kid,
                ["alg"] = SecurityAlgorithms.RsaSha256,
                ["n"] = Base64UrlEncoder.Encode(numbers.Modulus),
                ["e"] = Base64UrlEncoder.Encode(numbers.Exponent),
            },
            certificate);
    }

    private static JsonObject Describe(ECDsa ec, string kid, string algorithm, string curve, X509Certificate2 certificate)
    {
        var numbers = ec.ExportParameters(includePrivateParameters: false);
        return WithCertificate(
            new JsonObject
            {
                ["kty"] = "EC",
                ["use"] = "sig",
                ["kid"] = kid,
                ["alg"] = algorithm,
                ["crv"] = curve,
                ["x"] = Base64UrlEncoder.Encode(numbers.Q.X),
                ["y"] = Base64UrlEncoder.Encode(numbers.Q.Y),
            },
            certificate);
    }

    private static JsonObject WithCertificate(JsonObject key, X509Certificate2 certificate)
    {
        key["x5c"] = new JsonArray(Convert.ToBase64String(certificate.RawData));
        key["x5t"] = Base64UrlEncoder.Encode(certificate.GetCertHash(HashAlgorithmName.SHA1));
        key["x5t#S256"] = Base64UrlEncoder.Encode(certificate.GetCertHash(HashAlgorithmName.SHA256));
        return key;
    }
}
