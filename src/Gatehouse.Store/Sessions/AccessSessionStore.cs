using System.Buffers.Text;
using System.Linq.Expressions;
using System.Security.Cryptography;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store.Snapshots;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Gatehouse.Store.Sessions;

/// <summary>Keeps Access's sessions in the database.</summary>
internal sealed class AccessSessionStore(IDbContextFactory<GatehouseDb> databases, ChangeFeed feed, RevocationReader revocations, TimeProvider clock) : IAccessSessions
{
    private const int NonceBytes = 16;

    /// <inheritdoc/>
    public async Task<AccessSession> StartAsync(NewAccessSession facts, CancellationToken cancellationToken)
    {
        while (true)
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            try
            {
                var user = await FindOrAddUserAsync(db, facts, cancellationToken);
                var session = SessionOf(facts, user);
                db.AccessSessions.Add(session);
                await db.SaveChangesAsync(cancellationToken);
                return session;
            }
            catch (DbUpdateException failure) when (UniqueViolation.Is(failure))
            {
                // Another sign-in of the same address was first to make the user: the next round finds it.
            }
        }
    }

    /// <inheritdoc/>
    public async Task<AccessSession?> StartUnderAsync(string parent, NewAccessSession facts, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // The parent's row is taken for writing: an end that comes at the same time waits, and then finds this session too.
        var living = db.AccessSessions.Where(s => s.Nonce == parent && s.ParentNonce == null && s.RevokedAt == null && s.ExpiresAt > now);
        if (await living.ExecuteUpdateAsync(s => s.SetProperty(x => x.Address, x => x.Address), cancellationToken) != 1)
        {
            return null;
        }

        var user = await db.AccessUsers.SingleOrDefaultAsync(u => u.Email == facts.Email, cancellationToken);
        if (user is null)
        {
            return null; // forgotten meanwhile, and their sessions end with that
        }

        var session = SessionOf(facts, user);
        session.ParentNonce = parent;
        db.AccessSessions.Add(session);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return session;
    }

    /// <inheritdoc/>
    public async Task<AccessSession?> FindAsync(string nonce, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.AccessSessions.AsNoTracking().FirstOrDefaultAsync(s => s.Nonce == nonce && s.RevokedAt == null, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<AccessSession?> FindBegunByAsync(string roundTrip, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.AccessSessions.AsNoTracking().FirstOrDefaultAsync(s => s.BegunBy == roundTrip && s.RevokedAt == null, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task PassAsync(string nonce, string prefix, IReadOnlyList<string> passed, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // Taken for writing before it is read: two tabs may pass two things at once.
        await db.AccessSessions.Where(s => s.Nonce == nonce).ExecuteUpdateAsync(s => s.SetProperty(x => x.Address, x => x.Address), cancellationToken);
        if (await db.AccessSessions.FirstOrDefaultAsync(s => s.Nonce == nonce, cancellationToken) is { } session)
        {
            session.Pass(prefix, passed);
            await db.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task RevokeAsync(string nonce, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // The session first, and by itself: whoever grants something in it has its row, and what they add is there for the second statement.
        var now = clock.GetUtcNow();
        var ended = await EndAsync(db, s => s.Nonce == nonce, now, cancellationToken)
            + await EndAsync(db, s => s.ParentNonce == nonce, now, cancellationToken)
            + await EndAsync(
                db,
                s => s.ParentNonce != null
                    && db.AccessSessions.Any(p => p.Nonce == nonce && p.ParentNonce == null && p.UserId == s.UserId)
                    && !db.AccessSessions.Any(p => p.Nonce == s.ParentNonce && p.ExpiresAt > now),
                now,
                cancellationToken);
        await TellAsync(db, transaction, ended, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task ReplaceAsync(string nonce, string successor, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var ended = await EndAsync(db, s => s.Nonce == nonce, now, cancellationToken);

        // Taken for writing before they are read: a program may pass something at this moment.
        await db.AccessSessions
            .Where(s => s.ParentNonce == nonce && db.AccessSessions.Any(n => n.Nonce == successor && n.UserId == s.UserId && n.LoginMethodId == s.LoginMethodId))
            .ExecuteUpdateAsync(s => s.SetProperty(x => x.ParentNonce, successor), cancellationToken);
        ended += await EndAsync(db, s => s.ParentNonce == nonce, now, cancellationToken);
        if (await db.AccessSessions.AsNoTracking().FirstOrDefaultAsync(s => s.Nonce == successor, cancellationToken) is { } newer)
        {
            (await db.AccessSessions.Where(s => s.ParentNonce == successor).ToListAsync(cancellationToken)).ForEach(s => s.Follow(newer));
            await db.SaveChangesAsync(cancellationToken);
        }

        await TellAsync(db, transaction, ended, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<int?> RevokeOnceAsync(ProviderLogout logout, string id, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        // An expired code may have been burnt and forgotten.
        if (expiresAt <= clock.GetUtcNow())
        {
            return null;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await BurnAsync(db, id, expiresAt, cancellationToken))
        {
            return null;
        }

        var now = clock.GetUtcNow();
        var ended = await EndAsync(db, Meant(logout), now, cancellationToken)
            + await EndAsync(db, s => s.ParentNonce != null && db.AccessSessions.Any(p => p.Nonce == s.ParentNonce && p.RevokedAt == now), now, cancellationToken);
        return await TellAsync(db, transaction, ended, cancellationToken);
    }

    private static Expression<Func<AccessSession, bool>> Meant(ProviderLogout logout)
    {
        var (method, subject, name) = logout;
        return name is null
            ? s => s.LoginMethodId == method && s.Subject == subject
            : subject is null
            ? s => s.LoginMethodId == method && s.ProviderSession == name
            : s => s.LoginMethodId == method && s.Subject == subject && (s.ProviderSession == name || s.ProviderSession == "");
    }

    private static Task<int> EndAsync(GatehouseDb db, Expression<Func<AccessSession, bool>> which, DateTimeOffset now, CancellationToken cancellationToken) => db.AccessSessions
        .Where(which).Where(s => s.RevokedAt == null)
        .ExecuteUpdateAsync(s => s.SetProperty(x => x.RevokedAt, now), cancellationToken);

    // Commits.
    private async Task<int> TellAsync(GatehouseDb db, IDbContextTransaction transaction, int ended, CancellationToken cancellationToken)
    {
        if (ended > 0)
        {
            await feed.SaveAsync(db, Topic.Revocations, cancellationToken);
            return ended;
        }

        // Ended before, perhaps on another node a moment ago: this node must know it as well before we return.
        await transaction.CommitAsync(cancellationToken);
        await revocations.ReloadAsync(cancellationToken);
        return 0;
    }

    /// <inheritdoc/>
    public async Task<bool> TryBurnAsync(string id, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        // An expired code may have been burnt and forgotten.
        if (expiresAt <= clock.GetUtcNow())
        {
            return false;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await BurnAsync(db, id, expiresAt, cancellationToken);
    }

    private static async Task<bool> BurnAsync(GatehouseDb db, string id, DateTimeOffset expiresAt, CancellationToken cancellationToken) =>
        await db.Database.ExecuteSqlAsync(
            $"""INSERT INTO burnt_codes ("Id", "ExpiresAt") VALUES ({id}, {expiresAt.ToUnixTimeMilliseconds()}) ON CONFLICT DO NOTHING""", cancellationToken) == 1;

    private async Task<AccessUser> FindOrAddUserAsync(GatehouseDb db, NewAccessSession facts, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var user = await db.AccessUsers.FirstOrDefaultAsync(u => u.Email == facts.Email, cancellationToken);
        if (user is null)
        {
            user = new AccessUser { Id = Guid.CreateVersion7(now), Email = facts.Email, CreatedAt = now };
            db.AccessUsers.Add(user);
        }

        user.LastLoginAt = now;
        user.HasSeat = true;
        user.Name = facts.Name.Length > 0 ? facts.Name : user.Name;
        return user;
    }

    private AccessSession SessionOf(NewAccessSession facts, AccessUser user)
    {
        var now = clock.GetUtcNow();
        return new AccessSession
        {
            Nonce = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(NonceBytes)),
            UserId = user.Id,
            Email = facts.Email,
            Name = facts.Name,
            Subject = facts.Subject,
            ProviderSession = facts.ProviderSession,
            LoginMethodId = facts.LoginMethodId,
            ClaimsJson = facts.ClaimsJson,
            GroupsJson = facts.GroupsJson,
            Amr = [.. facts.Amr],
            Passed = [.. facts.Passed],
            BegunBy = facts.BegunBy,
            Address = facts.Address,
            AuthenticatedAt = facts.AuthenticatedAt,
            CreatedAt = now,
            ExpiresAt = now + facts.Duration,

            // A token may be issued in the last second of the session.
            ForgetAt = now + facts.Duration + facts.LongestToken,
        };
    }
}
