using System.Globalization;

namespace Gatehouse.Model.Bindings;

/// <summary>A policy that could not say, and why.</summary>
public sealed record PolicyFault(IdentityPolicy Policy, string Reason);

/// <summary>A policy that was asked and wants that to be an event.</summary>
public sealed record PolicyRun(IdentityPolicy Policy, bool IsPassing);

/// <summary>A verdict with what follows from it.</summary>
public sealed record Judgement(PolicyVerdict Verdict, IReadOnlyList<PolicyFault> Faults, IReadOnlyList<PolicyRun> Runs, bool EndsPassword);

/// <summary>
/// Judges somebody by bindings. Bindings to groups and users make one result together, each policy one of its own; the mode says whether one
/// of the results has to be true, or all. No bindings: everybody may.
/// </summary>
public static class PolicyDecision
{
    /// <summary>Mode in which all results have to be true; every other mode is <c>any</c>.</summary>
    public const string All = "all";

    /// <summary>Judges <paramref name="facts"/>.</summary>
    public static Judgement Decide(string mode, IEnumerable<BoundPolicy> bindings, PolicyFacts facts, PolicyJudge judge)
    {
        var asked = bindings.Where(b => b.Binding.IsEnabled).OrderBy(b => b.Binding.Order).ThenBy(b => b.Binding.Id).ToList();
        if (asked.Count == 0)
        {
            return new Judgement(new PolicyVerdict(true, [], ["no bindings: everybody may"]), [], [], EndsPassword: false);
        }

        var needsAll = mode == All;
        var gathered = new Gathered(needsAll);
        foreach (var bound in asked)
        {
            gathered.Add(bound, facts, judge);
        }

        return gathered.Judge();
    }

    private sealed class Gathered(bool needsAll)
    {
        private readonly List<bool> results = [];
        private readonly List<string> messages = [];
        private readonly List<string> log = [];
        private readonly List<PolicyFault> faults = [];
        private readonly List<PolicyRun> runs = [];
        private bool? direct; // the one result of all groups and users
        private bool endsPassword;
        private bool hasDoubt;

        public void Add(BoundPolicy bound, PolicyFacts facts, PolicyJudge judge)
        {
            var binding = bound.Binding;
            if (binding.PolicyId is not null)
            {
                AddPolicy(bound, facts, judge);
                return;
            }

            if (binding.GroupId is null && binding.UserId is null)
            {
                results.Add(false);
                hasDoubt = true;
                log.Add($"binding {Order(binding)}: what it named was deleted");
                return;
            }

            var isMatching = binding.GroupId is { } group ? facts.Person.IsIn(group) : binding.UserId is { } user && facts.Person.User?.Id == user;
            var result = isMatching != binding.IsNegated;
            direct = direct is not { } earlier ? result : needsAll ? earlier && result : earlier || result;
            log.Add($"binding {Order(binding)}: {(binding.GroupId is null ? "user" : "group")} {(isMatching ? "matches" : "does not match")}{(binding.IsNegated ? ", negated" : "")}");
        }

        public Judgement Judge()
        {
            if (direct is { } result)
            {
                results.Add(result);
            }

            var isPassing = needsAll ? results.TrueForAll(r => r) : results.Exists(r => r);
            log.Add($"mode {(needsAll ? "all" : "any")}: {(isPassing ? "passes" : "fails")}");
            return new Judgement(
                new PolicyVerdict(isPassing, messages, log) { HasFault = hasDoubt },
                faults, runs, endsPassword);
        }

        private void AddPolicy(BoundPolicy bound, PolicyFacts facts, PolicyJudge judge)
        {
            var binding = bound.Binding;
            if (bound.Policy is not { } policy)
            {
                results.Add(binding.FailureResult);
                hasDoubt |= !binding.FailureResult;
                log.Add($"binding {Order(binding)}: its policy is gone");
                return;
            }

            var outcome = judge.Judge(policy, facts, TimeSpan.FromSeconds(binding.Timeout));
            endsPassword |= outcome.EndsPassword;
            messages.AddRange(outcome.Messages);
            log.AddRange(outcome.Log.Select(l => $"{policy.Name}: {l}"));
            var result = outcome.IsPassing != binding.IsNegated;
            if (outcome.Fault is { } fault)
            {
                // Not turned round: a door that a broken policy guards stays as its binding says.
                result = binding.FailureResult;
                faults.Add(new PolicyFault(policy, fault));
                hasDoubt |= !binding.FailureResult;
            }

            if (policy.LogsRuns)
            {
                runs.Add(new PolicyRun(policy, result));
            }

            log.Add($"binding {Order(binding)}: policy '{policy.Name}' {(outcome.Fault is null ? (outcome.IsPassing ? "passes" : "fails") : "faults")}{(binding.IsNegated ? ", negated" : "")}");
            results.Add(result);
        }

        private static string Order(PolicyBinding binding) => binding.Order.ToString(CultureInfo.InvariantCulture);
    }
}
