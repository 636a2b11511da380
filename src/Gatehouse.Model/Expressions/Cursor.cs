namespace Gatehouse.Model.Expressions;

/// <summary>Where a parser stands in the tokens.</summary>
internal sealed class Cursor(IReadOnlyList<Token> tokens)
{
    private int at;
    private int depth;

    /// <summary>The token it is at.</summary>
    public Token Now => tokens[at];

    /// <summary>The token after that.</summary>
    public Token Next => tokens[Math.Min(at + 1, tokens.Count - 1)];

    /// <summary>The token that many further on.</summary>
    public Token Ahead(int count) => tokens[Math.Min(at + count, tokens.Count - 1)];

    /// <summary>Takes the token.</summary>
    public Token Take() => at < tokens.Count - 1 ? tokens[at++] : tokens[at];

    /// <summary>Takes a sign if it is the next one.</summary>
    public bool Skip(string sign)
    {
        var isThere = Now.IsSign(sign);
        if (isThere)
        {
            Take();
        }

        return isThere;
    }

    /// <summary>Takes a word if it is the next one.</summary>
    public bool SkipWord(string word)
    {
        var isThere = Now.IsName(word);
        if (isThere)
        {
            Take();
        }

        return isThere;
    }

    /// <summary>Takes a sign that has to be there.</summary>
    public void Expect(string sign)
    {
        if (!Skip(sign))
        {
            throw Unexpected($"'{sign}'");
        }
    }

    /// <summary>A fault at this token.</summary>
    public FaultException Unexpected(string expected) =>
        Now.Kind == TokenKind.Sign && Refusals.Signs.TryGetValue(Now.Text, out var instead)
            ? Now.At.Fault(instead)
            : Now.At.Fault($"Expected {expected}, found {Now.Shown}.");

    /// <summary>Reads something nested one deeper.</summary>
    public T Deeper<T>(Func<T> read)
    {
        if (++depth > Limits.Nesting)
        {
            throw Now.At.Fault($"This is nested deeper than {Limits.Nesting} levels.");
        }

        var made = read();
        depth--;
        return made;
    }
}
