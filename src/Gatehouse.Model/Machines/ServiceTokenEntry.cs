using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Model.Machines;

/// <summary>What came of checking a service token.</summary>
public enum ServiceTokenState
{
    /// <summary>It counts.</summary>
    Good,

    /// <summary>The secret is another.</summary>
    WrongSecret,

    /// <summary>It was switched off.</summary>
    Disabled,

    /// <summary>Its time is over.</summary>
    Expired,
}

/// <summary>A service token as requests see it.</summary>
public sealed class ServiceTokenEntry(ServiceToken token)
{
    private const int LongestSecret = 256;

    /// <summary>As stored; not to be changed.</summary>
    public ServiceToken Token => token;

    /// <summary>Whether <paramref name="secret"/> is the token's, compared in fixed time, and the token still counts. Says nothing of its state to whoever does not know the secret.</summary>
    public ServiceTokenState Check(ReadOnlySpan<char> secret, DateTimeOffset now)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (!TryHash(secret, hash))
        {
            return ServiceTokenState.WrongSecret;
        }

        // Both are looked at, whatever the first one says.
        var isCurrent = CryptographicOperations.FixedTimeEquals(hash, token.SecretHash);
        var isPrevious = CryptographicOperations.FixedTimeEquals(hash, token.PreviousSecretHash ?? []) && token.PreviousSecretExpiresAt > now;
        return isCurrent || isPrevious ? StateAt(now) : ServiceTokenState.WrongSecret;
    }

    /// <summary>Whether it counts for whoever has proved to hold it.</summary>
    public ServiceTokenState StateAt(DateTimeOffset now) =>
        !token.IsEnabled ? ServiceTokenState.Disabled
        : token.ExpiresAt <= now ? ServiceTokenState.Expired
        : ServiceTokenState.Good;

    /// <summary>SHA-256 of a secret, as it is stored.</summary>
    public static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    private static bool TryHash(ReadOnlySpan<char> secret, Span<byte> hash)
    {
        Span<byte> bytes = stackalloc byte[LongestSecret];
        return secret.Length is > 0 and <= LongestSecret
            && Encoding.UTF8.TryGetBytes(secret, bytes, out var length)
            && SHA256.TryHashData(bytes[..length], hash, out _);
    }
}
