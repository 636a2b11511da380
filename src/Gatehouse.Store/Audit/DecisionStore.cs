using Gatehouse.Model.Audit;
using Gatehouse.Store.Queues;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Audit;

/// <summary>Keeps access decisions, and finds one by the id that a visitor was shown.</summary>
public sealed class DecisionStore : IAuditSink
{
    private readonly IDbContextFactory<GatehouseDb> databases;
    private readonly RowQueue<DecisionRecord> rows;

    /// <summary>Opens the store over the queue that its rows go through.</summary>
    internal DecisionStore(IDbContextFactory<GatehouseDb> databases, RowQueue<DecisionRecord> rows)
    {
        this.databases = databases;
        this.rows = rows;
    }

    /// <inheritdoc/>
    public Task RecordAsync(DecisionRecord record, CancellationToken cancellationToken) => rows.WriteAsync([record], cancellationToken);

    /// <inheritdoc/>
    public void Enqueue(DecisionRecord record) => rows.Enqueue(record);

    /// <summary>The decision of this id, or null when there is none or it was forgotten.</summary>
    public async Task<DecisionRecord?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var key = id.Trim().ToLowerInvariant();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Decisions.AsNoTracking().FirstOrDefaultAsync(d => d.Id == key, cancellationToken);
    }
}
