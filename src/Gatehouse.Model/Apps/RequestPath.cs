using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Model.Apps;

/// <summary>
/// The path of a request in every reading an origin could make of it. An app is chosen only when all readings agree; the origin gets the
/// bytes the browser sent. A path that climbs (<c>..</c>) in any reading is refused outright.
/// </summary>
public readonly record struct RequestPath
{
    // Nothing to resolve, to fold or to drop in these.
    private static readonly SearchValues<char> Settled = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_~/");

    // Nothing but letter case to fold, unless a segment ends in a dot or slashes meet.
    private static readonly SearchValues<char> Harmless = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/!$&'()*+,=:@");

    // RFC 3986 §3.3 pchar, the slash, and what browsers are known to send unescaped.
    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/%[]|^\"<>`{}");

    private RequestPath(string plain, string deep, ImmutableArray<string> others)
    {
        Plain = plain;
        Deep = deep;
        Others = others;
    }

    /// <summary>As sent, with escaped unreserved characters resolved once (RFC 3986 §6.2.2.2).</summary>
    public string Plain { get; }

    /// <summary>As the most eager origin could read it: all escapes resolved, parameters dropped, slashes merged, letters folded.</summary>
    public string Deep { get; }

    /// <summary>What lies between and beside the two, letters as they are; empty for nearly every request.</summary>
    public ImmutableArray<string> Others { get; }

    /// <summary>Whether some reading, letters folded, is <paramref name="prefix"/> or lies below it. The prefix is lower case, without a trailing slash.</summary>
    public bool MayBeUnder(string prefix)
    {
        if (IsUnder(Plain, prefix) || IsUnder(Deep, prefix))
        {
            return true;
        }

        foreach (var other in Others)
        {
            if (IsUnder(other, prefix))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads the path of a request target in origin form (<c>/path?query</c>).</summary>
    /// <param name="target">The raw target.</param>
    /// <param name="path">The readings.</param>
    /// <param name="refusal">Why it was refused; for the log, not for the visitor.</param>
    public static bool TryParse(string target, out RequestPath path, [NotNullWhen(false)] out string? refusal)
    {
        path = default;
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var raw = query < 0 ? target : target[..query];
        if (raw.Length == 0 || raw[0] != '/')
        {
            refusal = "the target is not in origin form";
            return false;
        }

        refusal = Unquestioned(target, query);
        if (refusal is not null)
        {
            return false;
        }

        var settled = !raw.AsSpan().ContainsAnyExcept(Settled);
        if ((settled || !raw.AsSpan().ContainsAnyExcept(Harmless)) && !HasOddSegment(raw))
        {
            path = new RequestPath(raw, settled ? raw : Folded(raw), []);
            return true;
        }

        refusal = Unreadable(raw);
        if (refusal is not null)
        {
            return false;
        }

        var plain = PathReadings.Plain(raw);
        if (!PathReadings.TryAll(plain, out var others, out refusal))
        {
            return false;
        }

        path = new RequestPath(plain, PathReadings.Deep(plain), others);
        return true;
    }

    /// <summary>Letters folded; the same object when there is nothing to fold.</summary>
    internal static string Folded(string text) =>
        text.AsSpan().ContainsAnyInRange('A', 'Z') || text.AsSpan().ContainsAnyExceptInRange('\0', '\u007f') ? text.ToLowerInvariant() : text;

    // An empty segment, or one that ends in a dot.
    private static bool HasOddSegment(string raw) =>
        raw.Contains("//", StringComparison.Ordinal) || raw.Contains("./", StringComparison.Ordinal) || raw[^1] == '.';

    private static bool IsUnder(string path, string prefix) =>
        path.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && (path.Length == prefix.Length || path[prefix.Length] == '/');

    private static string? Unreadable(string raw)
    {
        if (raw.AsSpan().ContainsAnyExcept(Allowed))
        {
            return "the path holds a character that must be escaped";
        }

        for (var at = raw.IndexOf('%', StringComparison.Ordinal); at >= 0; at = raw.IndexOf('%', at + 1))
        {
            if (!PathReadings.IsEscape(raw, at))
            {
                return "a percent sign is not followed by two hex digits";
            }
        }

        return null;
    }

    // The query is the origin's business, but a fragment or a control character there splits readers too.
    private static string? Unquestioned(string target, int query)
    {
        if (query < 0)
        {
            return null;
        }

        var text = target.AsSpan(query);
        return text.ContainsAnyExceptInRange('!', '~') || text.Contains('#') ? "the query holds a character that must be escaped" : null;
    }
}
