using Gatehouse.Management.Http;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.IdentityPolicies;

/// <summary>A binding with what it names.</summary>
internal sealed record BindingFacts(PolicyBinding Binding, PolicyFactsRow? Policy, Group? Group, User? User);

/// <summary>Which bindings a list holds; null means any.</summary>
internal sealed class BindingFilter
{
    public IReadOnlyList<Guid> Targets { get; init; } = [];

    public Guid? Policy { get; init; }

    public bool? HasNoPolicy { get; init; }

    public bool? IsEnabled { get; init; }

    public int? Order { get; init; }

    public int? Timeout { get; init; }
}

/// <summary>Reads bindings.</summary>
internal sealed class PolicyBindingDirectory(GatehouseDb db, IdentityPolicyDirectory policies)
{
    public async Task<BindingFacts?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        var binding = await db.PolicyBindings.AsNoTracking().SingleOrDefaultAsync(b => b.Id == id, cancellationToken);
        return binding is null ? null : (await DescribeAsync([binding], cancellationToken))[0];
    }

    public async Task<Slice<BindingFacts>> ListAsync(
        BindingFilter filter, Func<IQueryable<PolicyBinding>, IQueryable<PolicyBinding>> order, Paging paging, CancellationToken cancellationToken)
    {
        var bindings = db.PolicyBindings.AsNoTracking();
        bindings = filter.Targets.Count > 0 ? bindings.Where(b => filter.Targets.Contains(b.TargetId)) : bindings;
        bindings = filter.Policy is { } policy ? bindings.Where(b => b.PolicyId == policy) : bindings;
        bindings = filter.HasNoPolicy is { } hasNone ? bindings.Where(b => (b.PolicyId == null) == hasNone) : bindings;
        bindings = filter.IsEnabled is { } isEnabled ? bindings.Where(b => b.IsEnabled == isEnabled) : bindings;
        bindings = filter.Order is { } place ? bindings.Where(b => b.Order == place) : bindings;
        bindings = filter.Timeout is { } timeout ? bindings.Where(b => b.Timeout == timeout) : bindings;
        var slice = await order(bindings).SliceAsync(paging, cancellationToken);
        return new Slice<BindingFacts>(await DescribeAsync(slice.Items, cancellationToken), slice.Total);
    }

    private async Task<IReadOnlyList<BindingFacts>> DescribeAsync(IReadOnlyList<PolicyBinding> bindings, CancellationToken cancellationToken)
    {
        var policyIds = bindings.Select(b => b.PolicyId).OfType<Guid>().ToList();
        var groupIds = bindings.Select(b => b.GroupId).OfType<Guid>().ToList();
        var userIds = bindings.Select(b => b.UserId).OfType<int>().ToList();
        var found = await policies.DescribeAsync(await db.IdentityPolicies.AsNoTracking().Where(p => policyIds.Contains(p.Id)).ToListAsync(cancellationToken), cancellationToken);
        var groups = await db.Groups.AsNoTracking().Where(g => groupIds.Contains(g.Id)).ToListAsync(cancellationToken);
        var users = await db.Users.AsNoTracking().Where(u => userIds.Contains(u.Id)).ToListAsync(cancellationToken);
        return
        [
            .. bindings.Select(b => new BindingFacts(
                b, found.FirstOrDefault(p => p.Policy.Id == b.PolicyId), groups.Find(g => g.Id == b.GroupId), users.Find(u => u.Id == b.UserId))),
        ];
    }
}
