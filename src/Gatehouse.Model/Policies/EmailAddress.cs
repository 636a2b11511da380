using System.Buffers;

namespace Gatehouse.Model.Policies;

/// <summary>The one reading of an e-mail address that decisions use: ASCII, one @, a dot-atom before it, a host name after it, all in lower case.</summary>
public static class EmailAddress
{
    // RFC 5322 §3.2.3 atext without what mail systems read in two ways; quoted local parts are refused, not guessed.
    private static readonly SearchValues<char> LocalPart = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~.");
    private static readonly SearchValues<char> Host = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-.");

    /// <summary>The canonical form of <paramref name="text"/>, or null when it can be read in two ways or not at all.</summary>
    public static string? Canonical(string? text)
    {
        if (text is null || text.Length > 254)
        {
            return null;
        }

        // ASCII first: folding U+212A or U+017F into a letter would make two people one.
        if (!System.Text.Ascii.IsValid(text))
        {
            return null;
        }

        var folded = text.ToLowerInvariant();
        var at = folded.IndexOf('@', StringComparison.Ordinal);
        if (at < 1 || at > 64 || at != folded.LastIndexOf('@'))
        {
            return null;
        }

        return IsDotted(folded.AsSpan(0, at), LocalPart) && IsHost(folded.AsSpan(at + 1)) ? folded : null;
    }

    /// <summary>What follows the @ of a canonical address; empty when there is none.</summary>
    public static ReadOnlySpan<char> DomainOf(string canonical)
    {
        var at = canonical.LastIndexOf('@');
        return at < 0 ? [] : canonical.AsSpan(at + 1);
    }

    /// <summary>Whether <paramref name="host"/> is a plain lower-case host name (RFC 1123), of one label or more.</summary>
    public static bool IsHost(ReadOnlySpan<char> host)
    {
        if (host.Length is 0 or > 253 || !IsDotted(host, Host))
        {
            return false;
        }

        foreach (var range in host.Split('.'))
        {
            var label = host[range];
            if (label.Length > 63 || label[0] == '-' || label[^1] == '-')
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsDotted(ReadOnlySpan<char> text, SearchValues<char> allowed) =>
        text.Length > 0 && !text.ContainsAnyExcept(allowed) && text[0] != '.' && text[^1] != '.' && text.IndexOf("..", StringComparison.Ordinal) < 0;
}
