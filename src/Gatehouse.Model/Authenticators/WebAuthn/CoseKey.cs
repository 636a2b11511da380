using System.Security.Cryptography;

namespace Gatehouse.Model.Authenticators.WebAuthn;

/// <summary>
/// A credential's public key (RFC 9052 §7, RFC 9053, RFC 8812): ES256 on P-256, or RS256. No other was offered: .NET 10 has no Ed25519 to
/// verify an EdDSA key with, and every authenticator that makes such keys makes ES256, too.
/// </summary>
internal sealed class CoseKey
{
    /// <summary>ECDSA on P-256 with SHA-256.</summary>
    public const int ES256 = -7;

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-256.</summary>
    public const int RS256 = -257;

    /// <summary>What is offered, the best first.</summary>
    public static readonly int[] Offered = [ES256, RS256];

    private readonly ECParameters curve;
    private readonly RSAParameters rsa;

    private CoseKey(int algorithm, ECParameters curve, RSAParameters rsa) => (Algorithm, this.curve, this.rsa) = (algorithm, curve, rsa);

    /// <summary>One of <see cref="Offered"/>.</summary>
    public int Algorithm { get; }

    /// <summary>Reads a key from its map.</summary>
    public static CoseKey Of(Dictionary<object, object?> map)
    {
        var key = (Long(map, 1), Long(map, 3)) switch
        {
            (2, ES256) when Long(map, -1) == 1 && Bytes(map, -2) is { Length: 32 } x && Bytes(map, -3) is { Length: 32 } y =>
                new CoseKey(ES256, new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = x, Y = y } }, default),
            (3, RS256) when Bytes(map, -1) is { Length: >= 256 and <= 1024 } modulus && Bytes(map, -2) is { Length: > 0 and <= 8 } exponent =>
                new CoseKey(RS256, default, new RSAParameters { Modulus = modulus, Exponent = exponent }),
            var (_, other) when !Offered.Contains((int)other) => throw new MalformedException($"a key of algorithm {other}, which was not offered")
            {
                Advice = "It made a key of a kind that is not taken here. Use an authenticator that makes ES256 or RS256 keys.",
            },
            _ => throw new MalformedException("a key of a wrong size, or of a curve that was not offered"),
        };
        key.Check();
        return key;
    }

    /// <summary>Reads a stored key.</summary>
    public static CoseKey Of(byte[] stored) => Of(new Cbor(stored).ReadMap());

    /// <summary>Whether the holder of the key signed <paramref name="data"/>.</summary>
    public bool Verifies(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (Algorithm == RS256)
        {
            using var key = RSA.Create(rsa);
            return key.VerifyData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }

        using var ecdsa = ECDsa.Create(curve);
        return ecdsa.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    // A point off the curve is no key (SP 800-56A §5.6.2.3.3); the platform looks when it imports one.
    private void Check()
    {
        try
        {
            Verifies([], [0]);
        }
        catch (CryptographicException)
        {
            throw new MalformedException("a key that is none");
        }
    }

    private static long Long(Dictionary<object, object?> map, long label) => map.GetValueOrDefault(label) is long value ? value : 0;

    private static byte[]? Bytes(Dictionary<object, object?> map, long label) => map.GetValueOrDefault(label) as byte[];
}
