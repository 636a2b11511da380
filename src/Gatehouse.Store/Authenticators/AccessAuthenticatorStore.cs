using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Policies;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Authenticators;

/// <summary>Keeps the authenticators that people enrolled at Access in the database.</summary>
internal sealed class AccessAuthenticatorStore(IDbContextFactory<GatehouseDb> databases, TimeProvider clock) : IAccessAuthenticators
{
    private const double SecondsAfterFirst = 1;
    private static readonly TimeSpan Meanwhile = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AccessAuthenticator>> ListAsync(Guid userId, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return [.. (await AccessAuthenticatorRows.ListAsync(db, userId, cancellationToken)).OrderByDescending(a => a.LastUsedAt ?? a.CreatedAt).ThenBy(a => a.Id)];
    }

    /// <inheritdoc/>
    public async Task<bool> TryAddAsync(AccessAuthenticator made, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        if (!await HoldAsync(db, made.UserId, cancellationToken)
            || (made is AccessCredential && await db.AccessCredentials.CountAsync(c => c.UserId == made.UserId, cancellationToken) >= IAccessAuthenticators.Most))
        {
            return false;
        }

        db.Add(made);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException fault) when (UniqueViolation.Is(fault))
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async Task<AccessAuthenticator?> RemoveAsync(Guid userId, Guid id, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var removed = await HoldAsync(db, userId, cancellationToken) ? await AccessAuthenticatorRows.FindAsync(db, userId, id, cancellationToken) : null;
        if (removed is null)
        {
            return null;
        }

        db.Remove(removed);
        await AccessAuthenticatorRows.ForgetAsync(db, removed, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return removed;
    }

    /// <inheritdoc/>
    public async Task<TimeSpan?> BeginTryAsync(AccessTotp app, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (app.NextTryAt > now)
        {
            return app.NextTryAt - now;
        }

        var (seen, failures) = (app.Failures, app.Failures + 1);
        var next = now + GuessWait.After(failures, SecondsAfterFirst);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.AccessTotps.Where(a => a.Id == app.Id && a.Failures == seen && a.NextTryAt <= now).ExecuteUpdateAsync(
            a => a.SetProperty(x => x.Failures, failures).SetProperty(x => x.NextTryAt, next), cancellationToken) == 1
            ? null
            : Meanwhile;
    }

    /// <inheritdoc/>
    public async Task<bool> TryBurnAsync(AccessTotp app, long step, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.AccessTotps.Where(a => a.Id == app.Id && a.LastStep < step).ExecuteUpdateAsync(
            a => a.SetProperty(x => x.LastStep, step).SetProperty(x => x.LastUsedAt, now).SetProperty(x => x.Failures, 0).SetProperty(x => x.NextTryAt, DateTimeOffset.UnixEpoch),
            cancellationToken) == 1;
    }

    /// <inheritdoc/>
    public async Task<bool> TryMoveAsync(AccessCredential credential, uint count, bool isBackedUp, CancellationToken cancellationToken)
    {
        var (now, read, signed) = (clock.GetUtcNow(), credential.SignCount, (long)count);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.AccessCredentials.Where(c => c.Id == credential.Id && c.SignCount == read).ExecuteUpdateAsync(
            c => c.SetProperty(x => x.SignCount, signed).SetProperty(x => x.IsBackedUp, isBackedUp).SetProperty(x => x.LastUsedAt, now), cancellationToken) == 1;
    }

    /// <inheritdoc/>
    public async Task<bool> RememberAsync(RememberedProof proof, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await HoldAsync(db, proof.UserId, cancellationToken) || await AccessAuthenticatorRows.FindAsync(db, proof.UserId, proof.AuthenticatorId, cancellationToken) is null)
        {
            return false;
        }

        var same = db.RememberedProofs.Where(p => p.DeviceHash == proof.DeviceHash && p.UserId == proof.UserId && p.Method == proof.Method);
        var (by, at) = (proof.AuthenticatorId, proof.At);
        if (await same.ExecuteUpdateAsync(p => p.SetProperty(x => x.AuthenticatorId, by).SetProperty(x => x.At, at), cancellationToken) == 0)
        {
            db.RememberedProofs.Add(proof);
            await db.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RememberedProof>> RecallAsync(Guid userId, string deviceHash, CancellationToken cancellationToken)
    {
        var oldest = clock.GetUtcNow() - MfaDemand.Longest;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.RememberedProofs.AsNoTracking()
            .Where(p => p.UserId == userId && p.DeviceHash == deviceHash && p.At > oldest)
            .Where(p => db.AccessTotps.Any(a => a.Id == p.AuthenticatorId) || db.AccessCredentials.Any(a => a.Id == p.AuthenticatorId))
            .ToListAsync(cancellationToken);
    }

    // Taken for writing: what is changed of one person's at once is changed one after the other. False when they are gone.
    private static async Task<bool> HoldAsync(GatehouseDb db, Guid userId, CancellationToken cancellationToken) =>
        await db.AccessUsers.Where(u => u.Id == userId).ExecuteUpdateAsync(u => u.SetProperty(x => x.Email, x => x.Email), cancellationToken) == 1;
}
