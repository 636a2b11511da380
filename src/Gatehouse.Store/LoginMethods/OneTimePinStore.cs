using System.Security.Cryptography;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Store.Connections;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.LoginMethods;

/// <summary>Keeps codes that were sent by mail in the database.</summary>
internal sealed class OneTimePinStore(IDbContextFactory<GatehouseDb> databases, TimeProvider clock) : IOneTimePins
{
    // The row that guesses at codes count on which were never sent. Ids of codes are 22 characters.
    private const string Decoy = "-";

    private static readonly TimeSpan Window = TimeSpan.FromHours(1);
    private static readonly TimeSpan DecoyLife = TimeSpan.FromDays(36_500);

    /// <inheritdoc/>
    public async Task<bool> TryAddAsync(OneTimePin pin, CancellationToken cancellationToken)
    {
        var since = clock.GetUtcNow() - Window;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);

        // Looked at first without the lock that all writers share: who asks in vain must not keep others waiting.
        if (await IsFullAsync(db, pin, since, cancellationToken))
        {
            return false;
        }

        // Alone, so that two at once can't both be the last that is allowed.
        await using var transaction = await Transactions.BeginAloneAsync(db, cancellationToken);
        if (await IsFullAsync(db, pin, since, cancellationToken))
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

        // Each guess is written down, also one at a code that does not exist: the same statements, and as many commits.
        var isThere = await Open(db, id, now).AnyAsync(cancellationToken);
        var counted = isThere ? id : Decoy;

        // The guess is counted before anybody looks whether it was right: no number of guesses at once buys one more.
        var isCounted = await (isThere ? Open(db, id, now) : db.OneTimePins.Where(p => p.Id == Decoy))
            .ExecuteUpdateAsync(p => p.SetProperty(x => x.Guesses, x => x.Guesses + 1), cancellationToken) == 1;
        if (!isThere && !isCounted)
        {
            await LayDecoyAsync(db, now, cancellationToken);
        }

        var pin = await db.OneTimePins.AsNoTracking().SingleOrDefaultAsync(p => p.Id == counted, cancellationToken);
        if (!CryptographicOperations.FixedTimeEquals(pin?.Hash ?? [], hash) || !isThere || !isCounted)
        {
            return PinAnswer.Wrong;
        }

        return await db.OneTimePins.Where(p => p.Id == id && p.UsedAt == null).ExecuteUpdateAsync(p => p.SetProperty(x => x.UsedAt, now), cancellationToken) == 1
            ? PinAnswer.Right
            : PinAnswer.Used;
    }

    private static IQueryable<OneTimePin> Open(GatehouseDb db, string id, DateTimeOffset now) =>
        db.OneTimePins.Where(p => p.Id == id && p.Id != Decoy && p.Guesses < IOneTimePins.MostGuesses && p.ExpiresAt > now);

    private static async Task<bool> IsFullAsync(GatehouseDb db, OneTimePin pin, DateTimeOffset since, CancellationToken cancellationToken)
    {
        // As many as there may be at most, so they are counted here.
        var networks = await db.OneTimePins.Where(p => p.Email == pin.Email && p.CreatedAt > since).Select(p => p.Network).ToListAsync(cancellationToken);
        return networks.Count >= IOneTimePins.MostPerAddress
            || networks.Count(n => n == pin.Network) >= IOneTimePins.MostPerAddressAndNetwork
            || await db.OneTimePins.CountAsync(p => p.Network == pin.Network && p.CreatedAt > since, cancellationToken) >= IOneTimePins.MostPerNetwork;
    }

    // Its hash is no code's: SHA-256 gives 32 bytes.
    private static Task<int> LayDecoyAsync(GatehouseDb db, DateTimeOffset now, CancellationToken cancellationToken) => db.Database.ExecuteSqlAsync(
        $"""
        INSERT INTO one_time_pins ("Id", "Email", "Network", "Hash", "Guesses", "CreatedAt", "ExpiresAt")
        VALUES ({Decoy}, '', '', {Array.Empty<byte>()}, 0, {now.ToUnixTimeMilliseconds()}, {(now + DecoyLife).ToUnixTimeMilliseconds()}) ON CONFLICT DO NOTHING
        """,
        cancellationToken);
}
