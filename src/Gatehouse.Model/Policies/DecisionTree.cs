namespace Gatehouse.Model.Policies;

/// <summary>Why a decision came out as it did: every policy that was looked at, with every rule of it.</summary>
/// <param name="Outcome">The verdict in one sentence, for an administrator.</param>
/// <param name="NearestMiss">What would have had to be different, for the allow policy that failed by the fewest rules; null when admitted or when there is none.</param>
/// <param name="Policies">In the order in which they were judged, up to and including the one that decided.</param>
public sealed record DecisionTree(string Outcome, string? NearestMiss, IReadOnlyList<PolicyReason> Policies);

/// <summary>What one policy said.</summary>
/// <param name="Matched">Whether it matched, and so decided.</param>
public sealed record PolicyReason(
    Guid Id,
    string Name,
    string Action,
    bool Matched,
    string Why,
    IReadOnlyList<RuleReason> Include,
    IReadOnlyList<RuleReason> Exclude,
    IReadOnlyList<RuleReason> Require);

/// <summary>What one rule said: the selector as JSON, whether it was met, and what was found.</summary>
public sealed record RuleReason(string Rule, bool Met, string Found);
