using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Writes;

/// <summary>
/// Lets one administrative write through at a time, on all nodes: rules that span rows (a domain belongs to one app,
/// groups do not contain each other, what is named stays) are checked and saved without anyone in between.
/// </summary>
internal sealed class WriteGate : IDisposable
{
    // Any number that no other program locks in this database: "gatewrit" in ASCII.
    private const string Lock = "SELECT pg_advisory_lock(7449363237792016756)";
    private const string Unlock = "SELECT pg_advisory_unlock(7449363237792016756)";

    private readonly SemaphoreSlim turn = new(1, 1);

    /// <summary>How long to wait for another node.</summary>
    internal TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Waits for the turn; disposing ends it. Null when another node does not give it up in time.</summary>
    public async Task<IAsyncDisposable?> EnterAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        var isLocked = false;
        try
        {
            isLocked = db is not PostgresDb || await TryLockAsync(db, cancellationToken);
            return isLocked ? new Turn(this, db as PostgresDb) : null;
        }
        finally
        {
            if (!isLocked)
            {
                turn.Release();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    private async Task<bool> TryLockAsync(GatehouseDb shared, CancellationToken cancellationToken)
    {
        var usual = shared.Database.GetCommandTimeout();
        var isLocked = false;
        await shared.Database.OpenConnectionAsync(cancellationToken);
        shared.Database.SetCommandTimeout(LongestWait);
        try
        {
            await shared.Database.ExecuteSqlRawAsync(Lock, cancellationToken);
            isLocked = true;
        }
        catch (Exception fault) when (IsTimeout(fault))
        {
            // Told by what is returned.
        }
        finally
        {
            shared.Database.SetCommandTimeout(usual);
            if (!isLocked)
            {
                await shared.Database.CloseConnectionAsync(); // should the lock have come after all, the pool's reset gives it back
            }
        }

        return isLocked;
    }

    // EF wraps what the driver threw.
    private static bool IsTimeout(Exception? fault) => fault is TimeoutException || (fault is not null && IsTimeout(fault.InnerException));

    // SQLite has one process and one writer; PostgreSQL may have many nodes.
    private sealed class Turn(WriteGate gate, GatehouseDb? shared) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                if (shared is not null)
                {
                    await shared.Database.ExecuteSqlRawAsync(Unlock, CancellationToken.None);
                    await shared.Database.CloseConnectionAsync();
                }
            }
            finally
            {
                gate.turn.Release();
            }
        }
    }
}
