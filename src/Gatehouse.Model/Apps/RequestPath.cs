using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Model.Apps;

/// <summary>
/// The path of a request in the two readings between which every origin's own reading lies. <see cref="Plain"/> is what was sent with
/// harmless escapes resolved; <see cref="Deep"/> is what the most eager origin could make of it: escapes resolved until none is left,
/// parameters after <c>;</c> dropped, slashes merged, letters folded. A path that any origin could climb out of is refused outright.
/// </summary>
public readonly record struct RequestPath
{
    private static readonly SearchValues<char> Simple = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_~/");

    // RFC 3986 §3.3 pchar, the slash, and what browsers are known to send unescaped.
    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/%[]|^\"<>`{}");

    private RequestPath(string plain, string deep)
    {
        Plain = plain;
        Deep = deep;
    }

    /// <summary>As sent, with escaped unreserved characters resolved once (RFC 3986 §6.2.2.2).</summary>
    public string Plain { get; }

    /// <summary>As the most eager origin could read it; folded, so compare it with folded patterns only.</summary>
    public string Deep { get; }

    /// <summary>Reads the path of a request target in origin form (<c>/path?query</c>).</summary>
    /// <param name="target">The raw target.</param>
    /// <param name="path">The readings.</param>
    /// <param name="refusal">Why it was refused; for the log, not for the visitor.</param>
    public static bool TryParse(string target, out RequestPath path, [NotNullWhen(false)] out string? refusal)
    {
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var raw = query < 0 ? target : target[..query];
        path = default;

        if (raw.Length == 0 || raw[0] != '/')
        {
            refusal = "the target is not in origin form";
            return false;
        }

        // Most requests: nothing escaped, nothing to fold, no dots, no double slash.
        if (!raw.AsSpan().ContainsAnyExcept(Simple) && !raw.Contains("//", StringComparison.Ordinal))
        {
            path = new RequestPath(raw, raw);
            refusal = Unquestioned(target, query);
            return refusal is null;
        }

        refusal = Unreadable(raw) ?? Unquestioned(target, query);
        if (refusal is not null)
        {
            return false;
        }

        var deep = PathReading.Deep(raw);
        refusal = deep is null ? "the path holds a dot segment, a backslash or a control character in some reading" : null;
        path = deep is null ? default : new RequestPath(PathReading.Plain(raw), deep);
        return deep is not null;
    }

    private static string? Unreadable(string raw)
    {
        if (raw.AsSpan().ContainsAnyExcept(Allowed))
        {
            return "the path holds a character that must be escaped";
        }

        for (var at = raw.IndexOf('%', StringComparison.Ordinal); at >= 0; at = raw.IndexOf('%', at + 1))
        {
            if (at + 2 >= raw.Length || !char.IsAsciiHexDigit(raw[at + 1]) || !char.IsAsciiHexDigit(raw[at + 2]))
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

        foreach (var c in target.AsSpan(query))
        {
            if (c is <= ' ' or '#' or >= '\u007f')
            {
                return "the query holds a character that must be escaped";
            }
        }

        return null;
    }
}

/// <summary>How the two readings are made.</summary>
internal static class PathReading
{
    /// <summary>Resolves escapes of unreserved characters, once; leaves all else as it is.</summary>
    public static string Plain(string raw)
    {
        if (!raw.Contains('%', StringComparison.Ordinal))
        {
            return raw;
        }

        var made = new System.Text.StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] == '%' && Escaped(raw, i) is var c && (char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~'))
            {
                made.Append(c);
                i += 2;
            }
            else
            {
                made.Append(raw[i]);
            }
        }

        return made.ToString();
    }

    /// <summary>The eager reading, or null when it holds a dot segment, a backslash or a control character at any depth.</summary>
    public static string? Deep(string raw)
    {
        var text = raw;
        for (var depth = 0; ; depth++)
        {
            if (IsHostile(text))
            {
                return null;
            }

            var next = Unescape(text);
            if (next == text)
            {
                break;
            }

            // Ten layers of escaping are an attack, not an address.
            if (depth == 10)
            {
                return null;
            }

            text = next;
        }

        return Fold(text);
    }

    private static char Escaped(string text, int at) => (char)Convert.ToInt32(text.Substring(at + 1, 2), 16);

    private static string Unescape(string text)
    {
        var made = new System.Text.StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]))
            {
                made.Append(Escaped(text, i));
                i += 2;
            }
            else
            {
                made.Append(text[i]);
            }
        }

        return made.ToString();
    }

    private static bool IsHostile(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            // An overlong UTF-8 form (C0 AE for a dot) is text to us and a dot to a careless decoder.
            if (text[i] is < ' ' or '\u007f' or '\\' || (text[i] is '\u00c0' or '\u00c1' or '\u00e0' && i + 1 < text.Length && text[i + 1] is >= '\u0080' and < '\u00a0'))
            {
                return true;
            }

            if (text[i] is '\u00c0' or '\u00c1' && i + 1 < text.Length && text[i + 1] is >= '\u0080' and <= '\u00bf')
            {
                return true;
            }
        }

        foreach (var range in text.AsSpan().Split('/'))
        {
            var segment = text.AsSpan(range);
            var end = segment.IndexOf(';');
            var name = (end < 0 ? segment : segment[..end]).Trim(' ');
            if (name is "." or "..")
            {
                return true;
            }
        }

        return false;
    }

    private static string Fold(string text)
    {
        var made = new System.Text.StringBuilder(text.Length);
        foreach (var range in text.AsSpan().Split('/'))
        {
            var segment = text.AsSpan(range);
            var end = segment.IndexOf(';');
            var name = end < 0 ? segment : segment[..end];
            if (name.Length > 0)
            {
                made.Append('/').Append(name);
            }
        }

        if (made.Length == 0 || text[^1] == '/')
        {
            made.Append('/');
        }

        return made.ToString().ToLowerInvariant();
    }
}
