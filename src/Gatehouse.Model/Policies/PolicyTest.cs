namespace Gatehouse.Model.Policies;

/// <summary>What policies would say of all known people, worked out once and kept for a day.</summary>
public sealed class PolicyTest
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>One entry per person.</summary>
    public required List<TestedPerson> People { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it may be forgotten.</summary>
    public DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>What came out for one person.</summary>
/// <param name="Status"><c>approved</c>, <c>blocked</c> or <c>error</c>.</param>
public sealed record TestedPerson(Guid Id, string Email, string Name, string Status);
