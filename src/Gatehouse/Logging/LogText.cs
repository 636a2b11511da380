using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gatehouse.Logging;

/// <summary>Makes text safe for a line of a log or a terminal: what a visitor sent can neither start a line nor move the cursor.</summary>
internal static class LogText
{
    private static readonly SearchValues<char> Unsafe = SearchValues.Create(UnsafeCharacters());

    /// <summary>Control characters, line separators, marks that reorder text, and the backslash become escapes.</summary>
    public static string Escape(string text)
    {
        if (!text.AsSpan().ContainsAny(Unsafe))
        {
            return text;
        }

        var made = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\n' => made.Append("\\n"),
                '\r' => made.Append("\\r"),
                '\t' => made.Append("\\t"),
                '\\' => made.Append("\\\\"),
                _ when Unsafe.Contains(c) => made.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => made.Append(c),
            };
        }

        return made.ToString();
    }

    private static string UnsafeCharacters()
    {
        var made = new StringBuilder("\\");
        for (var c = '\0'; c < '\uffff'; c++)
        {
            if (CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator)
            {
                made.Append(c);
            }
        }

        return made.ToString();
    }
}
