using System.Buffers.Text;
using System.Linq.Expressions;
using System.Security.Cryptography;
using System.Text.Json;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store.Maps;
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
    public async Task<AccessSession?> FindAsync(string nonce, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.AccessSessions.AsNoTracking().FirstOrDefaultAsync(s => s.Nonce == nonce && s.RevokedAt == null, cancellationToken);
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
            session.Passed = [.. session.Passed.Where(p => !p.StartsWith(prefix, StringComparison.Ordinal)), .. passed];
            await db.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task RevokeAsync(string nonce, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await RevokeAsync(db, transaction, s => s.Nonce == nonce || s.Parent == nonce, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task HandOverAsync(string nonce, string heir, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.AccessSessions.Where(s => s.Parent == nonce).ExecuteUpdateAsync(s => s.SetProperty(x => x.Parent, heir), cancellationToken);
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
        return await BurnAsync(db, id, expiresAt, cancellationToken) ? await RevokeAsync(db, transaction, Meant(logout), cancellationToken) : null;
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

    // Commits.
    private async Task<int> RevokeAsync(GatehouseDb db, IDbContextTransaction transaction, Expression<Func<AccessSession, bool>> which, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var ended = await db.AccessSessions
            .Where(which).Where(s => s.RevokedAt == null)
            .ExecuteUpdateAsync(s => s.SetProperty(x => x.RevokedAt, now), cancellationToken);
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
        var claims = facts.Claims.ToDictionary(c => c.Key, c => c.Value.ToList(), StringComparer.Ordinal);
        return new AccessSession
        {
            Nonce = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(NonceBytes)),
            Parent = facts.Parent,
            UserId = user.Id,
            Email = facts.Email,
            Name = facts.Name,
            Subject = facts.Subject,
            ProviderSession = facts.ProviderSession,
            LoginMethodId = facts.LoginMethodId,
            ClaimsJson = JsonSerializer.Serialize(claims, Shapes.Default.DictionaryStringListString),
            GroupsJson = facts.GroupsJson,
            Amr = [.. facts.Amr],
            Passed = [.. facts.Passed],
            Address = facts.Address,
            CreatedAt = now,
            ExpiresAt = now + facts.Duration,

            // A token may be issued in the last second of the session.
            ForgetAt = now + facts.Duration + facts.LongestToken,
        };
    }
}
