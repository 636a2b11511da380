namespace Gatehouse.Model.Authenticators.WebAuthn;

/// <summary>Bytes that are not what WebAuthn says they are. Caught where a ceremony is judged; never leaves it.</summary>
public sealed class MalformedException : Exception
{
    /// <summary>Says nothing.</summary>
    public MalformedException()
    {
    }

    /// <summary>Says what is wrong.</summary>
    public MalformedException(string what)
        : base(what)
    {
    }

    /// <summary>Says what is wrong, and how it was found.</summary>
    public MalformedException(string what, Exception cause)
        : base(what, cause)
    {
    }

    /// <summary>What the person may know of it; null means nothing.</summary>
    public string? Advice { get; init; }
}
