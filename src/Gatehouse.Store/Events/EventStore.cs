using Gatehouse.Model.Events;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store.Queues;

namespace Gatehouse.Store.Events;

/// <summary>Keeps events.</summary>
internal sealed class EventStore(RowQueue<Event> rows, EventSignal signal, ISnapshot<SystemSettings> settings, TimeProvider clock) : IEventLog, IEventRows
{
    /// <inheritdoc/>
    public Task WriteAsync(NewEvent happened, CancellationToken cancellationToken) => rows.WriteAsync([RowOf(happened)], cancellationToken);

    /// <inheritdoc/>
    public void Enqueue(NewEvent happened) => rows.Enqueue(RowOf(happened));

    /// <inheritdoc/>
    public void Written() => signal.Set();

    /// <inheritdoc/>
    public Event RowOf(NewEvent happened) => EventRow.Of(happened, clock.GetUtcNow(), ValidityPeriod.Parse(settings.Current.EventRetention));
}
