using System.Net;

namespace Gatehouse.Model.Expressions;

/// <summary>A known object: attributes by name, and nothing else.</summary>
internal sealed class FactObject(string shape, IReadOnlyDictionary<string, object?> members)
{
    /// <summary>What it is (<see cref="Shapes"/>).</summary>
    public string Shape => shape;

    /// <summary>Its attributes.</summary>
    public IReadOnlyDictionary<string, object?> Members => members;

    /// <summary>Values that methods of it return, by method.</summary>
    public IReadOnlyDictionary<string, Func<object?>> Methods { get; init; } = new Dictionary<string, Func<object?>>();
}

/// <summary>A list of known objects with authentik's way to ask it: <c>.all()</c>, <c>.filter(name="x")</c>.</summary>
internal sealed class FactList(IReadOnlyList<object?> items)
{
    public IReadOnlyList<object?> Items => items;
}

/// <summary>A dictionary, in the order in which entries were added.</summary>
internal sealed class Table : OrderedDictionary<string, object?>
{
    public Table()
        : base(StringComparer.Ordinal)
    {
    }
}

/// <summary>An address or a range of them.</summary>
internal sealed record NetworkValue(IPNetwork Network, bool IsAddress)
{
    public override string ToString() => IsAddress ? Network.BaseAddress.ToString() : Network.ToString();
}
