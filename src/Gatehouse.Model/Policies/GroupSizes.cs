namespace Gatehouse.Model.Policies;

/// <summary>
/// How many rules groups come to with those of the groups they name. Each group's own rules are looked at, never what they unfold to: five small
/// groups that name each other many times over come to more than anybody could ever judge.
/// </summary>
public sealed class GroupSizes
{
    /// <summary>How deep groups may be nested.</summary>
    public const int Deepest = 10;

    /// <summary>How many rules a group or a policy may come to.</summary>
    public const int Most = 10_000;

    private readonly IReadOnlyDictionary<Guid, IReadOnlyList<Rule>> groups;
    private readonly Dictionary<Guid, int> sizes = [];
    private readonly List<Guid> order = [];

    /// <summary>Measures groups, given by their rules.</summary>
    public GroupSizes(IReadOnlyDictionary<Guid, IReadOnlyList<Rule>> groups)
    {
        this.groups = groups;

        // From those that name no group upwards. One that contains itself has never its turn.
        for (var depth = 0; depth < Deepest; depth++)
        {
            var next = groups.Where(g => !sizes.ContainsKey(g.Key) && g.Value.OfType<Rule.Group>().All(IsMeasured)).Select(g => (g.Key, Of(g.Value))).ToList();
            foreach (var (id, size) in next)
            {
                sizes.Add(id, size);
                order.Add(id);
            }
        }

        order.AddRange(groups.Keys.Where(id => !sizes.ContainsKey(id)));
    }

    /// <summary>All groups, each after those it names as far as that can be.</summary>
    public IReadOnlyList<Guid> LeavesFirst => order;

    /// <summary>What these rules come to; more than <see cref="Most"/> is not counted on.</summary>
    public int Of(IEnumerable<Rule> rules)
    {
        var size = 0;
        foreach (var rule in rules)
        {
            size += rule is Rule.Group named && groups.ContainsKey(named.Id) ? 1 + sizes.GetValueOrDefault(named.Id, Most) : 1;
            if (size > Most)
            {
                break;
            }
        }

        return Math.Min(size, Most + 1);
    }

    /// <summary>Why a group can't be judged; null when its size does not stand in the way.</summary>
    public string? FaultOf(Guid id) =>
        !sizes.TryGetValue(id, out var size) ? $"is nested over {Deepest} deep or contains itself"
        : size > Most ? $"comes to more than {Most} rules with those of the groups it names"
        : null;

    private bool IsMeasured(Rule.Group named) => sizes.ContainsKey(named.Id) || !groups.ContainsKey(named.Id);
}
