namespace Gatehouse.Model.Apps;

/// <summary>Says what makes one reading of a path unfit for any origin.</summary>
internal static class HostileReading
{
    /// <summary>The fault, or null.</summary>
    public static string? Fault(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is < ' ' or '\u007f' or '\\')
            {
                return "the path holds a backslash or a control character in some reading";
            }

            if (IsOverlong(text, i) || IsWideEscape(text, i))
            {
                return "the path holds an escape that only a careless decoder would take";
            }
        }

        foreach (var range in text.AsSpan().Split('/'))
        {
            var segment = text.AsSpan(range);
            var end = segment.IndexOf(';');
            var name = end < 0 ? segment : segment[..end];

            // Some origins trim spaces and dots, so three dots or a dot beside a space may climb as well.
            if (name.Contains('.') && name.Trim(". ").IsEmpty)
            {
                return "the path holds a dot segment in some reading";
            }
        }

        return null;
    }

    // C0 AE is text in Latin-1 and a dot to a decoder that takes overlong UTF-8 (RFC 3629 §10).
    private static bool IsOverlong(string text, int at) =>
        at + 1 < text.Length && (text[at], text[at + 1]) is
            ('\u00c0' or '\u00c1', >= '\u0080' and <= '\u00bf') or ('\u00e0', >= '\u0080' and < '\u00a0') or ('\u00f0', >= '\u0080' and < '\u0090');

    // %u002e, once taken by IIS.
    private static bool IsWideEscape(string text, int at)
    {
        if (text[at] != '%' || at + 5 >= text.Length || text[at + 1] is not ('u' or 'U'))
        {
            return false;
        }

        for (var i = at + 2; i < at + 6; i++)
        {
            if (!char.IsAsciiHexDigit(text[i]))
            {
                return false;
            }
        }

        return true;
    }
}
