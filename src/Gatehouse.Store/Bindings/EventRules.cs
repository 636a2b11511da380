using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Notifications;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Bindings;

/// <summary>A notification rule with what is bound to it; at least one binding.</summary>
public sealed record BoundRule(NotificationRule Rule, IReadOnlyList<BoundPolicy> Bindings);

/// <summary>Asks the bindings of notification rules about events. One that matches is enough; a rule without bindings matches nothing.</summary>
public sealed class EventRules(PolicyJudge judge, FactsGatherer gatherer, PolicyEngine engine)
{
    /// <summary>The rules to which something is bound.</summary>
    public static async Task<IReadOnlyList<BoundRule>> ReadAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var rows = await (
            from rule in db.NotificationRules.AsNoTracking()
            join binding in db.PolicyBindings.AsNoTracking() on rule.Id equals binding.TargetId
            join policy in db.IdentityPolicies.AsNoTracking() on binding.PolicyId equals policy.Id into policies
            from policy in policies.DefaultIfEmpty()
            where binding.IsEnabled
            select new { rule, binding, policy }).ToListAsync(cancellationToken);
        return [.. rows.GroupBy(r => r.rule.Id).Select(g => new BoundRule(g.First().rule, [.. g.Select(r => new BoundPolicy(r.binding, r.policy))]))];
    }

    /// <summary>Those of <paramref name="rules"/> that <paramref name="happened"/> fires. Groups and users are matched with whoever caused it.</summary>
    public async Task<IReadOnlyList<NotificationRule>> FiringAsync(GatehouseDb db, IReadOnlyList<BoundRule> rules, Event happened, CancellationToken cancellationToken)
    {
        var facts = EventFacts.Of(happened);
        var bindings = rules.SelectMany(r => r.Bindings).ToList();

        // A rule whose policy faults would cause the next event by being asked about this one.
        if (bindings.Count == 0 || (EventFacts.PolicyOf(facts) is { } policy && bindings.Exists(b => b.Policy?.Id == policy)))
        {
            return [];
        }

        // Matchers look at nothing but the event: most events cost no query.
        var isAboutPeople = bindings.Exists(b => b.Policy is not { Kind: PolicyKind.EventMatcher });
        var subject = new PolicySubject(
            isAboutPeople ? happened.UserId ?? 0 : 0, happened.ClientIp, new Dictionary<string, object> { [EventFacts.Name] = facts });
        var gathered = await gatherer.GatherAsync(db, subject, bindings, null, cancellationToken);
        List<NotificationRule> firing = [];
        foreach (var rule in rules)
        {
            var judgement = PolicyDecision.Decide("any", rule.Bindings, gathered, judge);
            engine.Report(judgement, subject, gathered.Person);
            if (judgement.Verdict.IsPassing)
            {
                firing.Add(rule.Rule);
            }
        }

        return firing;
    }
}
