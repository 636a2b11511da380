using Gatehouse.Management.Http;
using Gatehouse.Model.Policies;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Policies;

/// <summary>Reads rule groups.</summary>
internal sealed class RuleGroupDirectory(GatehouseDb db)
{
    public Task<RuleGroup?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        db.RuleGroups.AsNoTracking().SingleOrDefaultAsync(g => g.Id == id, cancellationToken);

    /// <summary>A page of them; null for <paramref name="name"/> and <paramref name="search"/> means any.</summary>
    public Task<Slice<RuleGroup>> ListAsync(string? name, string? search, Paging paging, CancellationToken cancellationToken)
    {
        var groups = db.RuleGroups.AsNoTracking();
        groups = name is not null ? groups.Where(g => g.Name == name) : groups;
        groups = search is { Length: > 0 } ? groups.Search(search, g => g.Name) : groups;
        return groups.OrderBy(g => g.CreatedAt).ThenBy(g => g.Id).SliceAsync(paging, cancellationToken);
    }
}
