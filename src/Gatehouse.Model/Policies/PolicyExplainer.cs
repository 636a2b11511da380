using System.Collections.Immutable;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Model.Policies;

/// <summary>Says why a decision came out as it did. Judges by <see cref="PolicyEvaluator"/> and then puts into words what each rule found.</summary>
public static class PolicyExplainer
{
    /// <summary>The reasons of the decision about a request of <paramref name="visitor"/>. Pure.</summary>
    public static DecisionTree Explain(AppEntry app, Visitor visitor)
    {
        // Decided before anyone looks who they are, so it is told without that too.
        var anyone = visitor with { Identity = null };
        var early = PolicyEvaluator.BeforeSignIn(app, anyone);
        if (early.By is { } by)
        {
            return new DecisionTree(Admitted(by), null, Reasons(app, anyone, app.BeforeSignIn, by));
        }

        var before = Reasons(app, anyone, app.BeforeSignIn, null);
        return visitor.Identity is null
            ? new DecisionTree(Unidentified(app), NearMiss.Of(app, anyone, app.BeforeSignIn), before)
            : AfterSignIn(app, visitor, before);
    }

    /// <summary>The reasons of the decision about a sign-in of <paramref name="visitor"/>: only the policies about people count there. Pure.</summary>
    public static DecisionTree ExplainLogin(AppEntry app, Visitor visitor) =>
        visitor.Identity is { } who && !app.Takes(who.LoginMethodId)
            ? new DecisionTree("Refused: the application does not take the login method they signed in with.", null, [])
            : AfterSignIn(app, visitor, []);

    private static DecisionTree AfterSignIn(AppEntry app, Visitor visitor, IReadOnlyList<PolicyReason> before)
    {
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
        Rules(app, visitor, policy.Include, doubt: policy.Action == PolicyAction.Deny),
        Rules(app, visitor, policy.Exclude, doubt: policy.Action != PolicyAction.Deny),
        Rules(app, visitor, policy.Require, doubt: policy.Action == PolicyAction.Deny));

    private static string Why(AppEntry app, Visitor visitor, CompiledPolicy policy, bool matched)
    {
        if (policy.BrokenBecause is { } fault)
        {
            return "it can't be judged: " + fault;
        }

        return matched ? "it matched" : RuleText.Failing(visitor, policy.Include, policy.Exclude, policy.Require, app.Scope, doubt: policy.Action == PolicyAction.Deny);
    }

    private static ImmutableArray<RuleReason> Rules(AppEntry app, Visitor visitor, ImmutableArray<Rule> rules, bool doubt) =>
        [.. rules.Select(r => new RuleReason(RuleJson.Write(r), RuleEvaluator.Meets(visitor, r, app.Scope, doubt), RuleText.Found(visitor, r, app.Scope)))];
}
