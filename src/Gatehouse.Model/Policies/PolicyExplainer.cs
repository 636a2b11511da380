using System.Collections.Immutable;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Model.Policies;

/// <summary>Says why a decision came out as it did. Judges by <see cref="PolicyEvaluator"/> and then puts into words what each rule found.</summary>
public static class PolicyExplainer
{
    /// <summary>The reasons of the decision about <paramref name="visitor"/>. Pure.</summary>
    public static DecisionTree Explain(AppEntry app, Visitor visitor)
    {
        var early = PolicyEvaluator.BeforeSignIn(app, visitor);
        if (early.By is { } by)
        {
            return new DecisionTree(Admitted(by), null, Reasons(app, visitor, app.BeforeSignIn, by));
        }

        var before = Reasons(app, visitor, app.BeforeSignIn, null);
        if (visitor.Identity is null)
        {
            return new DecisionTree(Unidentified(app), NearMiss.Of(app, visitor, app.BeforeSignIn), before);
        }

        var verdict = PolicyEvaluator.AfterSignIn(app, visitor);
        IReadOnlyList<PolicyReason> all = [.. before, .. Reasons(app, visitor, app.AfterSignIn, verdict.By)];
        return verdict switch
        {
            { Kind: VerdictKind.Allow, By: { } allowing } => new DecisionTree(Admitted(allowing), null, all),
            { Kind: VerdictKind.Deny, By: { } denying } => new DecisionTree(Refused(denying), NearMiss.Behind(app, visitor, denying), all),
            _ => new DecisionTree(Unmatched(app), NearMiss.Of(app, visitor, app.AfterSignIn), all),
        };
    }

    private static string Admitted(CompiledPolicy by) => $"Admitted by {RuleText.NameOf(by)}.";

    private static string Refused(CompiledPolicy by) =>
        by.BrokenBecause is { } fault
            ? $"Refused by {RuleText.NameOf(by)}, which refuses everybody because it can't be judged: {fault}."
            : $"Refused by {RuleText.NameOf(by)}.";

    private static string Unidentified(AppEntry app) => (app.BeforeSignIn.Length, app.AfterSignIn.Length) switch
    {
        (0, 0) => NoPolicies,
        (_, 0) => "Refused: no policy matched, and none of them is about people who sign in.",
        _ => "Refused: nobody has signed in.",
    };

    private static string Unmatched(AppEntry app) => app.AfterSignIn.Length == 0
        ? (app.BeforeSignIn.Length == 0 ? NoPolicies : "Refused: the application has no policy about people who sign in.")
        : "Refused: no allow policy matched.";

    private const string NoPolicies = "Refused: the application has no policy, so it admits nobody.";

    private static ImmutableArray<PolicyReason> Reasons(AppEntry app, Visitor visitor, ImmutableArray<CompiledPolicy> policies, CompiledPolicy? by)
    {
        var end = by is null ? policies.Length : policies.IndexOf(by) + 1;
        return [.. policies.Take(end).Select(p => Reason(app, visitor, p, ReferenceEquals(p, by)))];
    }

    private static PolicyReason Reason(AppEntry app, Visitor visitor, CompiledPolicy policy, bool matched) => new(
        policy.Id,
        policy.Name,
        RuleText.WordOf(policy.Action),
        matched,
        Why(app, visitor, policy, matched),
        Rules(app, visitor, policy.Include),
        Rules(app, visitor, policy.Exclude),
        Rules(app, visitor, policy.Require));

    private static string Why(AppEntry app, Visitor visitor, CompiledPolicy policy, bool matched)
    {
        if (policy.BrokenBecause is { } fault)
        {
            return "it can't be judged: " + fault;
        }

        return matched ? "it matched" : RuleText.Failing(visitor, policy.Include, policy.Exclude, policy.Require, app.Groups);
    }

    private static ImmutableArray<RuleReason> Rules(AppEntry app, Visitor visitor, ImmutableArray<Rule> rules) =>
        [.. rules.Select(r => new RuleReason(RuleJson.Write(r), RuleEvaluator.Meets(visitor, r, app.Groups), RuleText.Found(visitor, r, app.Groups)))];
}
