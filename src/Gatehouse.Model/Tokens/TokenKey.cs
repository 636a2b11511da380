using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Keys;

namespace Gatehouse.Model.Tokens;

/// <summary>Keys of API tokens and app passwords.</summary>
public static class TokenKey
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>The most tokens that people may make for themselves.</summary>
    public const int MostOfOne = 100;

    /// <summary>A fresh key of <paramref name="length"/> characters.</summary>
    public static string New(int length) => RandomNumberGenerator.GetString(Alphabet, length);

    /// <summary>The form in which a key is kept beside its hash, since its owner may see it again.</summary>
    public static byte[] Seal(ISecretBox box, string key) => box.Seal(Encoding.UTF8.GetBytes(key), SecretPurposes.ApiTokenKey);

    /// <summary>The form in which keys are kept: SHA-256, lower-case hex. Enough, since keys are random.</summary>
    public static string HashOf(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
