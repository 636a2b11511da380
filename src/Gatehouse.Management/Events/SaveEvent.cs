using System.Text.Json.Nodes;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Events;
using Gatehouse.Store;

namespace Gatehouse.Management.Events;

/// <summary>Writes down what a caller says has happened. Who said so, and from where, is not theirs to say.</summary>
internal sealed class SaveEvent(GatehouseDb db, IEventRows rows, Actor actor)
{
    public async Task<Event> RunAsync(string action, string app, string context, CancellationToken cancellationToken)
    {
        var happened = rows.RowOf(actor.Event(action, JsonNode.Parse(context) as JsonObject ?? []) with { App = app });
        db.Events.Add(happened);
        await db.SaveChangesAsync(cancellationToken);
        rows.Written();
        return happened;
    }
}
