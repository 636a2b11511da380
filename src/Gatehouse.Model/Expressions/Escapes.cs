using System.Globalization;
using System.Text;

namespace Gatehouse.Model.Expressions;

/// <summary>What a backslash in a text stands for.</summary>
internal static class Escapes
{
    /// <summary>Reads the escape at <paramref name="at"/>; returns where it ends.</summary>
    public static int Read(string source, int at, StringBuilder text, At place)
    {
        var kind = at + 1 < source.Length ? source[at + 1] : '\0';
        switch (kind)
        {
            case '\n':
                return at + 2; // the line goes on
            case 'x':
                return Code(source, at, 2, text, place);
            case 'u':
                return Code(source, at, 4, text, place);
            case 'U':
                return Code(source, at, 8, text, place);
            case '0' or 'a' or 'b' or 'f' or 'v' or 'N':
                throw place.Fault($"The escape \\{kind} is not supported; use \\n, \\t, \\\\, \\', \\\" or \\uXXXX.");
            default:
                text.Append(kind switch
                {
                    'n' => "\n",
                    't' => "\t",
                    'r' => "\r",
                    '\\' or '\'' or '"' => kind.ToString(),
                    _ => "\\" + kind, // as in Python: both stay
                });
                return at + 2;
        }
    }

    /// <summary>A whole text whose escapes are resolved.</summary>
    public static string Resolve(string text, At place)
    {
        var made = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            if (text[at] == '\\')
            {
                at = Read(text, at, made, place);
            }
            else
            {
                made.Append(text[at++]);
            }
        }

        return made.ToString();
    }

    private static int Code(string source, int at, int digits, StringBuilder text, At place)
    {
        var end = at + 2 + digits;
        if (end > source.Length
            || !int.TryParse(source.AsSpan(at + 2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            || !Rune.TryCreate(code, out var rune) || code == 0)
        {
            throw place.Fault($"Expected {digits} hexadecimal digits of a character here.");
        }

        text.Append(rune.ToString());
        return end;
    }
}
