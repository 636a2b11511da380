using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Tokens;

/// <summary>
/// What an app token was made for beside its app, as the token's policy hash names it: the host, the app's epoch, and the binding cookie if the
/// app has one. One app may cover many hosts, and not all of them are in the same hands: a token that one of them was shown must not open another.
/// </summary>
internal static class HostMark
{
    /// <summary>How many characters it has.</summary>
    public const int Length = 32;

    private const int LongestHost = 255;
    private const int LongestBinding = 100;

    /// <summary>The mark of a host in its canonical spelling: half of a SHA-256, lower-case hex.</summary>
    public static string Of(string host, AppEntry? app = null, string? binding = null)
    {
        Span<char> mark = stackalloc char[Length];
        Write(host, app?.App.TokenEpoch ?? 0, binding, mark);
        return new string(mark);
    }

    /// <summary>Whether <paramref name="mark"/> is that of <paramref name="host"/> now, for whoever holds <paramref name="binding"/>. Allocates nothing: every request asks.</summary>
    public static bool IsOf(string? mark, string host, AppEntry app, string? binding)
    {
        Span<char> wanted = stackalloc char[Length];
        return mark is { Length: Length } && host.Length <= LongestHost && binding is null or { Length: <= LongestBinding }
            && Write(host, app.App.TokenEpoch, binding, wanted) && wanted.SequenceEqual(mark);
    }

    // No host name holds a line's end, so no two of these read alike.
    private static bool Write(string host, int epoch, string? binding, Span<char> mark)
    {
        Span<byte> text = stackalloc byte[LongestHost + LongestBinding + 20];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var length = Encoding.ASCII.GetBytes(host, text); // canonical names are ASCII
        if (epoch > 0)
        {
            text[length++] = (byte)'\n';
            epoch.TryFormat(text[length..], out var digits, provider: CultureInfo.InvariantCulture);
            length += digits;
        }

        if (binding is not null)
        {
            text[length++] = (byte)'\n';
            text[length++] = (byte)'b';
            length += Encoding.ASCII.GetBytes(binding, text[length..]);
        }

        SHA256.HashData(text[..length], hash);
        return Convert.TryToHexStringLower(hash[..(Length / 2)], mark, out _);
    }
}
