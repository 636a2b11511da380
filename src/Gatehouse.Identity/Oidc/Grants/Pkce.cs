using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Identity.Oidc.Grants;

/// <summary>Proof key for code exchange (RFC 7636), S256 only.</summary>
internal static class Pkce
{
    public const string Method = "S256";

    private const int ChallengeLength = 43; // SHA-256 in base64url

    private static readonly SearchValues<char> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    /// <summary>Whether it can be a challenge made with S256.</summary>
    public static bool IsChallenge(string challenge) => challenge.Length == ChallengeLength && Base64Url.IsValid(challenge);

    /// <summary>Why <paramref name="verifier"/> does not answer <paramref name="challenge"/>; null when it does, or when there is neither.</summary>
    public static string? Fault(string? challenge, string? verifier) => (challenge, verifier) switch
    {
        (null, null) => null,
        (null, _) => "a verifier was sent, but the request had no challenge", // RFC 9700 §2.1.1: a downgrade
        (_, null) => "the verifier is missing",
        _ when verifier.Length is < 43 or > 128 || verifier.AsSpan().ContainsAnyExcept(Unreserved) => "the verifier is malformed",
        _ when !Answers(challenge, verifier) => "the verifier does not answer the challenge",
        _ => null,
    };

    private static bool Answers(string challenge, string verifier) => CryptographicOperations.FixedTimeEquals(
        Encoding.ASCII.GetBytes(Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))), Encoding.ASCII.GetBytes(challenge));
}
