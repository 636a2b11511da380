using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Policies;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Authenticators;

/// <summary>The authenticators that people enrolled at Access, and what goes with one.</summary>
public static class AccessAuthenticatorRows
{
    /// <summary>All of a person's, not tracked, in no order.</summary>
    public static async Task<List<AccessAuthenticator>> ListAsync(GatehouseDb db, Guid userId, CancellationToken cancellationToken) =>
    [
        .. await db.AccessTotps.AsNoTracking().Where(a => a.UserId == userId).ToListAsync(cancellationToken),
        .. await db.AccessCredentials.AsNoTracking().Where(a => a.UserId == userId).ToListAsync(cancellationToken),
    ];

    /// <summary>One of a person's, not tracked; null when they have no such one.</summary>
    public static async Task<AccessAuthenticator?> FindAsync(GatehouseDb db, Guid userId, Guid id, CancellationToken cancellationToken) =>
        await db.AccessTotps.AsNoTracking().SingleOrDefaultAsync(a => a.Id == id && a.UserId == userId, cancellationToken) as AccessAuthenticator
        ?? await db.AccessCredentials.AsNoTracking().SingleOrDefaultAsync(a => a.Id == id && a.UserId == userId, cancellationToken);

    /// <summary>Forgets what was proved by it, in the caller's transaction: in browsers, and in sessions that go on to other apps. To be saved by the caller.</summary>
    public static async Task ForgetAsync(GatehouseDb db, AccessAuthenticator removed, CancellationToken cancellationToken)
    {
        await db.RememberedProofs.Where(p => p.AuthenticatorId == removed.Id).ExecuteDeleteAsync(cancellationToken);

        // Taken for writing before they are read. A session only knows the kind, so what another of that kind proved goes too: that is asked once more.
        var (begin, own) = (Passed.OfMfa(removed.Method), db.AccessSessions.Where(s => s.UserId == removed.UserId && s.RevokedAt == null));
        await own.ExecuteUpdateAsync(s => s.SetProperty(x => x.Address, x => x.Address), cancellationToken);
        foreach (var session in await own.ToListAsync(cancellationToken))
        {
            if (session.Passed.Exists(p => p.StartsWith(begin, StringComparison.Ordinal)))
            {
                session.Passed = [.. session.Passed.Where(p => !p.StartsWith(begin, StringComparison.Ordinal))];
            }
        }
    }
}
