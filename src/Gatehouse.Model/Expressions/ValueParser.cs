using System.Globalization;

namespace Gatehouse.Model.Expressions;

/// <summary>Reads values: operators, from the loosest to the tightest.</summary>
internal sealed class ValueParser
{
    // Chains are kept flat or short, so that running them never nests deeper than reading did.
    private const int LongestChain = 12;

    private readonly Cursor cursor;
    private readonly Scope scope;
    private readonly AtomParser atoms;

    public ValueParser(Cursor cursor, Scope scope)
    {
        this.cursor = cursor;
        this.scope = scope;
        atoms = new AtomParser(cursor, scope, this);
    }

    /// <summary>A value; several with commas between them are a list.</summary>
    public Node ReadWithCommas()
    {
        var first = Read();
        if (!cursor.Now.IsSign(","))
        {
            return first;
        }

        List<Node> items = [first];
        while (cursor.Skip(",") && AtomParser.CanBegin(cursor.Now))
        {
            items.Add(Read());
        }

        return new Node.ListOf(first.At, items);
    }

    /// <summary><c>a</c>, or <c>a, b</c>, with or without round brackets: the names a loop assigns.</summary>
    public List<Token> ReadNames()
    {
        var isBracketed = cursor.Skip("(");
        List<Token> names = [];
        do
        {
            names.Add(cursor.Now.Kind == TokenKind.Name ? cursor.Take() : throw cursor.Unexpected("a name"));
        }
        while (cursor.Skip(","));

        if (isBracketed)
        {
            cursor.Expect(")");
        }

        return names;
    }

    /// <summary>One value.</summary>
    public Node Read() => cursor.Deeper(() =>
    {
        var value = ReadOr();
        if (!cursor.Now.IsName("if"))
        {
            return value;
        }

        cursor.Take();
        var test = ReadOr();
        return cursor.SkipWord("else")
            ? new Node.Choice(value.At, test, value, Read())
            : throw cursor.Unexpected("'else': a value that depends needs both, 'a if test else b'");
    });

    /// <summary>One value without <c>if</c>, as a comprehension's source and conditions are.</summary>
    public Node ReadOr() => ReadLogic("or", isAnd: false, () => ReadLogic("and", isAnd: true, ReadNot));

    private Node ReadLogic(string word, bool isAnd, Func<Node> inner)
    {
        List<Node> parts = [inner()];
        while (cursor.Now.IsName(word))
        {
            cursor.Take();
            parts.Add(inner());
        }

        return parts.Count == 1 ? parts[0] : new Node.Logic(parts[0].At, isAnd, parts);
    }

    private Node ReadNot()
    {
        if (!cursor.Now.IsName("not"))
        {
            return ReadComparison();
        }

        var at = cursor.Take().At;
        return cursor.Deeper<Node>(() => new Node.Not(at, ReadNot()));
    }

    private Node ReadComparison()
    {
        var first = ReadSum();
        List<(string, Node)> rest = [];
        while (ReadComparisonSign() is { } sign)
        {
            rest.Add((sign, ReadSum()));
        }

        return rest.Count == 0 ? first : new Node.Comparison(first.At, first, rest);
    }

    private string? ReadComparisonSign()
    {
        var now = cursor.Now;
        if (now.Kind == TokenKind.Sign && now.Text is "==" or "!=" or "<" or "<=" or ">" or ">=")
        {
            return cursor.Take().Text;
        }

        if (now.IsName("in"))
        {
            cursor.Take();
            return "in";
        }

        if (now.IsName("not") && cursor.Next.IsName("in"))
        {
            cursor.Take();
            cursor.Take();
            return "not in";
        }

        if (!now.IsName("is"))
        {
            return null;
        }

        cursor.Take();
        return cursor.SkipWord("not") ? "is not" : "is";
    }

    private Node ReadSum() => ReadArithmetic(() => ReadArithmetic(ReadSigned, "*", "/", "//", "%"), "+", "-", "|");

    private Node ReadArithmetic(Func<Node> inner, params string[] signs)
    {
        var first = inner();
        List<(string, At, Node)> rest = [];
        while (cursor.Now.Kind == TokenKind.Sign && signs.Contains(cursor.Now.Text))
        {
            var sign = cursor.Take();
            rest.Add((sign.Text, sign.At, inner()));
        }

        if (cursor.Now.Kind == TokenKind.Sign && Refusals.Signs.TryGetValue(cursor.Now.Text, out var instead))
        {
            throw cursor.Now.At.Fault(instead);
        }

        return rest.Count == 0 ? first : new Node.Arithmetic(first.At, first, rest);
    }

    private Node ReadSigned()
    {
        if (!cursor.Now.IsSign("-") && !cursor.Now.IsSign("+"))
        {
            return ReadPostfix();
        }

        var sign = cursor.Take();
        return cursor.Deeper(() => sign.Text == "-" ? new Node.Negate(sign.At, ReadSigned()) : ReadSigned());
    }

    private Node ReadPostfix()
    {
        var (value, shape) = atoms.Read();
        for (var length = 0; cursor.Now.IsSign(".") || cursor.Now.IsSign("[") || cursor.Now.IsSign("("); length++)
        {
            if (length == LongestChain)
            {
                throw cursor.Now.At.Fault("This chain of dots and brackets is too long; keep a part of it under a name of its own.");
            }

            (value, shape) = cursor.Now.Text switch
            {
                "." => ReadMember(value, shape),
                "[" => (ReadItem(value), null),
                _ => throw cursor.Now.At.Fault("Only functions and methods can be called, by their name."),
            };
        }

        return value;
    }

    private (Node Value, string? Shape) ReadMember(Node target, string? shape)
    {
        var dot = cursor.Take().At;
        var name = cursor.Now.Kind == TokenKind.Name ? cursor.Take() : throw cursor.Unexpected("the name of an attribute");
        if (name.Text.StartsWith('_'))
        {
            throw name.At.Fault("Names that begin with an underscore are not available.");
        }

        if (cursor.Now.IsSign("("))
        {
            return Methods.Known.Contains(name.Text)
                ? (new Node.MethodCall(dot, target, name.Text, atoms.ReadArguments()), null)
                : throw name.At.Fault(name.Text == "format"
                    ? "Use a format string, such as f\"{user.username}\"."
                    : $"There is no method '{name.Text}'. Known: {string.Join(", ", Methods.Known.Order(StringComparer.Ordinal))}.");
        }

        if (!Shapes.IsOne(shape))
        {
            return (new Node.Member(dot, target, name.Text), null);
        }

        return Shapes.TryMember(shape!, name.Text, out var inner) // IsOne: not null
            ? (new Node.Member(dot, target, name.Text), inner)
            : throw name.At.Fault($"There is no attribute '{name.Text}': {Shapes.Known(shape!)}.");
    }

    private Node ReadItem(Node target)
    {
        var at = cursor.Take().At;
        var from = cursor.Now.IsSign(":") ? null : Read();
        if (!cursor.Skip(":"))
        {
            cursor.Expect("]");
            return new Node.Item(at, target, from!); // no colon: it was read
        }

        var to = cursor.Now.IsSign("]") ? null : Read();
        cursor.Expect("]");
        return new Node.Slice(at, target, from, to);
    }

    /// <summary>A number as written.</summary>
    public static Node.Constant Number(Token token)
    {
        if (long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var whole))
        {
            return new Node.Constant(token.At, whole);
        }

        return double.TryParse(token.Text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real)
            ? new Node.Constant(token.At, real)
            : throw token.At.Fault("This number is too large or not well written.");
    }
}
