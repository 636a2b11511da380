using System.Text.RegularExpressions;
using Gatehouse.Web.Pages;

namespace Gatehouse.Management.Http;

/// <summary>URLs that pages put into an <c>img</c>: a web address or a path on this host; nothing that could run.</summary>
internal static partial class PictureUrl
{
    /// <summary>Whether <paramref name="url"/> is one.</summary>
    public static bool IsSafe(string url) =>
        (PictureOrigin.Of(url) is not null && !url.Any(c => c is '"' or '\'' or '<' or '>' or '\\' or ' '))
        || (PlainPath().IsMatch(url) && !url.StartsWith("//", StringComparison.Ordinal));

    /// <summary>Whether it is one, or holds the picture itself.</summary>
    public static bool IsSafeOrInline(string url) => url.StartsWith("data:image/", StringComparison.Ordinal) || IsSafe(url);

    [GeneratedRegex(@"\A/?[-a-zA-Z0-9_.%]+(/[-a-zA-Z0-9_.%]+)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex PlainPath();
}
