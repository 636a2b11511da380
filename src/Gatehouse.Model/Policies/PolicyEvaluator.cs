using System.Collections.Immutable;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Model.Policies;

/// <summary>A policy ready for evaluation.</summary>
/// <param name="BrokenBecause">Null means sound; otherwise why it can't be judged: it then admits nobody, and a deny refuses everybody.</param>
public sealed record CompiledPolicy(
    Guid Id,
    string Name,
    PolicyAction Action,
    ImmutableArray<Rule> Include,
    ImmutableArray<Rule> Exclude,
    ImmutableArray<Rule> Require,
    TimeSpan? SessionDuration,
    string? BrokenBecause)
{
    /// <summary>Whether it holds a rule that is checked on every request, such as the client address.</summary>
    public bool HasContinuousRules { get; init; }

    /// <summary>Whether whom it admits has to say why.</summary>
    public bool PurposeRequired { get; init; }

    /// <summary>The text above that question; empty means our own.</summary>
    public string PurposePrompt { get; init; } = "";

    /// <summary>Who has to approve; empty means that nobody has to.</summary>
    public ImmutableArray<ApprovalGroup> ApprovalGroups { get; init; } = [];

    /// <summary>The second factor that it asks for; null means none.</summary>
    public MfaDemand? Mfa { get; init; }

    /// <summary>
    /// Until when somebody who enters <paramref name="app"/> now, and passed these things, may be there under it; null means that they may not: they have yet to
    /// say why, to be approved, or to prove themselves by a second factor.
    /// </summary>
    public DateTimeOffset? OpenUntil(Guid app, VisitorIdentity identity, DateTimeOffset now) => OpenUntil(app, identity, now, now);

    /// <summary>The same for somebody who entered at <paramref name="enteredAt"/>. A program entered when it was granted its session, whatever tokens it has got since.</summary>
    public DateTimeOffset? OpenUntil(Guid app, VisitorIdentity identity, DateTimeOffset enteredAt, DateTimeOffset now)
    {
        if (PurposeRequired && Passed.PurposeOf(identity.Passed, Id) is null)
        {
            return null;
        }

        var approved = ApprovalGroups.IsEmpty ? DateTimeOffset.MaxValue : Passed.ApprovedUntil(identity.Passed, app, Id);
        var proved = Mfa is null ? DateTimeOffset.MaxValue : Mfa.OpenUntil(app, identity, identity.GrantedAt ?? enteredAt);
        return approved > now && proved > now ? (approved < proved ? approved : proved) : null;
    }

    /// <summary>
    /// Whether somebody on a way to <paramref name="app"/> that began at <paramref name="begunAt"/> has yet to prove themselves by a second factor. Where each entry
    /// asks, what they proved on an earlier way is over.
    /// </summary>
    public bool AsksFactor(Guid app, VisitorIdentity identity, DateTimeOffset begunAt, DateTimeOffset now) => Mfa is { } demand && !(demand.OpenUntil(app, identity, now, begunAt) > now);
}

/// <summary>What the policies of an app say of a visitor.</summary>
public enum VerdictKind
{
    /// <summary>No policy matched: refused.</summary>
    NoMatch,

    /// <summary>A bypass policy matched.</summary>
    Bypass,

    /// <summary>A service-auth policy matched.</summary>
    NonIdentity,

    /// <summary>An allow policy matched.</summary>
    Allow,

    /// <summary>A deny policy matched.</summary>
    Deny,
}

/// <summary>The outcome, and the policy that gave it.</summary>
public readonly record struct Verdict(VerdictKind Kind, CompiledPolicy? By);

/// <summary>Runs an app's policies in the documented order: bypass and service auth first, then allow and deny; the first match wins.</summary>
public static class PolicyEvaluator
{
    /// <summary>The policies that need nobody to sign in.</summary>
    public static Verdict BeforeSignIn(AppEntry app, Visitor visitor) => First(app.BeforeSignIn, visitor, app.Scope);

    /// <summary>The policies about people. <see cref="VerdictKind.NoMatch"/> when nobody has signed in.</summary>
    public static Verdict AfterSignIn(AppEntry app, Visitor visitor) =>
        visitor.Identity is null ? default : First(app.AfterSignIn, visitor, app.Scope);

    private static Verdict First(ImmutableArray<CompiledPolicy> policies, Visitor visitor, RuleScope scope)
    {
        foreach (var policy in policies)
        {
            if (Matches(policy, visitor, scope))
            {
                return new Verdict(KindOf(policy.Action), policy);
            }
        }

        return default;
    }

    private static bool Matches(CompiledPolicy policy, Visitor visitor, RuleScope scope) =>
        policy.BrokenBecause is null
            ? RuleEvaluator.Meets(visitor, policy.Include, policy.Exclude, policy.Require, scope, doubt: policy.Action == PolicyAction.Deny)
            : policy.Action == PolicyAction.Deny;

    private static VerdictKind KindOf(PolicyAction action) => action switch
    {
        PolicyAction.Allow => VerdictKind.Allow,
        PolicyAction.Bypass => VerdictKind.Bypass,
        PolicyAction.NonIdentity => VerdictKind.NonIdentity,
        _ => VerdictKind.Deny,
    };
}
