using System.Collections.Concurrent;
using Gatehouse.Model.Events;

namespace Gatehouse.Tests.Fakes;

/// <summary>Keeps events in memory.</summary>
internal sealed class FakeEvents : IEventLog
{
    private readonly ConcurrentQueue<NewEvent> kept = new();

    /// <summary>All events so far.</summary>
    public IReadOnlyCollection<NewEvent> All => kept;

    /// <inheritdoc/>
    public Task WriteAsync(NewEvent happened, CancellationToken cancellationToken)
    {
        kept.Enqueue(happened);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Enqueue(NewEvent happened) => kept.Enqueue(happened);
}
