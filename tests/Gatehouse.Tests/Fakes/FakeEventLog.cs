using System.Collections.Concurrent;
using Gatehouse.Model.Events;

namespace Gatehouse.Tests.Fakes;

/// <summary>Keeps what happened in memory.</summary>
internal sealed class FakeEventLog : IEventLog
{
    private readonly ConcurrentQueue<NewEvent> happened = new();

    public IReadOnlyList<NewEvent> Happened => [.. happened];

    public Task WriteAsync(NewEvent happened, CancellationToken cancellationToken)
    {
        this.happened.Enqueue(happened);
        return Task.CompletedTask;
    }

    public void Enqueue(NewEvent happened) => this.happened.Enqueue(happened);
}
