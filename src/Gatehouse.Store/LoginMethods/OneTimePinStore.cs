using System.Security.Cryptography;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Store.Connections;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.LoginMethods;

/// <summary>Keeps codes that were sent by mail in the database.</summary>
internal sealed class OneTimePinStore(IDbContextFactory<GatehouseDb> databases, TimeProvider clock) : IOneTimePins
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <inheritdoc/>
    public async Task<bool> TryAddAsync(OneTimePin pin, CancellationToken cancellationToken)
    {
        var since = clock.GetUtcNow() - Window;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);

        // Alone, so that two at once can't both be the last that is allowed.
        await using var transaction = await Transactions.BeginAloneAsync(db, cancellationToken);
        if (await db.OneTimePins.CountAsync(p => p.Email == pin.Email && p.CreatedAt > since, cancellationToken) >= IOneTimePins.MostPerAddress
            || await db.OneTimePins.CountAsync(p => p.Network == pin.Network && p.CreatedAt > since, cancellationToken) >= IOneTimePins.MostPerNetwork)
        {
            return false;
        }

        db.OneTimePins.Add(pin);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <inheritdoc/>
    public async Task<PinAnswer> GuessAsync(string id, byte[] hash, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);

        // The guess is counted before anybody looks whether it was right: no number of guesses at once buys one more.
        var counted = await db.OneTimePins
            .Where(p => p.Id == id && p.Guesses < IOneTimePins.MostGuesses && p.ExpiresAt > now)
            .ExecuteUpdateAsync(p => p.SetProperty(x => x.Guesses, x => x.Guesses + 1), cancellationToken);
        if (counted == 0
            || await db.OneTimePins.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, cancellationToken) is not { } pin
            || !CryptographicOperations.FixedTimeEquals(pin.Hash, hash))
        {
            return PinAnswer.Wrong;
        }

        return await db.OneTimePins.Where(p => p.Id == id && p.UsedAt == null).ExecuteUpdateAsync(p => p.SetProperty(x => x.UsedAt, now), cancellationToken) == 1
            ? PinAnswer.Right
            : PinAnswer.Used;
    }
}
