using System.Collections.Concurrent;
using Gatehouse.Model.Audit;

namespace Gatehouse.Tests.Fakes;

/// <summary>Keeps decisions in memory.</summary>
internal sealed class FakeAudit : IAuditSink
{
    private readonly ConcurrentQueue<DecisionRecord> records = new();
    private readonly ConcurrentQueue<DecisionRecord> queued = new();

    /// <summary>Those that were waited for.</summary>
    public IReadOnlyList<DecisionRecord> Records => [.. records];

    /// <summary>Those that were queued.</summary>
    public IReadOnlyList<DecisionRecord> Queued => [.. queued];

    /// <inheritdoc/>
    public Task RecordAsync(DecisionRecord record, CancellationToken cancellationToken)
    {
        records.Enqueue(record);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Enqueue(DecisionRecord record) => queued.Enqueue(record);
}
