using System.Net;

namespace Gatehouse.Model.Apps;

/// <summary>Where programs that act for a person may have the person's browser sent back to.</summary>
public static class AgentRedirects
{
    private const int Longest = 2048;

    /// <summary>Whether <paramref name="uri"/> could be one at all: https, or http on the person's own machine; no user, no fragment.</summary>
    public static bool IsSafe(string uri) =>
        Read(uri) is { } read && (read.Scheme == Uri.UriSchemeHttps || (read.Scheme == Uri.UriSchemeHttp && (IsLocalhost(read) || IsLoopback(read))));

    /// <summary>Whether <paramref name="rules"/> take it. Lists are compared as text: no two ways of reading a URL (RFC 9700 §2.1).</summary>
    public static bool Takes(AgentRules rules, string uri) =>
        IsSafe(uri) && Read(uri) is { } read
        && (rules.AllowedUris.Contains(uri, StringComparer.Ordinal)
            || (read.Scheme == Uri.UriSchemeHttp && ((rules.AnyOnLocalhost && IsLocalhost(read)) || (rules.AnyOnLoopback && IsLoopback(read)))));

    // The runtime's reading must be the only one, so what it would mend or drop is not taken.
    private static Uri? Read(string text) =>
        text.Length is > 0 and <= Longest && text.All(c => c is > ' ' and < (char)0x7f and not ('\\' or '"' or '<' or '>' or '#'))
        && Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && uri.Host.Length > 0
        && text.StartsWith($"{uri.Scheme}://{uri.Host}", StringComparison.Ordinal)
            ? uri
            : null;

    private static bool IsLocalhost(Uri uri) => uri.Host == "localhost";

    private static bool IsLoopback(Uri uri) => IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address);
}
