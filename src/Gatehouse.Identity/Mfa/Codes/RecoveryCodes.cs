using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Keys;

namespace Gatehouse.Identity.Mfa.Codes;

/// <summary>Recovery codes: how they are made, and what is kept of them.</summary>
internal sealed class RecoveryCodes(ISecretBox box)
{
    // Without l, o, 0 and 1: people write them down by hand.
    private const string Letters = "abcdefghijkmnpqrstuvwxyz23456789";

    /// <summary>A fresh code. It holds a letter, so it is never mistaken for one of an app.</summary>
    public static string Make(int length)
    {
        while (true)
        {
            var code = RandomNumberGenerator.GetString(Letters, length);
            if (code.Any(char.IsAsciiLetter))
            {
                return code;
            }
        }
    }

    /// <summary>What is kept of a code. Keyed: short codes could be tried out against a plain hash.</summary>
    public string HashOf(int userId, string code) => Convert.ToHexStringLower(HMACSHA256.HashData(
        box.DeriveKey("identity recovery codes v1"), Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{userId}\n{code}"))));
}
