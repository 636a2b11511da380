using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store.Queues;

namespace Gatehouse.Store.Events;

/// <summary>Keeps events.</summary>
internal sealed class EventStore(RowQueue<Event> rows, EventSignal signal, ISnapshot<SystemSettings> settings, IGeoReader places, TimeProvider clock) : IEventLog, IEventRows
{
    /// <inheritdoc/>
    public Task WriteAsync(NewEvent happened, CancellationToken cancellationToken) => rows.WriteAsync([RowOf(happened)], cancellationToken);

    /// <inheritdoc/>
    public void Enqueue(NewEvent happened) => rows.Enqueue(RowOf(happened));

    /// <inheritdoc/>
    public void Written() => signal.Set();

    /// <inheritdoc/>
    public Event RowOf(NewEvent happened) => EventRow.Of(Placed(happened), clock.GetUtcNow(), ValidityPeriod.Parse(settings.Current.EventRetention));

    // Where the address is now: databases of places change, and what happened does not.
    private NewEvent Placed(NewEvent happened)
    {
        if (IPAddress.TryParse(happened.ClientIp, out var address) && places.Find(address) is { } place)
        {
            Add("geo", GeoJson.PlaceOf(place));
            Add("asn", GeoJson.NetworkOf(place));
        }

        return happened;

        void Add(string name, JsonObject? known)
        {
            if (known is not null)
            {
                happened.Context[name] = known;
            }
        }
    }
}
