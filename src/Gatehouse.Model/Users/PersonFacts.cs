using Gatehouse.Model.Providers;

namespace Gatehouse.Model.Users;

/// <summary>A person as expressions, policies and claims see one.</summary>
/// <param name="User">Null for a visitor whom nobody knows yet.</param>
/// <param name="Uid">The stable subject id; empty for a visitor.</param>
/// <param name="DirectGroups">By name.</param>
/// <param name="AllGroups">Those and all above them, by name.</param>
public sealed record PersonFacts(User? User, string Uid, IReadOnlyList<Group> DirectGroups, IReadOnlyList<Group> AllGroups)
{
    /// <summary>A visitor whom nobody knows yet.</summary>
    public static PersonFacts Nobody { get; } = new(null, "", [], []);

    /// <summary>Rights within applications that they hold, by name; empty when nobody asked for them.</summary>
    public IReadOnlyList<ApplicationEntitlement> Entitlements { get; init; } = [];

    /// <summary>Whether they may do everything.</summary>
    public bool IsSuperuser => AllGroups.Any(g => g.IsSuperuser);

    /// <summary>Whether they are in the group, directly or through one inside it.</summary>
    public bool IsIn(Guid groupId) => AllGroups.Any(g => g.Id == groupId);
}
