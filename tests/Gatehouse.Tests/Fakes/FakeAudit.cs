using Gatehouse.Model.Audit;

namespace Gatehouse.Tests.Fakes;

/// <summary>Keeps decisions in a list.</summary>
internal sealed class FakeAudit : IAuditSink
{
    /// <summary>Those that were waited for.</summary>
    public List<DecisionRecord> Records { get; } = [];

    /// <summary>Those that were queued.</summary>
    public List<DecisionRecord> Queued { get; } = [];

    /// <inheritdoc/>
    public Task RecordAsync(DecisionRecord record, CancellationToken cancellationToken)
    {
        Records.Add(record);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Enqueue(DecisionRecord record) => Queued.Add(record);
}
