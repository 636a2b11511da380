using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>Secrets of this folder: made here, kept as hashes.</summary>
internal static class Digest
{
    /// <summary>SHA-256 as lower-case hex.</summary>
    public static string Of(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>A fresh secret of <paramref name="bytes"/> random bytes, as lower-case hex.</summary>
    public static string FreshSecret(int bytes) => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(bytes));
}
