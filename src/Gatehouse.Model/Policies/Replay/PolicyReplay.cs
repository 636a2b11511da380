using Gatehouse.Model.Audit;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Model.Policies.Replay;

/// <summary>Somebody for whom changed policies would decide otherwise.</summary>
/// <param name="Who">Address of a person, else of the client.</param>
/// <param name="IsAllowed">What the changed policies say.</param>
/// <param name="Why">Their outcome in one sentence.</param>
/// <param name="Count">How many recorded decisions it is about.</param>
/// <param name="LastAt">The newest of them.</param>
/// <param name="LastId">Its id.</param>
public sealed record ReplayedChange(string Who, string App, bool IsAllowed, string Why, int Count, DateTimeOffset LastAt, string LastId);

/// <summary>What came of taking recorded decisions again.</summary>
/// <param name="Judged">How many could be.</param>
/// <param name="Skipped">How many kept too little for it, or are about an app that is gone.</param>
public sealed record ReplayReport(int Judged, int Skipped, IReadOnlyList<ReplayedChange> Changes);

/// <summary>Takes recorded decisions again, under the policies in force and under changed ones, and tells the differences. Pure.</summary>
public sealed class PolicyReplay(IReadOnlyDictionary<Guid, AppEntry> now, IReadOnlyDictionary<Guid, AppEntry> changed)
{
    private readonly Dictionary<(string Who, Guid App, bool IsAllowed), ReplayedChange> changes = [];
    private int judged;
    private int skipped;

    /// <summary>Takes one again.</summary>
    public void Add(DecisionRecord record)
    {
        if (record.AppId is not { } app || !now.TryGetValue(app, out var before) || !changed.TryGetValue(app, out var after) || DecisionFacts.VisitorOf(record) is not { } visitor)
        {
            skipped++;
            return;
        }

        judged++;
        var isAllowed = Admits(after, visitor);
        if (Admits(before, visitor) == isAllowed)
        {
            return;
        }

        var who = record.Email ?? record.Address;
        var key = (who, app, isAllowed);
        var known = changes.GetValueOrDefault(key);
        changes[key] = known is null || record.At > known.LastAt
            ? new ReplayedChange(who, after.App.Name, isAllowed, PolicyExplainer.Explain(after, visitor).Outcome, (known?.Count ?? 0) + 1, record.At, record.Id)
            : known with { Count = known.Count + 1 };
    }

    /// <summary>What came out so far.</summary>
    public ReplayReport Report() => new(judged, skipped, [.. changes.Values.OrderBy(c => c.App, StringComparer.Ordinal).ThenBy(c => c.IsAllowed).ThenBy(c => c.Who, StringComparer.Ordinal)]);

    /// <summary>Whether the policies let the visitor in.</summary>
    public static bool Admits(AppEntry app, Visitor visitor) =>
        PolicyEvaluator.BeforeSignIn(app, visitor with { Identity = null }).Kind != VerdictKind.NoMatch
        || (visitor.Identity is { } who && app.Takes(who.LoginMethodId) && PolicyEvaluator.AfterSignIn(app, visitor).Kind == VerdictKind.Allow);
}
