namespace Gatehouse.Model.Expressions;

/// <summary>Reads statements.</summary>
internal sealed class StatementParser(Cursor cursor, ValueParser values)
{
    private int loops;

    /// <summary>Reads all of them.</summary>
    public IReadOnlyList<Statement> ReadAll()
    {
        List<Statement> all = [];
        while (cursor.Now.Kind != TokenKind.End)
        {
            if (cursor.Now.Kind == TokenKind.Indent)
            {
                throw cursor.Now.At.Fault("This line is indented, but no block begins before it.");
            }

            ReadInto(all);
        }

        return all;
    }

    private void ReadInto(List<Statement> block)
    {
        var first = cursor.Now;
        if (first.IsName("if"))
        {
            block.Add(cursor.Deeper(ReadIf));
        }
        else if (first.IsName("for"))
        {
            block.Add(cursor.Deeper(ReadFor));
        }
        else
        {
            ReadLine(block);
        }
    }

    // One or more small statements, up to the end of the line.
    private void ReadLine(List<Statement> block)
    {
        do
        {
            if (cursor.Now.Kind == TokenKind.NewLine)
            {
                break; // a semicolon at the end
            }

            block.Add(ReadSmall());
        }
        while (cursor.Skip(";"));

        if (cursor.Now.Kind == TokenKind.NewLine)
        {
            cursor.Take();
        }
        else if (cursor.Now.Kind is not TokenKind.End and not TokenKind.Dedent)
        {
            throw cursor.Unexpected("the end of the line");
        }
    }

    private Statement ReadSmall()
    {
        var first = cursor.Now;
        if (first.Kind == TokenKind.Name)
        {
            if (Refusals.Words.TryGetValue(first.Text, out var instead))
            {
                throw first.At.Fault(instead);
            }

            switch (first.Text)
            {
                case "return":
                    cursor.Take();
                    return new Statement.Return(first.At, IsLineEnd() ? null : values.ReadWithCommas());
                case "pass":
                    cursor.Take();
                    return new Statement.Pass(first.At);
                case "break" or "continue":
                    return ReadJump();
                case "elif" or "else":
                    throw first.At.Fault($"There is no if for this '{first.Text}' at this indentation.");
            }
        }

        return ReadAssignment(first);
    }

    private bool IsLineEnd() => cursor.Now.Kind is TokenKind.NewLine or TokenKind.End or TokenKind.Dedent || cursor.Now.IsSign(";");

    private Statement ReadJump()
    {
        var word = cursor.Take();
        return loops == 0 ? throw word.At.Fault($"'{word.Text}' stands outside a loop.")
            : word.Text == "break" ? new Statement.Break(word.At)
            : new Statement.Continue(word.At);
    }

    private Statement ReadAssignment(Token first)
    {
        // A name that is assigned need not be known: it is looked at before it is read as a value.
        if (first.Kind == TokenKind.Name && (cursor.Next.IsSign("=") || cursor.Next.IsSign(",")) && !IsWord(first.Text) && TryReadTargets(out var targets))
        {
            var value = values.ReadWithCommas();
            targets.ForEach(Scope.Assign);
            return new Statement.Assign(first.At, [.. targets.Select(t => t.Text)], value);
        }

        var target = values.ReadWithCommas();
        var sign = cursor.Now;
        if (sign.Kind != TokenKind.Sign || !sign.Text.EndsWith('=') || sign.Text is "==" or "!=" or "<=" or ">=")
        {
            return new Statement.Evaluate(first.At, target);
        }

        cursor.Take();
        var assigned = values.ReadWithCommas();
        return sign.Text switch
        {
            "=" => Store(target, assigned),
            "+=" or "-=" or "*=" or "|=" or "/=" or "//=" or "%=" => Store(target, new Node.Arithmetic(sign.At, target, [(sign.Text[..^1], sign.At, assigned)])),
            _ => throw sign.At.Fault($"'{sign.Text}' is not supported."),
        };
    }

    private static bool IsWord(string text) => text is "True" or "False" or "None" or "not";

    private bool TryReadTargets(out List<Token> targets)
    {
        targets = [];
        for (var ahead = 0; ; ahead += 2)
        {
            var name = cursor.Ahead(ahead);
            var sign = cursor.Ahead(ahead + 1);
            if (name.Kind != TokenKind.Name || !(sign.IsSign(",") || sign.IsSign("=")))
            {
                return false;
            }

            targets.Add(name);
            if (sign.IsSign("="))
            {
                break;
            }
        }

        for (var i = 0; i < targets.Count * 2; i++)
        {
            cursor.Take();
        }

        return true;
    }

    private static Statement Store(Node target, Node value)
    {
        switch (target)
        {
            case Node.Name name:
                Scope.Assign(new Token(TokenKind.Name, name.Id, name.At));
                return new Statement.Assign(target.At, [name.Id], value);
            case Node.Item item:
                return new Statement.AssignItem(target.At, item.Target, item.Key, value);
            case Node.Member:
                throw target.At.Fault("Objects can't be changed. Keep the value under a name of your own, or in a dictionary.");
            default:
                throw target.At.Fault("This can't be assigned to.");
        }
    }

    private Statement ReadIf()
    {
        var at = cursor.Take().At;
        List<(Node, IReadOnlyList<Statement>)> branches = [(values.Read(), ReadBlock())];
        while (cursor.Now.IsName("elif"))
        {
            cursor.Take();
            branches.Add((values.Read(), ReadBlock()));
        }

        return new Statement.If(at, branches, cursor.SkipWord("else") ? ReadBlock() : []);
    }

    private Statement ReadFor()
    {
        var at = cursor.Take().At;
        var names = values.ReadNames();
        if (!cursor.SkipWord("in"))
        {
            throw cursor.Unexpected("'in'");
        }

        var source = values.ReadWithCommas();
        names.ForEach(Scope.Assign);
        loops++;
        var body = ReadBlock();
        loops--;
        return cursor.Now.IsName("else")
            ? throw cursor.Now.At.Fault("A loop has no else here.")
            : new Statement.For(at, [.. names.Select(n => n.Text)], source, body);
    }

    private List<Statement> ReadBlock()
    {
        cursor.Expect(":");
        List<Statement> block = [];
        if (cursor.Now.Kind != TokenKind.NewLine)
        {
            ReadLine(block);
            return block;
        }

        cursor.Take();
        if (cursor.Now.Kind != TokenKind.Indent)
        {
            throw cursor.Now.At.Fault("Expected an indented line: the block is empty. Write pass if nothing is to be done.");
        }

        cursor.Take();
        while (cursor.Now.Kind is not TokenKind.Dedent and not TokenKind.End)
        {
            ReadInto(block);
        }

        if (cursor.Now.Kind == TokenKind.Dedent)
        {
            cursor.Take();
        }

        return block;
    }
}
