using Gatehouse.Management.Writes;

namespace Gatehouse.Management.Groups;

/// <summary>What a caller says about a group of users. Absent fields stay as they are.</summary>
internal sealed class GroupFields
{
    public Maybe<string> Name { get; init; }

    public Maybe<bool> IsSuperuser { get; init; }

    public Maybe<string> AttributesJson { get; init; }

    /// <summary>The groups it is in, all of them.</summary>
    public Maybe<List<Guid>> Parents { get; init; }

    /// <summary>Its direct members, all of them.</summary>
    public Maybe<List<int>> Users { get; init; }
}
