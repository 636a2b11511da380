using System.Collections.Immutable;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Model.Policies;

/// <summary>Finds what would have had to be different: the policy that failed by the fewest rules.</summary>
internal static class NearMiss
{
    /// <summary>The nearest of the admitting ones among <paramref name="policies"/>; null when there is none that can be judged.</summary>
    public static string? Of(AppEntry app, Visitor visitor, ImmutableArray<CompiledPolicy> policies)
    {
        var nearest = policies
            .Where(p => p.Action != PolicyAction.Deny && p.BrokenBecause is null && p.Include.Length > 0)
            .Select(p => (Policy: p, Unmet: Unmet(app, visitor, p)))
            .OrderBy(c => c.Unmet.Count)
            .FirstOrDefault();
        return nearest.Policy is null ? null : Sentence(app, visitor, nearest.Policy, nearest.Unmet);
    }

    /// <summary>What stands behind the deny policy that refused: an allow policy that would have admitted, or the nearest one.</summary>
    public static string? Behind(AppEntry app, Visitor visitor, CompiledPolicy denying)
    {
        foreach (var policy in app.AfterSignIn)
        {
            if (policy.Action == PolicyAction.Allow && policy.BrokenBecause is null
                && RuleEvaluator.Meets(visitor, policy.Include, policy.Exclude, policy.Require, app.Scope))
            {
                return $"Without {RuleText.NameOf(denying)}, {RuleText.NameOf(policy)} would have admitted them.";
            }
        }

        return Of(app, visitor, app.AfterSignIn);
    }

    // One entry per thing that would have to change; the include rules together are one, since any of them would do.
    private static List<(string Wanted, string Hint)> Unmet(AppEntry app, Visitor visitor, CompiledPolicy policy)
    {
        List<(string, string)> unmet = [];
        if (!policy.Include.Any(r => Meets(r)))
        {
            unmet.Add((
                string.Join(", or ", policy.Include.Take(3).Select(r => RuleText.Wanted(r, true, app.Scope))) + (policy.Include.Length > 3 ? ", or another of its include rules were met" : ""),
                policy.Include.Select(Hint).FirstOrDefault(h => h.Length > 0) ?? ""));
        }

        unmet.AddRange(policy.Require.Where(r => !Meets(r)).Select(r => (RuleText.Wanted(r, true, app.Scope), Hint(r))));
        unmet.AddRange(policy.Exclude.Where(r => RuleEvaluator.Meets(visitor, r, app.Scope, doubt: true)).Select(r => (RuleText.Wanted(r, false, app.Scope), "")));
        return unmet;

        bool Meets(Rule rule) => RuleEvaluator.Meets(visitor, rule, app.Scope);
        string Hint(Rule rule) => visitor.Identity is null ? "" : RuleText.Hint(visitor.Identity, rule);
    }

    private static string Sentence(AppEntry app, Visitor visitor, CompiledPolicy policy, List<(string Wanted, string Hint)> unmet)
    {
        var denied = visitor.Identity is null ? null : app.AfterSignIn.FirstOrDefault(p => ReferenceEquals(p, PolicyEvaluator.AfterSignIn(app, visitor).By));
        var also = denied is null ? "" : $", and {RuleText.NameOf(denied)} did not refuse them";
        return char.ToUpperInvariant(RuleText.NameOf(policy)[0]) + RuleText.NameOf(policy)[1..]
            + " would have admitted them if " + string.Join(", and ", unmet.Select(u => u.Wanted + u.Hint)) + also + ".";
    }
}
