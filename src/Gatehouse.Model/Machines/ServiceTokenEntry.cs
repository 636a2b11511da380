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

    /// <summary>
    /// Whether <paramref name="secret"/> is the token's, compared in fixed time, and the token still counts. Says nothing of its state to whoever does
    /// not know the secret. <paramref name="version"/> tells which secret it is, by <see cref="ServiceToken.SecretVersion"/>.
    /// </summary>
    public ServiceTokenState Check(ReadOnlySpan<char> secret, DateTimeOffset now, out int version)
    {
        version = token.SecretVersion;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (!TryHash(secret, hash))
        {
            return ServiceTokenState.WrongSecret;
        }

        // Both are looked at, whatever the first one says.
        var isCurrent = CryptographicOperations.FixedTimeEquals(hash, token.SecretHash);
        var isPrevious = CryptographicOperations.FixedTimeEquals(hash, token.PreviousSecretHash ?? []) && token.PreviousSecretExpiresAt > now;
        version -= isCurrent ? 0 : 1;
        return isCurrent || isPrevious ? StateAt(now, version) : ServiceTokenState.WrongSecret;
    }

    /// <summary>Whether it counts for whoever has proved to hold the secret of this version.</summary>
    public ServiceTokenState StateAt(DateTimeOffset now, int version) =>
        version != token.SecretVersion && !(version == token.SecretVersion - 1 && token.PreviousSecretExpiresAt > now) ? ServiceTokenState.WrongSecret
        : !token.IsEnabled ? ServiceTokenState.Disabled
        : token.ExpiresAt <= now ? ServiceTokenState.Expired
        : ServiceTokenState.Good;

    /// <summary>When it ends for whoever has proved to hold the secret of this version; null means never.</summary>
    public DateTimeOffset? EndOf(int version) =>
        version == token.SecretVersion || token.ExpiresAt <= token.PreviousSecretExpiresAt ? token.ExpiresAt : token.PreviousSecretExpiresAt;

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
