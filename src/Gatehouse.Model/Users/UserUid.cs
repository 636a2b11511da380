using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Model.Users;

/// <summary>The stable public id of a user: authentik's <c>uid</c>, and the hashed <c>sub</c> of tokens.</summary>
public static class UserUid
{
    /// <summary>SHA-256 over key and install id, as lower-case hex.</summary>
    public static string Of(int userId, string installId) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{userId}-{installId}"))));
}
