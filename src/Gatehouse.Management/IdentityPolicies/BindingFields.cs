using Gatehouse.Management.Writes;

namespace Gatehouse.Management.IdentityPolicies;

/// <summary>What a caller says about a binding. Absent fields stay as they are.</summary>
internal sealed class BindingFields
{
    public Maybe<Guid> Target { get; init; }

    public Maybe<Guid?> Policy { get; init; }

    public Maybe<Guid?> Group { get; init; }

    public Maybe<int?> User { get; init; }

    public Maybe<int> Order { get; init; }

    public Maybe<bool> IsEnabled { get; init; }

    public Maybe<bool> IsNegated { get; init; }

    public Maybe<int> Timeout { get; init; }

    public Maybe<bool> FailureResult { get; init; }
}

/// <summary>Knows the ids of one kind of thing that bindings can be about.</summary>
internal interface IBindingTarget
{
    /// <summary>Whether <paramref name="id"/> is one.</summary>
    Task<bool> HoldsAsync(Guid id, CancellationToken cancellationToken);
}
