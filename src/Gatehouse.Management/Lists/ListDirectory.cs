using Gatehouse.Management.Http;
using Gatehouse.Model.Policies;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Lists;

/// <summary>Reads lists.</summary>
internal sealed class ListDirectory(GatehouseDb db)
{
    public Task<AccessList?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        db.AccessLists.AsNoTracking().SingleOrDefaultAsync(l => l.Id == id, cancellationToken);

    /// <summary>All of them; null for <paramref name="kind"/> and <paramref name="search"/> means any.</summary>
    public async Task<IReadOnlyList<AccessList>> ListAsync(AccessListKind? kind, string? search, CancellationToken cancellationToken)
    {
        var lists = db.AccessLists.AsNoTracking();
        lists = kind is { } wanted ? lists.Where(l => l.Kind == wanted) : lists;
        lists = search is { Length: > 0 } ? lists.Search(search, l => l.Name, l => l.Description) : lists;
        return await lists.OrderBy(l => l.CreatedAt).ThenBy(l => l.Id).ToListAsync(cancellationToken);
    }
}
