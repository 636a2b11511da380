using System.Threading.Channels;
using Gatehouse.Model.Audit;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Audit;

/// <summary>Keeps access decisions, and finds one by the id that a visitor was shown.</summary>
public sealed class DecisionStore : IAuditSink
{
    /// <summary>How many decisions may wait to be written.</summary>
    internal const int QueueSize = 4096;

    private readonly IDbContextFactory<GatehouseDb> databases;
    private readonly Channel<DecisionRecord> queue;
    private long dropped;

    /// <summary>Opens the store.</summary>
    public DecisionStore(IDbContextFactory<GatehouseDb> databases)
    {
        this.databases = databases;

        // Full means that a flood is on: the oldest say how it began, so the newest go.
        queue = Channel.CreateBounded<DecisionRecord>(
            new BoundedChannelOptions(QueueSize) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true },
            _ => Interlocked.Increment(ref dropped));
    }

    /// <summary>What waits to be written.</summary>
    internal ChannelReader<DecisionRecord> Waiting => queue.Reader;

    /// <inheritdoc/>
    public Task RecordAsync(DecisionRecord record, CancellationToken cancellationToken) => WriteAsync([record], cancellationToken);

    /// <inheritdoc/>
    public void Enqueue(DecisionRecord record)
    {
        if (!queue.Writer.TryWrite(record))
        {
            Interlocked.Increment(ref dropped); // closed: the process is on its way out
        }
    }

    /// <summary>The decision of this id, or null when there is none or it was forgotten.</summary>
    public async Task<DecisionRecord?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var key = id.Trim().ToLowerInvariant();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Decisions.AsNoTracking().FirstOrDefaultAsync(d => d.Id == key, cancellationToken);
    }

    /// <summary>Writes all in one transaction.</summary>
    internal async Task WriteAsync(IReadOnlyList<DecisionRecord> batch, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        db.Decisions.AddRange(batch);
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>How many were dropped since this was last asked.</summary>
    internal long TakeDropped() => Interlocked.Exchange(ref dropped, 0);

    /// <summary>No more is taken; what waits can still be read.</summary>
    internal void Close() => queue.Writer.TryComplete();
}
