using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Users;

/// <summary>Takes from a user what sign-ins gave: sessions end, grants and with them every code and token are revoked.</summary>
internal sealed class EndUserSessions(GatehouseDb db, TimeProvider clock)
{
    /// <summary>Prepares the change; it is saved together with its cause, so neither stands without the other.</summary>
    public Task PrepareAsync(int userId, CancellationToken cancellationToken) => PrepareAsync(userId, null, cancellationToken);

    /// <summary>The same, but the session <paramref name="kept"/> and what was granted in it stay.</summary>
    public async Task PrepareAsync(int userId, Guid? kept, CancellationToken cancellationToken)
    {
        var sessions = await db.AuthenticatedSessions.Where(s => s.UserId == userId).ToListAsync(cancellationToken);
        var stays = sessions.Find(s => s.Uuid == kept)?.Id;
        db.AuthenticatedSessions.RemoveRange(sessions.Where(s => s.Id != stays));
        foreach (var grant in await db.Grants.Where(g => g.UserId == userId && g.RevokedAt == null).ToListAsync(cancellationToken))
        {
            if (stays is null || grant.SessionId != stays)
            {
                grant.RevokedAt = clock.GetUtcNow();
            }
        }
    }
}
