using System.Text.RegularExpressions;

namespace Gatehouse.Management.Http;

/// <summary>URLs that pages put into an <c>img</c>: a web address or a path on this host; nothing that could run.</summary>
internal static partial class PictureUrl
{
    /// <summary>Whether <paramref name="url"/> is one.</summary>
    public static bool IsSafe(string url) =>
        (Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && !url.Any(c => c is '"' or '\'' or '<' or '>' or '\\' or ' '))
        || (PlainPath().IsMatch(url) && !url.StartsWith("//", StringComparison.Ordinal));

    [GeneratedRegex(@"\A/?[-a-zA-Z0-9_.%]+(/[-a-zA-Z0-9_.%]+)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex PlainPath();
}
