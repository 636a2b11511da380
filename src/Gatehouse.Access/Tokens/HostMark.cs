using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Access.Tokens;

/// <summary>
/// The host that an app token was made for, as the token's policy hash names it. One app may cover many hosts, and not all of them are in the
/// same hands: a token that one of them was shown must not open another.
/// </summary>
internal static class HostMark
{
    /// <summary>How many characters it has.</summary>
    public const int Length = 32;

    private const int LongestHost = 255;

    /// <summary>The mark of a host in its canonical spelling: half its SHA-256, lower-case hex.</summary>
    public static string Of(string host)
    {
        Span<char> mark = stackalloc char[Length];
        Write(host, mark);
        return new string(mark);
    }

    /// <summary>Whether <paramref name="mark"/> is the mark of <paramref name="host"/>. Allocates nothing: every request asks.</summary>
    public static bool IsOf(string? mark, string host)
    {
        Span<char> wanted = stackalloc char[Length];
        return mark is { Length: Length } && host.Length <= LongestHost && Write(host, wanted) && wanted.SequenceEqual(mark);
    }

    private static bool Write(string host, Span<char> mark)
    {
        Span<byte> name = stackalloc byte[LongestHost];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(name[..Encoding.ASCII.GetBytes(host, name)], hash); // canonical names are ASCII
        return Convert.TryToHexStringLower(hash[..(Length / 2)], mark, out _);
    }
}
