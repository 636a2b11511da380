using Gatehouse.Management.Http;
using Gatehouse.Model.Policies;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Policies;

/// <summary>A policy and how many apps are linked to it.</summary>
internal sealed record PolicyFacts(Policy Policy, int AppCount);

/// <summary>Reads reusable policies.</summary>
internal sealed class PolicyDirectory(GatehouseDb db)
{
    public async Task<PolicyFacts?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        var policy = await db.Policies.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id && p.IsReusable, cancellationToken);
        return policy is null ? null : (await DescribeAsync([policy], cancellationToken))[0];
    }

    public async Task<Slice<PolicyFacts>> ListAsync(Paging paging, CancellationToken cancellationToken)
    {
        var slice = await db.Policies.AsNoTracking().Where(p => p.IsReusable).OrderBy(p => p.CreatedAt).ThenBy(p => p.Id).SliceAsync(paging, cancellationToken);
        return new Slice<PolicyFacts>(await DescribeAsync(slice.Items, cancellationToken), slice.Total);
    }

    private async Task<IReadOnlyList<PolicyFacts>> DescribeAsync(IReadOnlyList<Policy> policies, CancellationToken cancellationToken)
    {
        var ids = policies.Select(p => p.Id).ToList();
        var links = await db.AppPolicies.Where(l => ids.Contains(l.PolicyId)).Select(l => l.PolicyId).ToListAsync(cancellationToken);
        return [.. policies.Select(p => new PolicyFacts(p, links.Count(l => l == p.Id)))];
    }
}
