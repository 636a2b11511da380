namespace Gatehouse.Model.Expressions;

/// <summary>Reads what values are made of: names, calls, constants, texts, and what stands in brackets.</summary>
internal sealed class AtomParser(Cursor cursor, Scope scope, ValueParser values)
{
    /// <summary>Whether a value can begin with <paramref name="token"/>.</summary>
    public static bool CanBegin(Token token) => token.Kind switch
    {
        TokenKind.Number or TokenKind.Text or TokenKind.Format => true,
        TokenKind.Name => token.Text is not "if" and not "else" and not "for" and not "in" and not "is" and not "and" and not "or",
        TokenKind.Sign => token.Text is "(" or "[" or "{" or "-" or "+" or "*",
        _ => false,
    };

    /// <summary>Reads one; the shape is what is known of it, null for nothing.</summary>
    public (Node Value, string? Shape) Read()
    {
        var now = cursor.Now;
        switch (now.Kind)
        {
            case TokenKind.Number:
                return (ValueParser.Number(cursor.Take()), null);
            case TokenKind.Text or TokenKind.Format:
                return (ReadTexts(), null);
            case TokenKind.Name:
                return ReadName(cursor.Take());
            case TokenKind.Sign when now.Text is "(" or "[" or "{":
                return (ReadBracket(), null);
            default:
                throw cursor.Unexpected("a value");
        }
    }

    /// <summary>The arguments of a call, with their brackets.</summary>
    public Arguments ReadArguments()
    {
        cursor.Expect("(");
        List<Node> positional = [];
        List<(string, Node)> named = [];
        while (!cursor.Now.IsSign(")"))
        {
            if (cursor.Now.Kind == TokenKind.Name && cursor.Next.IsSign("="))
            {
                var name = cursor.Take().Text;
                cursor.Take();
                named.Add((name, values.Read()));
            }
            else
            {
                positional.Add(ReadArgument(isFirst: positional.Count == 0, hasNamed: named.Count > 0));
            }

            if (!cursor.Skip(","))
            {
                break;
            }
        }

        cursor.Expect(")");
        return new Arguments(positional, named);
    }

    private Node ReadArgument(bool isFirst, bool hasNamed)
    {
        if (hasNamed || cursor.Now.IsSign("*") || cursor.Now.IsSign("**"))
        {
            throw cursor.Now.At.Fault("Arguments are written out, those with a name last.");
        }

        var value = values.Read();
        return isFirst && cursor.Now.IsName("for") ? ReadComprehension(value.At, null, value, isSet: false) : value;
    }

    private (Node, string?) ReadName(Token name)
    {
        switch (name.Text)
        {
            case "True":
                return (new Node.Constant(name.At, true), null);
            case "False":
                return (new Node.Constant(name.At, false), null);
            case "None":
                return (new Node.Constant(name.At, null), null);
            case "if" or "else" or "elif" or "for" or "in" or "is" or "and" or "or" or "return" or "pass" or "break" or "continue":
                throw name.At.Fault($"Expected a value, found '{name.Text}'.");
        }

        if (cursor.Now.IsSign("("))
        {
            return Functions.Known.Contains(name.Text)
                ? (new Node.Call(name.At, name.Text, ReadArguments()), null)
                : throw NoFunction(name);
        }

        scope.Use(name);
        return (new Node.Name(name.At, name.Text), scope.ShapeOf(name.Text));
    }

    private static FaultException NoFunction(Token name) =>
        name.At.Fault(Refusals.Words.TryGetValue(name.Text, out var word) ? word
            : Refusals.Functions.TryGetValue(name.Text, out var instead) ? $"'{name.Text}' is not available. {instead}"
            : $"There is no function '{name.Text}'. Known: {string.Join(", ", Functions.Known.Order(StringComparer.Ordinal))}.");

    // Texts that stand side by side are one.
    private Node ReadTexts()
    {
        var at = cursor.Now.At;
        List<Node> parts = [];
        while (cursor.Now.Kind is TokenKind.Text or TokenKind.Format)
        {
            var token = cursor.Take();
            if (token.Kind == TokenKind.Text)
            {
                parts.Add(new Node.Constant(token.At, token.Text));
            }
            else
            {
                parts.AddRange(FormatStrings.Read(token, inner => cursor.Deeper(() => Inner(inner))));
            }
        }

        return parts is [Node.Constant only] ? only
            : parts.TrueForAll(p => p is Node.Constant) ? new Node.Constant(at, string.Concat(parts.Select(p => ((Node.Constant)p).Value)))
            : new Node.Format(at, parts);
    }

