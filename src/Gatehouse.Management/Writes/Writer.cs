using Gatehouse.Store;
using Gatehouse.Store.Snapshots;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Writes;

/// <summary>Runs one administrative write: prepare, check, save, bring the tables up to date.</summary>
internal sealed class Writer(GatehouseDb db, ChangeFeed feed, WriteGate gate)
{
    // Sign-ins and sign-ups change the same rows without taking the turn.
    private const int Attempts = 3;

    /// <summary>
    /// Saves what <paramref name="prepare"/> changed when it answers <see cref="WriteResult{T}.Done"/>. When somebody else changed the same
    /// rows or took the same name meanwhile, it is prepared anew from what is stored now.
    /// </summary>
    public async Task<WriteResult<T>> RunAsync<T>(string topic, Func<Task<WriteResult<T>>> prepare, CancellationToken cancellationToken)
    {
        await using var turn = await gate.EnterAsync(db, cancellationToken);
        if (turn is null)
        {
            return new WriteResult<T>.Stale();
        }

        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            db.ChangeTracker.Clear();
            var result = await prepare();
            if (result is not WriteResult<T>.Done)
            {
                return result;
            }

            try
            {
                await feed.SaveAsync(db, topic, cancellationToken);
                return result;
            }
            catch (DbUpdateConcurrencyException)
            {
            }
            catch (DbUpdateException fault) when (UniqueViolation.Is(fault))
            {
            }
        }

        return new WriteResult<T>.Stale();
    }
}
