namespace Gatehouse.Management.Writes;

/// <summary>A field of a request: given, or absent. Null is a value like any other.</summary>
internal readonly record struct Maybe<T>
{
    private readonly T value;

    private Maybe(T value)
    {
        this.value = value;
        IsGiven = true;
    }

    /// <summary>Whether the request held it.</summary>
    public bool IsGiven { get; }

    /// <summary>Wraps a value that was given.</summary>
    public static implicit operator Maybe<T>(T value) => new(value);

    /// <summary>What was given, else <paramref name="other"/>.</summary>
    public T Or(T other) => IsGiven ? value : other;

    /// <summary>Whether it was given, and what.</summary>
    public bool Is(out T given)
    {
        given = value;
        return IsGiven;
    }
}
