using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Model.Bindings;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.IdentityPolicies;

/// <summary>A policy, and how many bindings name it.</summary>
internal sealed record PolicyFactsRow(IdentityPolicy Policy, int Bindings);

/// <summary>Which policies a list holds; null means any.</summary>
internal sealed class IdentityPolicyFilter
{
    public PolicyKind? Kind { get; init; }

    public string? Name { get; init; }

    public bool? IsUnbound { get; init; }

    public bool? LogsRuns { get; init; }

    public Guid? Id { get; init; }

    public string? Search { get; init; }

    /// <summary>What their settings have to be; each setting is there.</summary>
    public Func<JsonObject, bool>? Settings { get; init; }
}

/// <summary>Reads policies of Identity.</summary>
internal sealed class IdentityPolicyDirectory(GatehouseDb db)
{
    public async Task<PolicyFactsRow?> FindAsync(Guid id, PolicyKind? kind, CancellationToken cancellationToken)
    {
        var policy = await db.IdentityPolicies.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id && (kind == null || p.Kind == kind), cancellationToken);
        return policy is null ? null : (await DescribeAsync([policy], cancellationToken))[0];
    }

    public async Task<Slice<PolicyFactsRow>> ListAsync(
        IdentityPolicyFilter filter, Func<IQueryable<IdentityPolicy>, IQueryable<IdentityPolicy>> order, Paging paging, CancellationToken cancellationToken)
    {
        var policies = db.IdentityPolicies.AsNoTracking();
        policies = filter.Kind is { } kind ? policies.Where(p => p.Kind == kind) : policies;
        policies = filter.Name is { } name ? policies.Where(p => p.Name == name) : policies;
        policies = filter.LogsRuns is { } logs ? policies.Where(p => p.LogsRuns == logs) : policies;
        policies = filter.IsUnbound is { } isUnbound ? policies.Where(p => db.PolicyBindings.Any(b => b.PolicyId == p.Id) != isUnbound) : policies;
        policies = filter.Id is { } id ? policies.Where(p => p.Id == id) : policies;
        policies = filter.Search is { Length: > 0 } text ? policies.Search(text, p => p.Name) : policies;
        if (filter.Settings is { } fits)
        {
            // Settings are JSON, and policies few: those that fit are named to the database.
            var fitting = (await policies.ToListAsync(cancellationToken)).Where(p => fits((JsonObject)JsonNode.Parse(p.SettingsJson)!)).Select(p => p.Id).ToList(); // written here
            policies = policies.Where(p => fitting.Contains(p.Id));
        }

        var slice = await order(policies).SliceAsync(paging, cancellationToken);
        return new Slice<PolicyFactsRow>(await DescribeAsync(slice.Items, cancellationToken), slice.Total);
    }

    /// <summary>With the number of bindings of each.</summary>
    public async Task<IReadOnlyList<PolicyFactsRow>> DescribeAsync(IReadOnlyList<IdentityPolicy> policies, CancellationToken cancellationToken)
    {
        var ids = policies.Select(p => (Guid?)p.Id).ToList();
        var counts = await db.PolicyBindings.Where(b => ids.Contains(b.PolicyId)).GroupBy(b => b.PolicyId)
            .Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key!.Value, g => g.Count, cancellationToken); // among ids: not null
        return [.. policies.Select(p => new PolicyFactsRow(p, counts.GetValueOrDefault(p.Id)))];
    }
}
