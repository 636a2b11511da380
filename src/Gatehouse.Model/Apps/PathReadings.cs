using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Gatehouse.Model.Apps;

/// <summary>
/// Every reading of a path: what origins are known to do to one (resolve escapes, again and again; drop <c>;parameters</c>; stop at an
/// escaped <c>?</c>; merge slashes; trim dots and spaces; map wide letters to plain ones), in any order, until nothing new comes out.
/// Characters of a reading are bytes, as in Latin-1, since no origin must take them for UTF-8.
/// </summary>
internal static class PathReadings
{
    // No address people use comes near; past them it is an attack on our patience.
    private const int MostReadings = 48;
    private const int MostCharacters = 64 * 1024;

    private static readonly Func<string, string>[] Turns =
        [Unescape, DropParameters, t => CutAt(t, ';'), t => CutAt(t, '?'), t => CutAt(t, '#'), MergeSlashes, TrimSegments, WideLetters.ToPlain];

    /// <summary>Whether a percent sign at <paramref name="at"/> begins an escape.</summary>
    public static bool IsEscape(string text, int at) =>
        at + 2 < text.Length && char.IsAsciiHexDigit(text[at + 1]) && char.IsAsciiHexDigit(text[at + 2]);

    /// <summary>Resolves escapes of unreserved characters, once; leaves all else as it is.</summary>
    public static string Plain(string raw) =>
        Unescape(raw, c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~');

    /// <summary>All escapes resolved, parameters dropped, slashes merged, letters folded.</summary>
    public static string Deep(string plain)
    {
        var text = plain;
        for (var next = Unescape(text); !ReferenceEquals(next, text); next = Unescape(text))
        {
            text = next;
        }

        return RequestPath.Folded(MergeSlashes(DropParameters(text)));
    }

    /// <summary>All readings but <paramref name="plain"/> itself. False when one of them is hostile, or there are too many.</summary>
    public static bool TryAll(string plain, out ImmutableArray<string> others, [NotNullWhen(false)] out string? refusal)
    {
        others = [];
        var found = new List<string> { plain };
        var seen = new HashSet<string>(StringComparer.Ordinal) { plain };
        var characters = plain.Length;
        for (var n = 0; n < found.Count; n++)
        {
            refusal = HostileReading.Fault(found[n]);
            if (refusal is not null)
            {
                return false;
            }

            foreach (var turn in Turns)
            {
                var next = turn(found[n]);
                if (ReferenceEquals(next, found[n]) || !seen.Add(next))
                {
                    continue;
                }

                found.Add(next);
                characters += next.Length;
                if (found.Count > MostReadings || characters > MostCharacters)
                {
                    refusal = "the path has too many readings";
                    return false;
                }
            }
        }

        found.RemoveAt(0);
        others = [.. found];
        refusal = null;
        return true;
    }

    private static string Unescape(string text) => Unescape(text, static _ => true);

    private static string Unescape(string text, Predicate<char> wanted)
    {
        StringBuilder? made = null;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && IsEscape(text, i) && (char)((HexValue(text[i + 1]) << 4) | HexValue(text[i + 2])) is var c && wanted(c))
            {
                made ??= new StringBuilder(text, 0, i, text.Length);
                made.Append(c);
                i += 2;
            }
            else
            {
                made?.Append(text[i]);
            }
        }

        return made?.ToString() ?? text;
    }

    private static int HexValue(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static string DropParameters(string text) =>
        text.Contains(';', StringComparison.Ordinal) ? EachSegment(text, s => s.IndexOf(';') is >= 0 and var end ? s[..end] : s) : text;

    private static string TrimSegments(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '.' or ' ' && (i + 1 == text.Length || text[i + 1] == '/'))
            {
                return EachSegment(text, s => s.TrimEnd(". "));
            }
        }

        return text;
    }

    private static string MergeSlashes(string text)
    {
        while (text.Contains("//", StringComparison.Ordinal))
        {
            text = text.Replace("//", "/", StringComparison.Ordinal);
        }

        return text;
    }

    private static string CutAt(string text, char end) => text.IndexOf(end, StringComparison.Ordinal) is > 0 and var at ? text[..at] : text;

    private static string EachSegment(string text, Func<ReadOnlySpan<char>, ReadOnlySpan<char>> change)
    {
        var made = new StringBuilder(text.Length);
        var first = true;
        foreach (var range in text.AsSpan().Split('/'))
        {
            if (!first)
            {
                made.Append('/');
            }

            first = false;
            made.Append(change(text.AsSpan(range)));
        }

        return made.ToString();
    }
}
