using System.Collections.Concurrent;
using Gatehouse.Model.Events;

namespace Gatehouse.Tests.Fakes;

/// <summary>Remembers what was to be written down.</summary>
internal sealed class FakeEvents(TimeProvider clock) : IEventLog, IEventRows
{
    /// <summary>Events that went to the log, in order; rows that were asked for are the caller's to save.</summary>
    public ConcurrentQueue<NewEvent> Written { get; } = new();

    /// <summary>The same, with rows that were asked for.</summary>
    public ConcurrentQueue<NewEvent> All { get; } = new();

    /// <summary>Those of one action that went to the log.</summary>
    public IEnumerable<NewEvent> Of(string action) => Written.Where(e => e.Action == action);

    /// <inheritdoc/>
    public Task WriteAsync(NewEvent happened, CancellationToken cancellationToken)
    {
        Enqueue(happened);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Enqueue(NewEvent happened)
    {
        Written.Enqueue(happened);
        All.Enqueue(happened);
    }

    /// <inheritdoc/>
    public Event RowOf(NewEvent happened)
    {
        All.Enqueue(happened);
        return EventRow.Of(happened, clock.GetUtcNow(), TimeSpan.FromDays(365));
    }

    /// <inheritdoc/>
    void IEventRows.Written()
    {
        // Nobody waits here.
    }
}
