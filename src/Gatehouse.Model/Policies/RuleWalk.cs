namespace Gatehouse.Model.Policies;

/// <summary>Walks through rules and the groups they name.</summary>
public static class RuleWalk
{
    /// <summary>The rule, and those of the groups it names at any depth.</summary>
    public static IEnumerable<Rule> All(Rule rule, RuleScope scope) => All(rule, scope, []);

    /// <summary>Whether <paramref name="holds"/> for the rule, or for one of a group that it names at any depth.</summary>
    public static bool Any(Rule rule, RuleScope scope, Func<Rule, bool> holds) => All(rule, scope).Any(r => r is not Rule.Group && holds(r));

    // Each group once: those that share groups would take exponential time.
    private static IEnumerable<Rule> All(Rule rule, RuleScope scope, HashSet<Guid> seen)
    {
        yield return rule;
        if (rule is not Rule.Group named || !seen.Add(named.Id) || !scope.Groups.TryGetValue(named.Id, out var group))
        {
            yield break;
        }

        foreach (var inner in group.Rules.SelectMany(r => All(r, scope, seen)))
        {
            yield return inner;
        }
    }
}
