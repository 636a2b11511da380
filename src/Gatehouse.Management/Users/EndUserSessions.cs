using Gatehouse.Store;
using Gatehouse.Store.Sessions;

namespace Gatehouse.Management.Users;

/// <summary>Takes from a user what sign-ins gave: sessions end, grants and with them every code and token are revoked, clients are told.</summary>
internal sealed class EndUserSessions(GatehouseDb db, TimeProvider clock)
{
    /// <summary>Prepares the change; it is saved together with its cause, so neither stands without the other.</summary>
    public Task PrepareAsync(int userId, CancellationToken cancellationToken) => PrepareAsync(userId, null, cancellationToken);

    /// <summary>The same, but the session <paramref name="kept"/> and what was granted in it stay.</summary>
    public Task PrepareAsync(int userId, Guid? kept, CancellationToken cancellationToken) =>
        SessionEnd.PrepareForUserAsync(db, userId, kept, clock.GetUtcNow(), cancellationToken);
}
