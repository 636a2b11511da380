namespace Gatehouse.Model.Expressions;

/// <summary>The kinds of token there are.</summary>
internal enum TokenKind
{
    Name,
    Number,
    Text,
    Format,
    Sign,
    NewLine,
    Indent,
    Dedent,
    End,
}

/// <summary>A token. For a text the characters it stands for; for a format string its body as written.</summary>
/// <param name="IsRaw">A format string whose backslashes stand for themselves.</param>
internal readonly record struct Token(TokenKind Kind, string Text, At At, bool IsRaw = false)
{
    /// <summary>Whether it is this sign.</summary>
    public bool IsSign(string sign) => Kind == TokenKind.Sign && Text == sign;

    /// <summary>Whether it is this word.</summary>
    public bool IsName(string name) => Kind == TokenKind.Name && Text == name;

    /// <summary>As a fault calls it.</summary>
    public string Shown => Kind switch
    {
        TokenKind.NewLine => "the end of the line",
        TokenKind.Indent => "a deeper indentation",
        TokenKind.Dedent => "a shallower indentation",
        TokenKind.End => "the end of the expression",
        TokenKind.Text or TokenKind.Format => "a text",
        _ => $"'{Text}'",
    };
}
