namespace Gatehouse.Model.Expressions;

/// <summary>The arguments of one call, as values.</summary>
internal sealed class Given(At at, string name, List<object?> values, Dictionary<string, object?> named)
{
    /// <summary>How many stand without a name.</summary>
    public int Count => values.Count;

    /// <summary>The only one.</summary>
    public object? One() => values.Count == 1 ? values[0] : throw at.Fault($"{name}() takes one argument; {values.Count} are given.");

    /// <summary>The one at a place.</summary>
    public object? At(int index) => index < values.Count ? values[index] : throw at.Fault($"{name}() needs at least {index + 1} argument(s); {values.Count} are given.");

    /// <summary>The text at a place.</summary>
    public string Text(int index) => At(index) as string ?? throw at.Fault($"Argument {index + 1} of {name}() has to be a text; it is {Meaning.KindOf(At(index))}.");

    /// <summary>The whole number at a place.</summary>
    public long Number(int index) => At(index) switch
    {
        long number => number,
        bool flag => flag ? 1 : 0,
        var other => throw at.Fault($"Argument {index + 1} of {name}() has to be a whole number; it is {Meaning.KindOf(other)}."),
    };

    /// <summary>All without a name.</summary>
    public List<object?> All() => values;

    /// <summary>Takes the one with this name.</summary>
    public bool Named(string wanted, out object? value) => named.Remove(wanted, out value);

    /// <summary>Takes all with names.</summary>
    public Dictionary<string, object?> TakeNamed()
    {
        var taken = new Dictionary<string, object?>(named);
        named.Clear();
        return taken;
    }

    /// <summary>Faults names that nobody took.</summary>
    public void EndNamed()
    {
        if (named.Count > 0)
        {
            throw at.Fault($"{name}() takes no argument named '{named.Keys.First()}'.");
        }
    }
}
