namespace Gatehouse.Model.Expressions;

/// <summary>The names that may be used at a place: those the surroundings give, and locals assigned before.</summary>
internal sealed class Scope(ExpressionNames given)
{
    private readonly HashSet<string> locals = new(StringComparer.Ordinal);

    /// <summary>What a known name is, for the check of attributes; null when nothing is known.</summary>
    public string? ShapeOf(string name) => locals.Contains(name) ? null : given.Shapes.GetValueOrDefault(name);

    /// <summary>
    /// Makes known what the tokens assign anywhere: a comprehension uses its names before they are read.
    /// One that is used before it has a value is a fault when the expression runs.
    /// </summary>
    public void Declare(IReadOnlyList<Token> tokens)
    {
        var brackets = 0;
        for (var i = 0; i < tokens.Count - 1; i++)
        {
            var next = tokens[i + 1];
            switch (tokens[i])
            {
                case { Kind: TokenKind.Sign, Text: "(" or "[" or "{" }:
                    brackets++;
                    break;
                case { Kind: TokenKind.Sign, Text: ")" or "]" or "}" }:
                    brackets--;
                    break;
                case { Kind: TokenKind.Name, Text: "for" }:
                    DeclareLoop(tokens, i + 1);
                    break;
                case { Kind: TokenKind.Name } name when brackets == 0 && (next.IsSign("=") || next.IsSign(",")):
                    locals.Add(name.Text);
                    break;
            }
        }
    }

    /// <summary>Faults a name that can't be assigned.</summary>
    public static void Assign(Token name)
    {
        Check(name);
        if (Functions.Known.Contains(name.Text) || name.Text is "True" or "False" or "None")
        {
            throw name.At.Fault($"'{name.Text}' has a meaning already; choose another name.");
        }
    }

    private void DeclareLoop(IReadOnlyList<Token> tokens, int from)
    {
        for (var i = from; i < tokens.Count && (tokens[i].Kind == TokenKind.Name || tokens[i].IsSign(",") || tokens[i].IsSign("(") || tokens[i].IsSign(")")) && !tokens[i].IsName("in"); i++)
        {
            if (tokens[i].Kind == TokenKind.Name)
            {
                locals.Add(tokens[i].Text);
            }
        }
    }

    /// <summary>Faults a name that is not known.</summary>
    public void Use(Token name)
    {
        Check(name);
        if (locals.Contains(name.Text) || given.Shapes.ContainsKey(name.Text))
        {
            return;
        }

        if (Refusals.Functions.TryGetValue(name.Text, out var instead))
        {
            throw name.At.Fault($"'{name.Text}' is not available. {instead}");
        }

        throw name.At.Fault(Functions.Known.Contains(name.Text)
            ? $"'{name.Text}' is a function: write {name.Text}(...)."
            : $"'{name.Text}' is not known here. Known: {string.Join(", ", given.Shapes.Keys.Order(StringComparer.Ordinal))}.");
    }

    private static void Check(Token name)
    {
        if (Refusals.Words.TryGetValue(name.Text, out var instead))
        {
            throw name.At.Fault(instead);
        }

        if (name.Text.StartsWith('_') && name.Text != "_")
        {
            throw name.At.Fault("Names that begin with an underscore are not available.");
        }
    }
}
