using Gatehouse.Management.Http;
using Gatehouse.Model.Providers;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Providers;

/// <summary>Which scope mappings a list holds; null means any.</summary>
internal sealed class ScopeMappingFilter
{
    public string? Name { get; init; }

    public string? ScopeName { get; init; }

    public IReadOnlyList<string> Managed { get; init; } = [];

    public bool? IsUnmanaged { get; init; }

    public string? Search { get; init; }
}

/// <summary>Reads scope mappings.</summary>
internal sealed class ScopeMappingDirectory(GatehouseDb db)
{
    public Task<ScopeMapping?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        db.ScopeMappings.AsNoTracking().SingleOrDefaultAsync(m => m.Id == id, cancellationToken);

    public Task<Slice<ScopeMapping>> ListAsync(
        ScopeMappingFilter filter, Func<IQueryable<ScopeMapping>, IQueryable<ScopeMapping>> order, Paging paging, CancellationToken cancellationToken)
    {
        var mappings = db.ScopeMappings.AsNoTracking();
        mappings = filter.Name is { } name ? mappings.Where(m => m.Name == name) : mappings;
        mappings = filter.ScopeName is { } scope ? mappings.Where(m => m.ScopeName == scope) : mappings;
        mappings = filter.Managed.Count > 0 ? mappings.Where(m => m.Managed != null && filter.Managed.Contains(m.Managed)) : mappings;
        mappings = filter.IsUnmanaged is { } isUnmanaged ? mappings.Where(m => (m.Managed == null) == isUnmanaged) : mappings;
        mappings = filter.Search is { Length: > 0 } text ? mappings.Search(text, m => m.Name, m => m.ScopeName, m => m.Description) : mappings;
        return order(mappings).SliceAsync(paging, cancellationToken);
    }
}
