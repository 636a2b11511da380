using Gatehouse.Management.Http;
using Gatehouse.Model.Origins;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Hostnames;

/// <summary>Reads published hostnames.</summary>
internal sealed class HostnameDirectory(GatehouseDb db)
{
    public Task<PublicHostname?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        db.PublicHostnames.AsNoTracking().SingleOrDefaultAsync(h => h.Id == id, cancellationToken);

    /// <summary>A page of them; null for <paramref name="hostname"/> means any.</summary>
    public Task<Slice<PublicHostname>> ListAsync(string? hostname, Paging paging, CancellationToken cancellationToken)
    {
        var hostnames = db.PublicHostnames.AsNoTracking();
        hostnames = hostname is not null ? hostnames.Where(h => h.Hostname == hostname) : hostnames;
        return hostnames.OrderBy(h => h.CreatedAt).ThenBy(h => h.Id).SliceAsync(paging, cancellationToken);
    }
}
