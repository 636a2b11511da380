namespace Gatehouse.Identity.SignIn;

/// <summary>Where a flow may send people at its end: a path on this host, in every reading a browser or proxy could have of it.</summary>
internal static class NextUrl
{
    private const int Longest = 8192;

    /// <summary>Whether <paramref name="text"/> starts with a single slash and can't be read as another host.</summary>
    public static bool IsSafe(string text)
    {
        if (text.Length is 0 or > Longest || text[0] != '/')
        {
            return false;
        }

        // Browsers drop TAB, CR and LF, and take a backslash for a slash (WHATWG URL §4.4).
        foreach (var letter in text)
        {
            if (letter is <= ' ' or >= '\x7f' or '\\')
            {
                return false;
            }
        }

        var end = text.AsSpan().IndexOfAny('?', '#');
        return IsPlainPath(end < 0 ? text : text.AsSpan(0, end));
    }

    private static bool IsPlainPath(ReadOnlySpan<char> path)
    {
        if (path.IndexOf("//", StringComparison.Ordinal) >= 0)
        {
            return false;
        }

        for (var i = path.IndexOf('%'); i >= 0 && i < path.Length; i++)
        {
            if (path[i] == '%' && !IsHarmless(path[i..]))
            {
                return false;
            }
        }

        foreach (var range in path.Split('/'))
        {
            if (path[range] is "." or "..")
            {
                return false;
            }
        }

        return true;
    }

    // An escaped slash, backslash, dot, percent or control byte becomes one after the next hop's decoding.
    private static bool IsHarmless(ReadOnlySpan<char> escape) =>
        escape.Length >= 3
        && char.IsAsciiHexDigit(escape[1]) && char.IsAsciiHexDigit(escape[2])
        && Convert.FromHexString(escape.Slice(1, 2))[0] is >= 0x20 and not (0x7f or (byte)'/' or (byte)'\\' or (byte)'.' or (byte)'%');
}
