using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Gateway;

/// <summary>
/// A first look at a token: is the signature one of ours? The full check answers a forgery with exceptions that cost ten times as much
/// as the check; anyone may send forgeries.
/// </summary>
internal static class TokenSeal
{
    private const int LongestSignature = 1024; // RSA with 8192 bits

    /// <summary>Whether one of the table's keys signed it. Says nothing of what it says.</summary>
    public static bool IsOurs(string token, AccessTable table)
    {
        var dot = token.LastIndexOf('.');
        if (dot <= 0 || !Ascii.IsValid(token))
        {
            return false;
        }

        Span<byte> signature = stackalloc byte[LongestSignature];
        if (Base64Url.DecodeFromChars(token.AsSpan(dot + 1), signature, out _, out var length) != OperationStatus.Done)
        {
            return false;
        }

        var signed = Encoding.ASCII.GetBytes(token, 0, dot);
        foreach (var key in table.Keys)
        {
            if (key.Rsa.VerifyData(signed, signature[..length], HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))
            {
                return true;
            }
        }

        return false;
    }
}
