using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.LoginMethods;

/// <summary>Ends what a login method has said of people.</summary>
internal static class MethodSessions
{
    /// <summary>Ends all sessions made with it, in the open transaction.</summary>
    public static Task EndAsync(GatehouseDb db, Guid id, DateTimeOffset now, CancellationToken cancellationToken) =>
        db.AccessSessions.Where(s => s.LoginMethodId == id && s.RevokedAt == null)
            .ExecuteUpdateAsync(s => s.SetProperty(x => x.RevokedAt, now), cancellationToken);
}
