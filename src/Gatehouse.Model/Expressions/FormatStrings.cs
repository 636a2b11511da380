namespace Gatehouse.Model.Expressions;

/// <summary>Reads format strings: texts, and values in braces.</summary>
internal static class FormatStrings
{
    /// <summary>The parts of <paramref name="token"/>; <paramref name="read"/> reads the tokens of a value.</summary>
    public static List<Node> Read(Token token, Func<IReadOnlyList<Token>, Node> read)
    {
        List<Node> parts = [];
        var body = token.Text;
        var text = new System.Text.StringBuilder();
        for (var at = 0; at < body.Length;)
        {
            if (body[at] is '{' or '}' && at + 1 < body.Length && body[at + 1] == body[at])
            {
                text.Append(body[at]);
                at += 2;
            }
            else if (body[at] == '}')
            {
                throw token.At.Fault("A lone '}' stands in this format string; write '}}' for the character.");
            }
            else if (body[at] == '{')
            {
                Flush();
                var end = EndOf(body, at + 1, token);
                parts.Add(read(new Lexer(body[(at + 1)..end], PlaceOf(token, body, at + 1)).ReadValue()));
                at = end + 1;
            }
            else
            {
                text.Append(body[at++]);
            }
        }

        Flush();
        return parts;

        void Flush()
        {
            if (text.Length > 0)
            {
                parts.Add(new Node.Constant(token.At, token.IsRaw ? text.ToString() : Escapes.Resolve(text.ToString(), token.At)));
                text.Clear();
            }
        }
    }

    private static int EndOf(string body, int from, Token token)
    {
        var depth = 0;
        var quote = '\0';
        for (var at = from; at < body.Length; at++)
        {
            var c = body[at];
            if (quote != '\0')
            {
                quote = c == quote ? '\0' : quote;
            }
            else if (c is '"' or '\'')
            {
                quote = c;
            }
            else if (c is '(' or '[' or '{')
            {
                depth++;
            }
            else if (c == '}' && depth == 0)
            {
                return at > from ? at : throw token.At.Fault("Empty braces stand in this format string.");
            }
            else if (c is ')' or ']' or '}')
            {
                depth--;
            }
            else if (depth == 0 && ((c == '!' && body[at..].StartsWith("!=", StringComparison.Ordinal) == false) || c == ':'))
            {
                throw PlaceOf(token, body, at).Fault("Conversions and formats inside braces are not supported; write the value only.");
            }
        }

        throw token.At.Fault("A brace is not closed in this format string.");
    }

    // Good enough to point: escapes and prefixes may shift it by a few columns.
    private static At PlaceOf(Token token, string body, int at)
    {
        var lines = body.AsSpan(0, at).Count('\n');
        return lines == 0 ? new At(token.At.Line, token.At.Column + 2 + at) : new At(token.At.Line + lines, at - body.LastIndexOf('\n', at - 1));
    }
}
