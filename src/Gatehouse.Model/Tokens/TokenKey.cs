using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Model.Tokens;

/// <summary>Keys of API tokens and app passwords.</summary>
public static class TokenKey
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>A fresh key of 60 characters, as authentik's are.</summary>
    public static string New() => RandomNumberGenerator.GetString(Alphabet, 60);

    /// <summary>The form in which keys are kept: SHA-256, lower-case hex. Enough, since keys are random.</summary>
    public static string HashOf(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
