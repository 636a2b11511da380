using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Users;

/// <summary>Takes from a user what sign-ins gave: sessions end, grants and with them every code and token are revoked.</summary>
internal sealed class EndUserSessions(GatehouseDb db, TimeProvider clock)
{
    /// <summary>Prepares the change; it is saved together with its cause, so neither stands without the other.</summary>
    public async Task PrepareAsync(int userId, CancellationToken cancellationToken)
    {
        db.AuthenticatedSessions.RemoveRange(await db.AuthenticatedSessions.Where(s => s.UserId == userId).ToListAsync(cancellationToken));
        foreach (var grant in await db.Grants.Where(g => g.UserId == userId && g.RevokedAt == null).ToListAsync(cancellationToken))
        {
            grant.RevokedAt = clock.GetUtcNow();
        }
    }
}
