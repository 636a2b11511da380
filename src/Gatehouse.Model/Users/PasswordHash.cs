using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Model.Users;

/// <summary>How passwords are kept: PBKDF2 with SHA-512, written <c>pbkdf2_sha512$iterations$salt$hash</c> with both in base64. Slow by design: see that few run at once.</summary>
public static class PasswordHash
{
    /// <summary>A hash that no password has: checking it takes as long as checking a real one.</summary>
    public const string Decoy = "pbkdf2_sha512$210000$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";

    private const string Scheme = "pbkdf2_sha512";
    private const string DjangoScheme = "pbkdf2_sha256";

    // OWASP Password Storage Cheat Sheet, 2023: 210,000 for PBKDF2-HMAC-SHA512.
    private const int Iterations = 210_000;
    private const int MostIterations = 10_000_000;
    private const int SaltSize = 16;
    private const int HashSize = 64;

    /// <summary>The text to keep for <paramref name="password"/>; another one each time.</summary>
    public static string Make(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltSize);
        var hash = Derive(password, salt, Iterations, HashSize);
        return string.Create(CultureInfo.InvariantCulture, $"{Scheme}${Iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}");
    }

    /// <summary>Whether <paramref name="kept"/> was made from <paramref name="password"/>. False for a text that can't be read.</summary>
    public static bool Verify(string password, string kept) =>
        TryRead(kept, out var read)
        && CryptographicOperations.FixedTimeEquals(Derive(password, read.Salt, read.Iterations, read.Hash.Length, read.Algorithm), read.Hash);

    /// <summary>Whether <see cref="Verify"/> can read <paramref name="kept"/>: it is ours, or Django's <c>pbkdf2_sha256</c>.</summary>
    public static bool CanVerify(string kept) => TryRead(kept, out _);

    /// <summary>Whether <paramref name="kept"/> should be made again at the next chance, since today's cost is another.</summary>
    public static bool IsOutdated(string kept) =>
        !TryRead(kept, out var read) || read.Algorithm != HashAlgorithmName.SHA512
        || read.Iterations != Iterations || read.Salt.Length != SaltSize || read.Hash.Length != HashSize;

    private static byte[] Derive(string password, byte[] salt, int iterations, int size, HashAlgorithmName? algorithm = null) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, algorithm ?? HashAlgorithmName.SHA512, size);

    private static bool TryRead(string kept, out Kept read)
    {
        read = default;
        var parts = kept.Split('$');
        if (parts.Length != 4 || parts[0] is not (Scheme or DjangoScheme)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var iterations) || iterations is not (> 0 and <= MostIterations)
            || !TryDecode(parts[3], out var hash) || hash.Length is not (>= 32 and <= HashSize))
        {
            return false;
        }

        // Django takes the salt's letters for its bytes.
        var isDjango = parts[0] == DjangoScheme;
        var salt = isDjango ? Encoding.UTF8.GetBytes(parts[2]) : TryDecode(parts[2], out var bytes) ? bytes : [];
        read = new Kept(iterations, salt, hash, isDjango ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512);
        return salt.Length >= 8;
    }

    private static bool TryDecode(string text, out byte[] bytes)
    {
        var room = new byte[text.Length];
        var read = Convert.TryFromBase64String(text, room, out var length);
        bytes = room[..length];
        return read;
    }

    private readonly record struct Kept(int Iterations, byte[] Salt, byte[] Hash, HashAlgorithmName Algorithm);
}
