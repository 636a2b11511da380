namespace Gatehouse.Model.Bindings;

/// <summary>Lets a group, a user or a policy decide about a target: an application, a flow, a stage of a flow, a brand.</summary>
public sealed class PolicyBinding
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Key of the target. No reference: targets are of several kinds, and whoever deletes one deletes its bindings.</summary>
    public required Guid TargetId { get; set; }

    /// <summary>The policy; exactly one of policy, group and user is set. None is when it was deleted: then the binding says no.</summary>
    public Guid? PolicyId { get; set; }

    /// <summary>The group, whose members count, those of groups inside it too.</summary>
    public Guid? GroupId { get; set; }

    /// <summary>The user.</summary>
    public int? UserId { get; set; }

    /// <summary>Lower is asked first.</summary>
    public required int Order { get; set; }

    /// <summary>Whether it is asked at all.</summary>
    public bool IsEnabled { get; set; } = true;

    /// <summary>Whether its result is turned round.</summary>
    public bool IsNegated { get; set; }

    /// <summary>The longest the policy may take, in seconds. 0 to 86400; more than a second counts as one.</summary>
    public int Timeout { get; set; } = 30;

    /// <summary>The result when the policy faults; never turned round.</summary>
    public bool FailureResult { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
