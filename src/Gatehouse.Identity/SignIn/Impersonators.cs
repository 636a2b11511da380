using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn;

/// <summary>Who may go on acting as somebody else: rights that are taken away end what was begun with them.</summary>
internal sealed class Impersonators(ISnapshot<SystemSettings> settings)
{
    /// <summary>Whether <paramref name="impersonatorId"/> still may; null acts as nobody else.</summary>
    public async Task<bool> MayAsync(GatehouseDb db, int? impersonatorId, CancellationToken cancellationToken) =>
        impersonatorId is not { } id
        || (settings.Current.AllowsImpersonation && await db.Users.AnyAsync(u => u.Id == id && u.IsActive, cancellationToken) && await new Superusers(db).HoldAsync(id, cancellationToken));
}
