namespace Gatehouse.Model.Expressions;

/// <summary>Something that has a value.</summary>
internal abstract record Node(At At)
{
    /// <summary>A value as written.</summary>
    public sealed record Constant(At At, object? Value) : Node(At);

    /// <summary>A name that has a value.</summary>
    public sealed record Name(At At, string Id) : Node(At);

    /// <summary>A list, a tuple or a set: lists all three, a set without doubles.</summary>
    public sealed record ListOf(At At, IReadOnlyList<Node> Items, bool IsSet = false) : Node(At);

    /// <summary><c>*items</c> inside a list.</summary>
    public sealed record Spread(At At, Node Inner) : Node(At);

    /// <summary>A dictionary; an entry without a key is <c>**other</c>.</summary>
    public sealed record DictOf(At At, IReadOnlyList<(Node? Key, Node Value)> Entries) : Node(At);

    /// <summary>A comprehension; with a key it makes a dictionary.</summary>
    public sealed record Comprehension(At At, Node? Key, Node Value, IReadOnlyList<ForClause> Clauses, bool IsSet) : Node(At);

    /// <summary>A minus before a number.</summary>
    public sealed record Negate(At At, Node Inner) : Node(At);

    /// <summary>The opposite of a truth.</summary>
    public sealed record Not(At At, Node Inner) : Node(At);

    /// <summary>A chain of signs of one rank, from left to right.</summary>
    public sealed record Arithmetic(At At, Node First, IReadOnlyList<(string Sign, At At, Node Value)> Rest) : Node(At);

    /// <summary><c>a &lt; b &lt;= c</c>.</summary>
    public sealed record Comparison(At At, Node First, IReadOnlyList<(string Sign, Node Value)> Rest) : Node(At);

    /// <summary><c>and</c> or <c>or</c>: the first part that decides.</summary>
    public sealed record Logic(At At, bool IsAnd, IReadOnlyList<Node> Parts) : Node(At);

    /// <summary><c>a if test else b</c>.</summary>
    public sealed record Choice(At At, Node Test, Node Then, Node Else) : Node(At);

    /// <summary>An attribute of a known object.</summary>
    public sealed record Member(At At, Node Target, string Id) : Node(At);

    /// <summary>An item by its key or place.</summary>
    public sealed record Item(At At, Node Target, Node Key) : Node(At);

    /// <summary>A part of a text or a list.</summary>
    public sealed record Slice(At At, Node Target, Node? From, Node? To) : Node(At);

    /// <summary>A function.</summary>
    public sealed record Call(At At, string Function, Arguments Arguments) : Node(At);

    /// <summary>A method of a value.</summary>
    public sealed record MethodCall(At At, Node Target, string Method, Arguments Arguments) : Node(At);

    /// <summary>A format string: its parts become texts and are joined.</summary>
    public sealed record Format(At At, IReadOnlyList<Node> Parts) : Node(At);
}

/// <summary>What stands between the brackets of a call.</summary>
internal sealed record Arguments(IReadOnlyList<Node> Values, IReadOnlyList<(string Name, Node Value)> Named);

/// <summary><c>for a, b in source if condition</c>.</summary>
internal sealed record ForClause(IReadOnlyList<string> Names, Node Source, IReadOnlyList<Node> Conditions);

/// <summary>Something that is done.</summary>
internal abstract record Statement(At At)
{
    /// <summary><c>name = value</c>, or several names and a list.</summary>
    public sealed record Assign(At At, IReadOnlyList<string> Names, Node Value) : Statement(At);

    /// <summary><c>target[key] = value</c>.</summary>
    public sealed record AssignItem(At At, Node Target, Node Key, Node Value) : Statement(At);

    /// <summary>Ends with a value; null means None.</summary>
    public sealed record Return(At At, Node? Value) : Statement(At);

    /// <summary>The first branch whose test holds.</summary>
    public sealed record If(At At, IReadOnlyList<(Node Test, IReadOnlyList<Statement> Body)> Branches, IReadOnlyList<Statement> Else) : Statement(At);

    /// <summary>Goes over items.</summary>
    public sealed record For(At At, IReadOnlyList<string> Names, Node Source, IReadOnlyList<Statement> Body) : Statement(At);

    /// <summary>A value for what it does.</summary>
    public sealed record Evaluate(At At, Node Value) : Statement(At);

    /// <summary>Nothing.</summary>
    public sealed record Pass(At At) : Statement(At);

    /// <summary>Leaves the loop.</summary>
    public sealed record Break(At At) : Statement(At);

    /// <summary>The next item's turn.</summary>
    public sealed record Continue(At At) : Statement(At);
}
