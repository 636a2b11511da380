using System.Text.RegularExpressions;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Providers;

namespace Gatehouse.Management.Providers;

/// <summary>Which redirect URIs may be registered.</summary>
internal static partial class RedirectUriRules
{
    private const int Longest = 2048;

    // Schemes that run or read something in the browser itself. Apps may bring any other (RFC 8252 §7.1).
    private static readonly string[] Refused = ["javascript", "data", "vbscript", "file", "blob", "about", "filesystem", "view-source"];

    /// <summary>What is wrong with the list.</summary>
    public static IEnumerable<Fault> Check(IReadOnlyList<RedirectUri> uris) =>
        from entry in uris.Index()
        let fault = entry.Item.Mode == MatchingMode.Regex ? PatternFault(entry.Item.Url) : UrlFault(entry.Item.Url)
        where fault is not null
        select new Fault($"redirect_uris.{entry.Index}.url", fault);

    private static string? UrlFault(string url)
    {
        if (url.Length is 0 or > Longest)
        {
            return $"A redirect URI has 1 to {Longest} characters.";
        }

        if (url.Any(c => c <= ' ' || c == '\x7f' || c == '#'))
        {
            return "A redirect URI holds no spaces, control characters or fragment (RFC 6749 section 3.1.2).";
        }

        var scheme = Scheme().Match(url);
        return !scheme.Success ? "A redirect URI is absolute: it begins with a scheme, such as https://app.example.com/callback."
            : Refused.Contains(scheme.Groups[1].Value, StringComparer.OrdinalIgnoreCase) ? $"The scheme {scheme.Groups[1].Value} is not allowed."
            : scheme.Groups[1].Value is "http" or "https" && !Uri.IsWellFormedUriString(url, UriKind.Absolute) ? "Not a valid URL."
            : null;
    }

    private static string? PatternFault(string pattern)
    {
        if (pattern.Length is 0 or > Longest)
        {
            return $"A pattern has 1 to {Longest} characters.";
        }

        try
        {
            // As Identity matches it: linear in the length of the input, whatever the pattern.
            _ = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return null;
        }
        catch (ArgumentException fault)
        {
            return $"Invalid regular expression: {fault.Message}";
        }
        catch (NotSupportedException)
        {
            return "Invalid regular expression: lookarounds, backreferences and atomic groups are not supported.";
        }
    }

    [GeneratedRegex("^([A-Za-z][A-Za-z0-9+.-]*):.", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Scheme();
}
