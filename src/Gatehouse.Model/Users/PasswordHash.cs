using System.Globalization;
using System.Security.Cryptography;

namespace Gatehouse.Model.Users;

/// <summary>How passwords are kept: <c>pbkdf2_sha512$rounds$base64 salt$base64 hash</c>.</summary>
public static class PasswordHash
{
    private const string Scheme = "pbkdf2_sha512";
    private const int Rounds = 210_000;
    private const int MostRounds = 10_000_000;
    private const int SaltSize = 16;
    private const int HashSize = 64;

    /// <summary>The form to keep of <paramref name="password"/>, under a fresh salt.</summary>
    public static string Create(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltSize);
        var hash = Rfc2898DeriveBytes.Pbkdf2(password, salt, Rounds, HashAlgorithmName.SHA512, HashSize);
        return string.Create(CultureInfo.InvariantCulture, $"{Scheme}${Rounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}");
    }

    /// <summary>Whether <paramref name="password"/> is the one that <paramref name="stored"/> was made from. False for a form that can't be read.</summary>
    public static bool Verify(string stored, string password)
    {
        var parts = stored.Split('$');
        if (parts.Length != 4 || parts[0] != Scheme || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var rounds) || rounds is 0 or > MostRounds)
        {
            return false;
        }

        var salt = new byte[64];
        var hash = new byte[HashSize];
        return Convert.TryFromBase64String(parts[2], salt, out var saltSize)
            && Convert.TryFromBase64String(parts[3], hash, out var hashSize) && hashSize == HashSize
            && CryptographicOperations.FixedTimeEquals(
                hash, Rfc2898DeriveBytes.Pbkdf2(password, salt.AsSpan(0, saltSize), rounds, HashAlgorithmName.SHA512, HashSize));
    }
}
