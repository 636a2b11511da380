namespace Gatehouse.Model.Apps;

/// <summary>Where a SaaS application may have a person's browser sent back to.</summary>
public static class SaasRedirects
{
    private const int Longest = 2048;

    /// <summary>Whether <paramref name="uri"/> may be registered: https, http on the person's own machine, or a scheme of an app's own, which has a dot in it (RFC 8252 §7.1). No fragment.</summary>
    public static bool IsSafe(string uri) => AgentRedirects.IsSafe(uri) || IsOwnScheme(uri);

    /// <summary>What the Content-Security-Policy of a form that leads there has to name.</summary>
    public static string SourceOf(string uri) => IsOwnScheme(uri) ? uri[..(uri.IndexOf(':', StringComparison.Ordinal) + 1)] : OriginOf(uri);

    /// <summary>The origin of a web page there, as browsers write it; empty when there is none.</summary>
    public static string OriginOf(string uri) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var read) && (read.Scheme == Uri.UriSchemeHttps || read.Scheme == Uri.UriSchemeHttp) ? read.GetLeftPart(UriPartial.Authority) : "";

    private static bool IsOwnScheme(string uri)
    {
        var colon = uri.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && uri.Length is > 2 and <= Longest && colon < uri.Length - 1
            && uri.All(c => c is > ' ' and < (char)0x7f and not ('\\' or '"' or '\'' or '<' or '>' or '#' or ',' or ';'))
            && char.IsAsciiLetterLower(uri[0])
            && uri[..colon].Contains('.', StringComparison.Ordinal)
            && uri[..colon].All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-' or '+');
    }
}
