using System.Text;

namespace Gatehouse.Model.Expressions;

/// <summary>Cuts an expression into tokens, by Python's rules for lines, brackets and indentation.</summary>
internal sealed class Lexer(string source, At start)
{
    private static readonly string[] Signs =
    [
        "**=", "//=", "<<=", ">>=", "...", "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "->", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", ":=",
        "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}", ",", ":", ".", ";", "=", "<", ">", "&", "|", "^", "~", "@",
    ];

    private readonly List<Token> tokens = [];
    private readonly Stack<int> indents = new([0]);
    private int at;
    private int line = start.Line;
    private int lineStart = 1 - start.Column;
    private int brackets;

    private At Here => new(line, at - lineStart + 1);

    private char Now => at < source.Length ? source[at] : '\0';

    /// <summary>The tokens of a whole expression, with its lines and blocks.</summary>
    public List<Token> ReadLines()
    {
        while (at < source.Length)
        {
            if (!TryIndent())
            {
                continue;
            }

            while (at < source.Length && source[at] != '\n')
            {
                ReadToken();
            }

            EndLine();
        }

        if (brackets > 0)
        {
            throw Here.Fault("A bracket was not closed.");
        }

        while (indents.Pop() > 0)
        {
            Add(TokenKind.Dedent, "", Here);
        }

        Add(TokenKind.End, "", Here);
        return tokens;
    }

    /// <summary>The tokens of one value, as it stands in a format string.</summary>
    public List<Token> ReadValue()
    {
        brackets = 1; // line ends mean nothing here
        while (at < source.Length)
        {
            ReadToken();
        }

        Add(TokenKind.End, "", Here);
        return tokens;
    }

    // False for a line without anything: it does not count for blocks.
    private bool TryIndent()
    {
        var width = 0;
        for (; Now is ' ' or '\t' or '\f'; at++)
        {
            width = Now == '\t' ? (width / 8 * 8) + 8 : width + 1;
        }

        if (at >= source.Length || Now is '#' or '\n' or '\r')
        {
            SkipComment();
            Break();
            return false;
        }

        if (width > indents.Peek())
        {
            if (indents.Count > Limits.Nesting)
            {
                throw Here.Fault("Blocks are nested too deep.");
            }

            indents.Push(width);
            Add(TokenKind.Indent, "", Here);
        }

        while (width < indents.Peek())
        {
            indents.Pop();
            Add(TokenKind.Dedent, "", Here);
        }

        if (width != indents.Peek())
        {
            throw Here.Fault("This line is indented like none of the blocks around it.");
        }

        return true;
    }

    private void EndLine()
    {
        if (brackets == 0)
        {
            Add(TokenKind.NewLine, "", Here);
        }

        Break();
    }

    private void Break()
    {
        if (Now == '\r')
        {
            at++;
        }

        if (Now == '\n')
        {
            at++;
            line++;
            lineStart = at;
        }
    }

    private void SkipComment()
    {
        if (Now == '#')
        {
            at = source.IndexOf('\n', at) is >= 0 and var end ? end : source.Length;
        }
    }

    private void ReadToken()
    {
        switch (Now)
        {
            case ' ' or '\t' or '\r' or '\f':
                at++;
                break;
            case '#':
                SkipComment();
                break;
            case '\n':
                Break();
                break;
            case '\\' when Rest(1) is '\n' or '\r':
                at++;
                Break();
                break;
            case '"' or '\'':
                ReadText("", Here);
                break;
            case >= '0' and <= '9':
                ReadNumber();
                break;
            case var c when char.IsLetter(c) || c == '_':
                ReadWord();
                break;
            default:
                ReadSign();
                break;
        }

        // Inside brackets a line goes on.
        if (brackets > 0 && Now == '\n')
        {
            Break();
        }
    }

    private char Rest(int ahead) => at + ahead < source.Length ? source[at + ahead] : '\0';

    private void ReadWord()
    {
        var from = at;
        var place = Here;
        while (char.IsLetterOrDigit(Now) || Now == '_')
        {
            at++;
        }

        var word = source[from..at];
        if (Now is '"' or '\'' && word.Length <= 2 && word.All(c => "rRfFbBuU".Contains(c, StringComparison.Ordinal)))
        {
            ReadText(word.ToLowerInvariant(), place);
            return;
        }

        Add(TokenKind.Name, word, place);
    }

    private void ReadNumber()
    {
        var from = at;
        var place = Here;
        while (char.IsAsciiDigit(Now) || Now is '_' || (Now == '.' && char.IsAsciiDigit(Rest(1)))
            || (Now is 'e' or 'E' && (char.IsAsciiDigit(Rest(1)) || (Rest(1) is '-' or '+' && char.IsAsciiDigit(Rest(2))))) || (Now is '-' or '+' && source[at - 1] is 'e' or 'E'))
        {
            at++;
        }

        if (char.IsLetter(Now))
        {
            throw Here.Fault("A number is written in digits, such as 42 or 1.5.");
        }

        Add(TokenKind.Number, source[from..at].Replace("_", "", StringComparison.Ordinal), place);
    }

    private void ReadSign()
    {
        var place = Here;
        foreach (var sign in Signs)
        {
            if (string.CompareOrdinal(source, at, sign, 0, sign.Length) == 0)
            {
                at += sign.Length;
                Count(sign, place);
                Add(TokenKind.Sign, sign, place);
                return;
            }
        }

        throw place.Fault(char.IsControl(Now) ? "There is a control character here." : $"The character '{Now}' means nothing here.");
    }

    private void Count(string sign, At place)
    {
        brackets += sign switch
        {
            "(" or "[" or "{" => 1,
            ")" or "]" or "}" => -1,
            _ => 0,
        };
        if (brackets < 0)
        {
            throw place.Fault($"There is no open bracket for this '{sign}'.");
        }
    }

    private void ReadText(string prefix, At place)
    {
        if (prefix.Contains('b', StringComparison.Ordinal))
        {
            throw place.Fault("Byte strings are not supported; write a text, without the b.");
        }

        var quote = Now;
        var isLong = Rest(1) == quote && Rest(2) == quote;
        var close = isLong ? new string(quote, 3) : quote.ToString();
        at += close.Length;
        var isRaw = prefix.Contains('r', StringComparison.Ordinal);
        var isFormat = prefix.Contains('f', StringComparison.Ordinal);
        var text = new StringBuilder();
        while (string.CompareOrdinal(source, at, close, 0, close.Length) != 0)
        {
            if (at >= source.Length || (Now == '\n' && !isLong))
            {
                throw place.Fault($"This text is not closed: expected {close}.");
            }

            ReadCharacter(text, isRaw || isFormat);
        }

        at += close.Length;
        Add(isFormat ? TokenKind.Format : TokenKind.Text, text.ToString(), place, isRaw);
    }

    private void ReadCharacter(StringBuilder text, bool asWritten)
    {
        if (Now == '\n')
        {
            Break();
            text.Append('\n');
        }
        else if (Now == '\\' && asWritten)
        {
            text.Append(source, at, Math.Min(2, source.Length - at));
            at += 2;
            if (source.Length >= at && source[at - 1] == '\n')
            {
                line++;
                lineStart = at;
            }
        }
        else if (Now == '\\')
        {
            at = Escapes.Read(source, at, text, Here);
        }
        else
        {
            text.Append(Now);
            at++;
        }
    }

    private void Add(TokenKind kind, string text, At place, bool isRaw = false) => tokens.Add(new Token(kind, text, place, isRaw));
}
