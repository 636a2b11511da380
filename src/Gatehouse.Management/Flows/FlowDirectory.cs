using Gatehouse.Management.Http;
using Gatehouse.Model.Flows;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Flows;

/// <summary>Which flows a list holds; null means any.</summary>
internal sealed class FlowFilter
{
    public string? Slug { get; init; }

    public string? Name { get; init; }

    public string? Designation { get; init; }

    public string? DeniedAction { get; init; }

    public Guid? Id { get; init; }

    public string? Search { get; init; }
}

/// <summary>Reads flows with their stages.</summary>
internal sealed class FlowDirectory(GatehouseDb db)
{
    public Task<Flow?> FindAsync(string slug, CancellationToken cancellationToken) => WithStages().SingleOrDefaultAsync(f => f.Slug == slug, cancellationToken);

    public Task<Slice<Flow>> ListAsync(FlowFilter filter, Func<IQueryable<Flow>, IQueryable<Flow>> order, Paging paging, CancellationToken cancellationToken)
    {
        var flows = WithStages();
        flows = filter.Slug is { } slug ? flows.Where(f => f.Slug == slug) : flows;
        flows = filter.Name is { } name ? flows.Where(f => f.Name == name) : flows;
        flows = filter.Designation is { } designation ? flows.Where(f => f.Designation == designation) : flows;
        flows = filter.DeniedAction is { } action ? flows.Where(f => f.DeniedAction == action) : flows;
        flows = filter.Id is { } id ? flows.Where(f => f.Id == id) : flows;
        flows = filter.Search is { Length: > 0 } text ? flows.Search(text, f => f.Name, f => f.Slug, f => f.Designation, f => f.Title) : flows;
        return order(flows).SliceAsync(paging, cancellationToken);
    }

    /// <summary>All flows by id; there are few.</summary>
    public async Task<IReadOnlyDictionary<Guid, Flow>> ByIdAsync(CancellationToken cancellationToken) =>
        await WithStages().ToDictionaryAsync(f => f.Id, cancellationToken);

    private IQueryable<Flow> WithStages() => db.Flows.AsNoTracking().Include(f => f.Bindings).ThenInclude(b => b.Stage);
}
