using System.Net;

namespace Gatehouse.Model.Providers;

/// <summary>Which addresses a client may want to be told of logouts at.</summary>
public static class LogoutUris
{
    private const int Longest = 2048;

    /// <summary>What is wrong with <paramref name="uri"/>; null when nothing is. Empty is fine: the client is not told.</summary>
    public static string? Fault(string uri)
    {
        if (uri.Length == 0)
        {
            return null;
        }

        if (uri.Length > Longest || uri.AsSpan().ContainsAnyExceptInRange('!', '~') || uri.AsSpan().ContainsAny("\\\"<>"))
        {
            return $"A logout URI has at most {Longest} characters and none that no URI holds.";
        }

        if (!Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || parsed.UserInfo.Length > 0 || uri.Contains('#', StringComparison.Ordinal))
        {
            return "A logout URI is absolute, without user and without fragment (OpenID Connect Back-Channel Logout section 2.2).";
        }

        // What we post names a person and a session: it does not cross a network in clear.
        return parsed.Scheme == Uri.UriSchemeHttps || (parsed.Scheme == Uri.UriSchemeHttp && IsLoopback(parsed))
            ? null
            : "A logout URI begins with https:// (http:// only on a loopback host).";
    }

    /// <summary>What frames may be loaded for it, as a source of a Content-Security-Policy: exactly this address, with any query.</summary>
    public static string FrameSource(string uri)
    {
        var parsed = new Uri(uri);
        return parsed.GetLeftPart(UriPartial.Path).Replace(";", "%3B", StringComparison.Ordinal).Replace(",", "%2C", StringComparison.Ordinal).Replace("'", "%27", StringComparison.Ordinal);
    }

    private static bool IsLoopback(Uri uri) =>
        uri.Host is "localhost" || uri.Host.EndsWith(".localhost", StringComparison.Ordinal) || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
