using Gatehouse.Management.Http;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.LoginMethods;

/// <summary>Reads login methods.</summary>
internal sealed class LoginMethodDirectory(GatehouseDb db)
{
    public Task<LoginMethod?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        db.LoginMethods.AsNoTracking().SingleOrDefaultAsync(m => m.Id == id, cancellationToken);

    public Task<Slice<LoginMethod>> ListAsync(Paging paging, CancellationToken cancellationToken) =>
        db.LoginMethods.AsNoTracking().OrderBy(m => m.CreatedAt).ThenBy(m => m.Id).SliceAsync(paging, cancellationToken);
}
