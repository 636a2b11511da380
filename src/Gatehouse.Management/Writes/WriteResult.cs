namespace Gatehouse.Management.Writes;

/// <summary>How a write ended. Everything but <see cref="Done"/> changed nothing.</summary>
internal abstract record WriteResult<T>
{
    private WriteResult()
    {
    }

    /// <summary>Saved, durably, and in force on this node.</summary>
    public sealed record Done(T Value) : WriteResult<T>;

    /// <summary>What was asked for breaks rules; all that were found.</summary>
    public sealed record Refused(IReadOnlyList<Fault> Faults) : WriteResult<T>;

    /// <summary>Something else has that name, domain or id already.</summary>
    public sealed record Taken(Fault Fault) : WriteResult<T>;

    /// <summary>It can't go while something needs it.</summary>
    public sealed record InUse(string Reason) : WriteResult<T>;

    /// <summary>There is no such thing.</summary>
    public sealed record Missing : WriteResult<T>;

    /// <summary>Others kept changing it at the same time.</summary>
    public sealed record Stale : WriteResult<T>;
}

/// <summary>One broken rule. The field is a path with dots; parts that are numbers are places in a list.</summary>
internal sealed record Fault(string Field, string Text);