    // A value inside a format string has tokens of its own, but the same names.
    private Node Inner(IReadOnlyList<Token> tokens)
    {
        scope.Declare(tokens);
        var inside = new Cursor(tokens);
        var value = new ValueParser(inside, scope).Read();
        return inside.Now.Kind == TokenKind.End ? value : throw inside.Unexpected("the end of the value in braces");
    }

    private Node ReadBracket() => cursor.Deeper(() =>
    {
        var open = cursor.Take();
        return open.Text switch
        {
            "(" => ReadRound(open.At),
            "[" => ReadList(open.At, "]", isSet: false),
            _ => ReadBraces(open.At),
        };
    });

    private Node ReadRound(At at)
    {
        if (cursor.Skip(")"))
        {
            return new Node.ListOf(at, []);
        }

        var value = values.ReadWithCommas();
        value = cursor.Now.IsName("for") ? ReadComprehension(at, null, value, isSet: false) : value;
        cursor.Expect(")");
        return value;
    }

    private Node ReadList(At at, string close, bool isSet)
    {
        List<Node> items = [];
        while (!cursor.Now.IsSign(close))
        {
            var star = cursor.Now;
            var isSpread = cursor.Skip("*");
            var item = values.Read();
            if (!isSpread && items.Count == 0 && cursor.Now.IsName("for"))
            {
                var made = ReadComprehension(at, null, item, isSet);
                cursor.Expect(close);
                return made;
            }

            items.Add(isSpread ? new Node.Spread(star.At, item) : item);
            if (!cursor.Skip(","))
            {
                break;
            }
        }

        cursor.Expect(close);
        return new Node.ListOf(at, items, isSet);
    }

    private Node ReadBraces(At at)
    {
        List<(Node?, Node)> entries = [];
        while (!cursor.Now.IsSign("}"))
        {
            if (cursor.Skip("**"))
            {
                entries.Add((null, values.Read()));
            }
            else
            {
                var key = values.Read();
                if (entries.Count == 0 && !cursor.Now.IsSign(":"))
                {
                    return ReadSet(at, key);
                }

                cursor.Expect(":");
                var value = values.Read();
                if (entries.Count == 0 && cursor.Now.IsName("for"))
                {
                    var made = ReadComprehension(at, key, value, isSet: false);
                    cursor.Expect("}");
                    return made;
                }

                entries.Add((key, value));
            }

            if (!cursor.Skip(","))
            {
                break;
            }
        }

        cursor.Expect("}");
        return new Node.DictOf(at, entries);
    }

    private Node ReadSet(At at, Node first)
    {
        if (cursor.Now.IsName("for"))
        {
            var made = ReadComprehension(at, null, first, isSet: true);
            cursor.Expect("}");
            return made;
        }

        if (!cursor.Skip(","))
        {
            cursor.Expect("}");
            return new Node.ListOf(at, [first], IsSet: true);
        }

        var rest = (Node.ListOf)ReadList(at, "}", isSet: true);
        return new Node.ListOf(at, [first, .. rest.Items], IsSet: true);
    }

    private Node.Comprehension ReadComprehension(At at, Node? key, Node value, bool isSet)
    {
        List<ForClause> clauses = [];
        while (cursor.Now.IsName("for"))
        {
            var word = cursor.Take().At;
            if (clauses.Count == 2)
            {
                throw word.Fault("A comprehension has at most two 'for'.");
            }

            var names = values.ReadNames();
            names.ForEach(Scope.Assign);
            if (!cursor.SkipWord("in"))
            {
                throw cursor.Unexpected("'in'");
            }

            var source = values.ReadOr();
            List<Node> conditions = [];
            while (cursor.SkipWord("if"))
            {
                conditions.Add(values.ReadOr());
            }

            clauses.Add(new ForClause([.. names.Select(n => n.Text)], source, conditions));
        }

        return new Node.Comprehension(at, key, value, clauses, isSet);
    }
}
