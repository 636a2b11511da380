using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Gatehouse.Model.Keys;

/// <summary>A public key that somebody else made: EC on a NIST curve, or RSA (RFC 7517, RFC 7518 §6). Private and symmetric ones are refused.</summary>
public sealed class PublicJwk
{
    /// <summary>The algorithms we verify; none is symmetric.</summary>
    public static readonly IReadOnlyList<string> Algorithms = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

    private static readonly string[] PrivateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

    private readonly ECParameters? ec;
    private readonly RSAParameters? rsa;
    private readonly string? onlyAlgorithm;

    private PublicJwk(JsonElement jwk, ECParameters? ec, RSAParameters? rsa, string canonical)
    {
        (this.ec, this.rsa) = (ec, rsa);
        KeyId = TextOf(jwk, "kid");
        onlyAlgorithm = TextOf(jwk, "alg");
        Thumbprint = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
    }

    /// <summary>Its <c>kid</c>; null when it has none.</summary>
    public string? KeyId { get; }

    /// <summary>RFC 7638, SHA-256, base64url.</summary>
    public string Thumbprint { get; }

    /// <summary>Reads a key; null with a <paramref name="fault"/> when it is none that may be used here.</summary>
    public static PublicJwk? Read(JsonElement jwk, out string fault)
    {
        fault = "the key is no JSON object";
        if (jwk.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        fault = "the key holds private or symmetric parts";
        if (Array.Exists(PrivateMembers, name => jwk.TryGetProperty(name, out _)))
        {
            return null;
        }

        fault = "the key is neither RSA of 2048 to 8192 bits nor on P-256, P-384 or P-521";
        var found = TextOf(jwk, "kty") switch
        {
            "EC" => ReadEc(jwk),
            "RSA" => ReadRsa(jwk),
            _ => null,
        };
        if (found is not null && (TextOf(jwk, "use") ?? "sig") != "sig")
        {
            fault = "the key is not for signatures";
            return null;
        }

        return found;
    }

    /// <summary>Whether this key made <paramref name="signature"/> over <paramref name="message"/> with <paramref name="algorithm"/>, which has to be one of its kind.</summary>
    public bool Verifies(string algorithm, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (!Algorithms.Contains(algorithm) || (onlyAlgorithm is not null && onlyAlgorithm != algorithm))
        {
            return false;
        }

        var hash = algorithm[2..] switch { "256" => HashAlgorithmName.SHA256, "384" => HashAlgorithmName.SHA384, _ => HashAlgorithmName.SHA512 };
        if (algorithm[0] == 'E')
        {
            // A curve has one algorithm (RFC 7518 §3.4); .NET itself refuses r or s of zero.
            var size = algorithm[2..] switch { "256" => 32, "384" => 48, _ => 66 };
            if (ec is not { } point || point.Q.X!.Length != size) // read with its length
            {
                return false;
            }

            using var key = ECDsa.Create(point);
            return signature.Length == 2 * size && key.VerifyData(message, signature, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }

        if (rsa is not { } numbers)
        {
            return false;
        }

        using var opened = RSA.Create(numbers);
        return opened.VerifyData(message, signature, hash, algorithm[0] == 'R' ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss);
    }

    private static PublicJwk? ReadEc(JsonElement jwk)
    {
        var curve = TextOf(jwk, "crv");
        var (named, size) = curve switch
        {
            "P-256" => (ECCurve.NamedCurves.nistP256, 32),
            "P-384" => (ECCurve.NamedCurves.nistP384, 48),
            "P-521" => (ECCurve.NamedCurves.nistP521, 66),
            _ => (default, 0),
        };
        if (size == 0 || !TryBytes(jwk, "x", out var x) || !TryBytes(jwk, "y", out var y) || x.Length != size || y.Length != size)
        {
            return null;
        }

        var parameters = new ECParameters { Curve = named, Q = new ECPoint { X = x, Y = y } };
        try
        {
            using var key = ECDsa.Create(parameters); // refuses a point off the curve
            return new PublicJwk(jwk, parameters, null, $$"""{"crv":"{{curve}}","kty":"EC","x":"{{Base64Url.EncodeToString(x)}}","y":"{{Base64Url.EncodeToString(y)}}"}""");
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static PublicJwk? ReadRsa(JsonElement jwk)
    {
        if (!TryBytes(jwk, "n", out var n) || !TryBytes(jwk, "e", out var e)
            || n.Length is < 256 or > 1024 || n[0] == 0 || e.Length is 0 or > 8 || e[0] == 0 || (e[^1] & 1) == 0 || e is [1])
        {
            return null;
        }

        return new PublicJwk(jwk, null, new RSAParameters { Modulus = n, Exponent = e }, $$"""{"e":"{{Base64Url.EncodeToString(e)}}","kty":"RSA","n":"{{Base64Url.EncodeToString(n)}}"}""");
    }

    /// <summary>The keys of a key set (RFC 7517 §5); null with a <paramref name="fault"/> when it holds none, or one that can't be used.</summary>
    public static IReadOnlyList<PublicJwk>? ReadSet(string jwks, out string fault)
    {
        fault = "Expected a JSON Web Key Set: {\"keys\": [...]}.";
        try
        {
            using var document = JsonDocument.Parse(jwks);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("keys", out var keys) || keys.ValueKind != JsonValueKind.Array)
            {
                return null;
            }

            var read = new List<PublicJwk>();
            foreach (var element in keys.EnumerateArray())
            {
                if (Read(element, out var reason) is not { } key)
                {
                    fault = $"A key can't be used: {reason}.";
                    return null;
                }

                read.Add(key);
            }

            return read.Count > 0 ? read : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? TextOf(JsonElement jwk, string name)
    {
        try
        {
            return jwk.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair can't be read as text
        }
    }

    private static bool TryBytes(JsonElement jwk, string name, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = TextOf(jwk, name) is { Length: > 0 } text && Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : null;
        return bytes is not null;
    }
}
