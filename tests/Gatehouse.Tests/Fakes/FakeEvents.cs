using System.Collections.Concurrent;
using Gatehouse.Model.Events;

namespace Gatehouse.Tests.Fakes;

/// <summary>Keeps events in memory.</summary>
internal sealed class FakeEvents : IEventLog
{
    private readonly ConcurrentQueue<NewEvent> happened = new();

    /// <summary>All so far.</summary>
    public IReadOnlyCollection<NewEvent> All => happened;

    /// <inheritdoc/>
    public Task WriteAsync(NewEvent happened, CancellationToken cancellationToken)
    {
        this.happened.Enqueue(happened);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Enqueue(NewEvent happened) => this.happened.Enqueue(happened);
}
