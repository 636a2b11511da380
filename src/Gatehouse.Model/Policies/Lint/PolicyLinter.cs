using System.Diagnostics;
using Gatehouse.Model.Apps;
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

    /// <summary>A tunnel publishes names beneath those that the application covers, open to anybody.</summary>
    Uncovered,
}

/// <summary>A warning; it refuses nothing.</summary>
/// <param name="PolicyId">The policy; null when it is about the application itself.</param>
/// <param name="Policy">Its name; null with its id.</param>
/// <param name="Text">A sentence that names the policy or the application.</param>
/// <param name="Witness">A visitor who shows it, or the rules or the host that do.</param>
public sealed record LintWarning(LintKind Kind, Guid? PolicyId, string? Policy, string Text, string Witness);

/// <summary>Looks for policies that most likely do not do what was meant. Judges made-up visitors by the evaluator itself.</summary>
public static class PolicyLinter
{
    /// <summary>What is odd about the policies of an app. Pure.</summary>
    public static IReadOnlyList<LintWarning> Check(AppEntry app) =>
        [.. app.BeforeSignIn.Concat(app.AfterSignIn).Select(p => Check(app, p)).OfType<LintWarning>()];

    /// <summary>What is published beneath the wildcards of an app and covered by no app, with requests like that let through. Pure.</summary>
    public static IEnumerable<LintWarning> CheckWildcards(AppEntry app, AccessTable table)
    {
        foreach (var domain in app.App.Domains)
        {
            if (DomainPattern.TryParse(domain, out var pattern, out _) && pattern.Host.StartsWith("*.", StringComparison.Ordinal))
            {
                var below = "a.b" + pattern.Host[1..].Replace('*', 'c');
                if (table.Origins.Find(below) is { Tunnel: { } tunnel } && !table.Apps.Covers(below) && !table.DeniesUnmatched(below))
                {
                    yield return new LintWarning(
                        LintKind.Uncovered, null, null,
                        $"'{app.App.Name}' covers one label in place of the wildcard of {pattern.Host}, but tunnel '{tunnel.Tunnel.Name}' publishes every name beneath, and what no application covers is let through.", below);
                }
            }
        }
    }

    /// <summary>The word for a kind, as programs read it.</summary>
    public static string WordOf(LintKind kind) => kind switch
    {
        LintKind.Unsatisfiable => "unsatisfiable",
        LintKind.Shadowed => "shadowed",
        LintKind.WorldOpen => "world-open",
        LintKind.Uncovered => "uncovered",
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

        var stranger = Candidates.Stranger(app).Visitor(app);
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
