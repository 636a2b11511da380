using System.Diagnostics;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Model.Policies.Lint;

/// <summary>What is odd about a policy.</summary>
public enum LintKind
{
    /// <summary>Nobody was found who would meet it.</summary>
    Unsatisfiable,

    /// <summary>Whoever meets it is decided by one before it.</summary>
    Shadowed,

    /// <summary>It lets in anybody at all.</summary>
    WorldOpen,
}

/// <summary>A warning; it refuses nothing.</summary>
/// <param name="Text">A sentence that names the policy.</param>
/// <param name="Witness">A visitor who shows it, or the rules that do.</param>
public sealed record LintWarning(LintKind Kind, Guid PolicyId, string Policy, string Text, string Witness);

/// <summary>Looks for policies that most likely do not do what was meant. Judges made-up visitors by the evaluator itself.</summary>
public static class PolicyLinter
{
    /// <summary>What is odd about the policies of an app. Pure.</summary>
    public static IReadOnlyList<LintWarning> Check(AppEntry app) =>
        [.. app.BeforeSignIn.Concat(app.AfterSignIn).Select(p => Check(app, p)).OfType<LintWarning>()];

    /// <summary>The word for a kind, as programs read it.</summary>
    public static string WordOf(LintKind kind) => kind switch
    {
        LintKind.Unsatisfiable => "unsatisfiable",
        LintKind.Shadowed => "shadowed",
        LintKind.WorldOpen => "world-open",
        _ => throw new UnreachableException($"kind {kind} has no word"),
    };

    private static LintWarning? Check(AppEntry app, CompiledPolicy policy)
    {
        var name = RuleText.NameOf(policy);
        var capital = char.ToUpperInvariant(name[0]) + name[1..];
        if (policy.BrokenBecause is { } fault)
        {
            return Warn(LintKind.Unsatisfiable, $"{capital} can't be judged, so it {(policy.Action == PolicyAction.Deny ? "refuses everybody" : "admits nobody")}.", fault);
        }

        var candidates = Candidates.Of(app, policy);
        if (candidates.Count == 0)
        {
            return Warn(LintKind.Unsatisfiable, $"{capital} is met by nobody: its rules contradict each other.", "include " + Rules(policy.Include) + Also(" require ", policy.Require) + Also(" exclude ", policy.Exclude));
        }

        var first = candidates.Select(c => (Visitor: c, Decided: DecidedBy(app, c))).ToList();
        if (first.TrueForAll(c => !ReferenceEquals(c.Decided, policy)))
        {
            return Warn(LintKind.Shadowed, $"{capital} never decides: {RuleText.NameOf(first[0].Decided!)} comes before it and decides for whoever meets it.", Words(first[0].Visitor)); // somebody decided: they meet this one
        }

        var stranger = Candidates.Stranger(app).Visitor();
        return policy.Action != PolicyAction.Deny && RuleEvaluator.Meets(stranger, policy.Include, policy.Exclude, policy.Require, app.Scope)
            ? Warn(LintKind.WorldOpen, WorldOpen(policy, capital), Words(stranger))
            : null;

        LintWarning Warn(LintKind kind, string text, string witness) => new(kind, policy.Id, policy.Name, text, witness);
    }

    private static string WorldOpen(CompiledPolicy policy, string name) => policy.Action == PolicyAction.Allow
        ? $"{name} admits anybody who can sign in, whoever they are."
        : $"{name} admits the whole world, without a sign-in.";

    private static CompiledPolicy? DecidedBy(AppEntry app, Visitor visitor) =>
        PolicyEvaluator.BeforeSignIn(app, visitor with { Identity = null }).By ?? PolicyEvaluator.AfterSignIn(app, visitor).By;

    private static string Words(Visitor visitor) =>
        $"{visitor.Identity!.Email} from {visitor.Address}" // candidates have an identity
        + (visitor.Country is { } country ? $" in {country}" : "")
        + (visitor.Identity.Amr.Count > 0 ? $", signed in by {string.Join(" and ", visitor.Identity.Amr)}" : "")
        + string.Concat(visitor.Identity.Claims.Select(c => $", {c.Key} {string.Join(" and ", c.Value)}"));

    private static string Rules(IReadOnlyList<Rule> rules) => string.Join(" or ", rules.Take(5).Select(RuleJson.Write));

    private static string Also(string word, IReadOnlyList<Rule> rules) => rules.Count == 0 ? "" : word + string.Join(" and ", rules.Take(5).Select(RuleJson.Write));
}
