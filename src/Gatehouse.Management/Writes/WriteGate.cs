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

    /// <summary>Waits for the turn; disposing ends it.</summary>
    public async Task<IAsyncDisposable> EnterAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        var held = new Turn(this, db is PostgresDb ? db : null);
        try
        {
            await held.LockAsync(cancellationToken);
            return held;
        }
        catch
        {
            turn.Release();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    // SQLite has one process and one writer; PostgreSQL may have many nodes.
    private sealed class Turn(WriteGate gate, GatehouseDb? shared) : IAsyncDisposable
    {
        public async Task LockAsync(CancellationToken cancellationToken)
        {
            if (shared is not null)
            {
                await shared.Database.OpenConnectionAsync(cancellationToken);
                await shared.Database.ExecuteSqlRawAsync(Lock, cancellationToken);
            }
        }

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
