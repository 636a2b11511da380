using Gatehouse.Model.Bindings;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Bindings;

/// <summary>Asks the policies that a new password has to pass.</summary>
public sealed class PasswordRuleBook(IDbContextFactory<GatehouseDb> databases, PolicyJudge judge, FactsGatherer gatherer) : IPasswordRules
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> FaultsAsync(NewPassword wanted, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var named = wanted.PolicyIds.ToList();
        var bound = await (
            from binding in db.PolicyBindings.AsNoTracking()
            join policy in db.IdentityPolicies.AsNoTracking() on binding.PolicyId equals policy.Id
            where binding.IsEnabled && db.Brands.Any(b => b.IsDefault && b.Id == binding.TargetId)
            orderby binding.Order
            select new BoundPolicy(binding, policy)).ToListAsync(cancellationToken);
        var others = await db.IdentityPolicies.AsNoTracking().Where(p => named.Contains(p.Id)).ToListAsync(cancellationToken);
        List<BoundPolicy> all = [.. bound, .. others.Select(p => new BoundPolicy(new PolicyBinding { Id = Guid.Empty, TargetId = Guid.Empty, PolicyId = p.Id, Order = 0 }, p))];
        if (others.Count < named.Distinct().Count())
        {
            return ["A rule for passwords is missing; ask your administrator."];
        }

        if (all.Count == 0)
        {
            return [];
        }

        // Under the field's own name and under "password": policies name the field they look at.
        var context = new Dictionary<string, object> { ["password"] = wanted.Password, ["words"] = wanted.Words };
        foreach (var field in all.Select(b => b.Policy!.Kind is PolicyKind.Password or PolicyKind.UniquePassword ? FieldOf(b.Policy) : null).OfType<string>()) // joined: there is a policy
        {
            context[field] = wanted.Password;
        }

        var facts = await gatherer.GatherAsync(db, new PolicySubject(wanted.UserId ?? 0, null, context), all, null, cancellationToken);
        return await Task.Run(() => Ask(all, facts), cancellationToken); // past passwords cost a hash each
    }

    private List<string> Ask(List<BoundPolicy> all, PolicyFacts facts)
    {
        List<string> faults = [];
        foreach (var bound in all)
        {
            var outcome = judge.Judge(bound.Policy!, facts, TimeSpan.FromSeconds(bound.Binding.Timeout)); // joined: there is a policy
            var isPassing = outcome.Fault is null ? outcome.IsPassing != bound.Binding.IsNegated : bound.Binding.FailureResult;
            if (!isPassing)
            {
                faults.AddRange(outcome.Messages is { Count: > 0 } messages ? messages : ["This password is not allowed here."]);
            }
        }

        return faults;
    }

    private static string FieldOf(IdentityPolicy policy) => PolicySettings.Of(policy) switch
    {
        PolicySettings.Password settings => settings.Field,
        PolicySettings.UniquePassword settings => settings.Field,
        _ => "password",
    };
}
