using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Queues;

/// <summary>Rows that nobody waits for, on their way to the database. Bounded: a flood costs rows, not memory.</summary>
internal sealed class RowQueue<T>
    where T : class
{
    /// <summary>How many may wait.</summary>
    internal const int Size = 4096;

    private readonly IDbContextFactory<GatehouseDb> databases;
    private readonly Channel<T> queue;
    private long dropped;

    /// <summary>Runs after rows were written; null means nobody waits for them.</summary>
    public Action? Written { get; init; }

    /// <summary>Opens the queue.</summary>
    public RowQueue(IDbContextFactory<GatehouseDb> databases)
    {
        this.databases = databases;

        // Full means that a flood is on: the oldest say how it began, so the newest go.
        queue = Channel.CreateBounded<T>(
            new BoundedChannelOptions(Size) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true },
            _ => Interlocked.Increment(ref dropped));
    }

    /// <summary>What waits to be written.</summary>
    public ChannelReader<T> Waiting => queue.Reader;

    /// <summary>Queues a row; dropped, and counted, when there is no room.</summary>
    public void Enqueue(T row)
    {
        if (!queue.Writer.TryWrite(row))
        {
            Interlocked.Increment(ref dropped); // closed: the process is on its way out
        }
    }

    /// <summary>Writes all in one transaction, past the queue.</summary>
    public async Task WriteAsync(IReadOnlyList<T> batch, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        db.Set<T>().AddRange(batch);
        await db.SaveChangesAsync(cancellationToken);
        Written?.Invoke();
    }

    /// <summary>How many were dropped since this was last asked.</summary>
    public long TakeDropped() => Interlocked.Exchange(ref dropped, 0);

    /// <summary>No more is taken; what waits can still be read.</summary>
    public void Close() => queue.Writer.TryComplete();
}
