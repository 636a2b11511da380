using System.Text.Json.Nodes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;
using Gatehouse.Store.Events;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Bindings;

/// <summary>Loads what a judgement needs, has it made, and writes down what followed. One query where nothing is bound, two for groups and users, three for policies.</summary>
public sealed partial class PolicyEngine(
    IDbContextFactory<GatehouseDb> databases, PolicyJudge judge, FactsGatherer gatherer, IEventLog events, RepeatedEvents repeated, TimeProvider clock, ILogger<PolicyEngine> logger) : IPolicyEngine
{
    // Asked at every sign-in and every grant, so it is translated once: else building it costs more than the database does.
    private readonly Func<GatehouseDb, Guid, IAsyncEnumerable<Bound>> boundTo = EF.CompileAsyncQuery((GatehouseDb db, Guid targetId) =>
        from binding in db.PolicyBindings.AsNoTracking()
        join policy in db.IdentityPolicies.AsNoTracking() on binding.PolicyId equals policy.Id into policies
        from policy in policies.DefaultIfEmpty()
        join application in db.ProviderApplications.AsNoTracking() on binding.TargetId equals application.Id into applications
        from application in applications.DefaultIfEmpty()
        join flow in db.Flows on binding.TargetId equals flow.Id into flows
        from flow in flows.DefaultIfEmpty()
        join stage in db.FlowStageBindings on binding.TargetId equals stage.Id into stages
        from stage in stages.DefaultIfEmpty()
        join rule in db.RegistrationRules on binding.TargetId equals rule.Id into rules
        from rule in rules.DefaultIfEmpty()
        where binding.TargetId == targetId && binding.IsEnabled
        select new Bound { Binding = binding, Policy = policy, Application = application, Mode = flow.PolicyEngineMode ?? stage.PolicyEngineMode ?? rule.PolicyEngineMode });

    /// <inheritdoc/>
    public Task<PolicyVerdict> JudgeAsync(Guid targetId, PolicySubject subject, CancellationToken cancellationToken) =>
        JudgeAsync(targetId, subject, mayChange: true, cancellationToken);

    /// <summary>What <see cref="JudgeAsync(Guid, PolicySubject, CancellationToken)"/> would say, for who only looks: no password ends by being asked about.</summary>
    public Task<PolicyVerdict> LookAsync(Guid targetId, PolicySubject subject, CancellationToken cancellationToken) =>
        JudgeAsync(targetId, subject, mayChange: false, cancellationToken);

    private async Task<PolicyVerdict> JudgeAsync(Guid targetId, PolicySubject subject, bool mayChange, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var rows = await boundTo(db, targetId).ToListAsync(cancellationToken);
        if (rows.Count == 0)
        {
            return PolicyDecision.Decide("any", [], new PolicyFacts { Person = PersonFacts.Nobody, Clock = clock }, judge).Verdict;
        }

        var bindings = rows.ConvertAll(r => new BoundPolicy(r.Binding, r.Policy));
        var asked = rows[0].Application;
        var facts = await gatherer.GatherAsync(db, subject, bindings, asked, cancellationToken);
        var judgement = PolicyDecision.Decide(asked?.PolicyEngineMode ?? rows[0].Mode ?? "any", bindings, facts, judge);
        Report(judgement, subject, facts.Person);
        if (mayChange && subject.IsProven && judgement.EndsPassword)
        {
            await EndPasswordAsync(db, facts.Person, cancellationToken);
        }

        return judgement.Verdict;
    }

    /// <summary>What one policy alone says: the policy test. Changes nothing.</summary>
    public async Task<PolicyOutcome> TestAsync(IdentityPolicy policy, PolicySubject subject, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var binding = new PolicyBinding { Id = Guid.Empty, TargetId = Guid.Empty, PolicyId = policy.Id, Order = 0 };
        var facts = await gatherer.GatherAsync(db, subject, [new BoundPolicy(binding, policy)], null, cancellationToken);
        return judge.Judge(policy, facts, TimeSpan.FromSeconds(binding.Timeout));
    }

    /// <summary>Judges one person for many applications at once, for lists: three queries, however many there are, and no password ends by it.</summary>
    internal async Task<Dictionary<Guid, PolicyVerdict>> JudgeAllAsync(
        GatehouseDb db, IReadOnlyList<ProviderApplication> applications, PolicySubject subject, CancellationToken cancellationToken)
    {
        var ids = applications.Select(a => a.Id).ToList();
        var rows = await (
            from binding in db.PolicyBindings.AsNoTracking()
            join policy in db.IdentityPolicies.AsNoTracking() on binding.PolicyId equals policy.Id into policies
            from policy in policies.DefaultIfEmpty()
            where ids.Contains(binding.TargetId) && binding.IsEnabled
            select new { binding, policy }).ToListAsync(cancellationToken);
        var bindings = rows.ConvertAll(r => new BoundPolicy(r.binding, r.policy));
        var shared = await gatherer.GatherAsync(db, subject, bindings, null, cancellationToken);
        var verdicts = new Dictionary<Guid, PolicyVerdict>();
        foreach (var application in applications)
        {
            var judgement = PolicyDecision.Decide(
                application.PolicyEngineMode, bindings.Where(b => b.Binding.TargetId == application.Id), FactsGatherer.For(shared, application), judge);
            Report(judgement, subject, shared.Person);
            verdicts[application.Id] = judgement.Verdict;
        }

        return verdicts;
    }

    /// <summary>Writes down which policies could not say, and which want it to be known that they were asked.</summary>
    internal void Report(Judgement judgement, PolicySubject subject, PersonFacts person)
    {
        foreach (var fault in judgement.Faults)
        {
            LogFaulted(fault.Policy.Name, fault.Reason);
            repeated.Enqueue(EventOf(EventActions.PolicyException, fault.Policy, subject, person, new JsonObject { ["message"] = fault.Reason }), "policy " + fault.Policy.Name);
        }

        foreach (var run in judgement.Runs)
        {
            events.Enqueue(EventOf(EventActions.PolicyExecution, run.Policy, subject, person, new JsonObject { ["result"] = new JsonObject { ["passing"] = run.IsPassing } }));
        }
    }

    private async Task EndPasswordAsync(GatehouseDb db, PersonFacts person, CancellationToken cancellationToken)
    {
        if (person.User is { PasswordHash: { } hash } user)
        {
            // Unless it was changed in the meantime. Sessions stand: the person is on the way to a new one.
            await db.Users.Where(u => u.Id == user.Id && u.PasswordHash == hash)
                .ExecuteUpdateAsync(u => u.SetProperty(x => x.PasswordHash, (string?)null).SetProperty(x => x.Version, x => x.Version + 1), cancellationToken);
            LogEnded(user.Id);
        }
    }

    // Queued, never waited for: a judgement may stand inside a transaction, and a flood of sign-ins may cause it.
    private static NewEvent EventOf(string action, IdentityPolicy policy, PolicySubject subject, PersonFacts person, JsonObject context)
    {
        context["policy"] = new JsonObject { ["pk"] = policy.Id.ToString("N"), ["name"] = policy.Name, ["app"] = "authentik_policies", ["model_name"] = "policy" };
        return new NewEvent(action, person.User is { } user ? new EventActor(user.Id, user.Username, user.Email) : null, subject.ClientIp, context);
    }

    [LoggerMessage(EventId = 6401, Level = LogLevel.Warning, Message = "Policy '{Policy}' could not say: {Reason}")]
    private partial void LogFaulted(string policy, string reason);

    [LoggerMessage(EventId = 6402, Level = LogLevel.Information, Message = "The password of user {UserId} has expired by a policy and is unusable")]
    private partial void LogEnded(int userId);

    private sealed class Bound
    {
        public required PolicyBinding Binding { get; init; }

        public IdentityPolicy? Policy { get; init; }

        public ProviderApplication? Application { get; init; }

        public string? Mode { get; init; }
    }
}
