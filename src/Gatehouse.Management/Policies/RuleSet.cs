using Gatehouse.Model.Policies;

namespace Gatehouse.Management.Policies;

/// <summary>The three blocks of rules that policies and groups are made of.</summary>
internal sealed record RuleSet(List<Rule> Include, List<Rule> Exclude, List<Rule> Require)
{
    /// <summary>The rules with the block each stands in.</summary>
    public IEnumerable<(string Block, Rule Rule)> All =>
        Include.Select(r => ("include", r)).Concat(Exclude.Select(r => ("exclude", r))).Concat(Require.Select(r => ("require", r)));

    /// <summary>A rule that stands twice in one block; null when none does.</summary>
    public (string Block, Rule Rule)? Repeated => All.GroupBy(r => r).Where(g => g.Skip(1).Any()).Select(g => ((string, Rule)?)g.Key).FirstOrDefault();

    public static RuleSet Of(Policy policy) => new(policy.Include, policy.Exclude, policy.Require);

    public static RuleSet Of(RuleGroup group) => new(group.Include, group.Exclude, group.Require);
}
