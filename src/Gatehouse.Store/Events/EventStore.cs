using Gatehouse.Model.Events;
using Gatehouse.Store.Queues;

namespace Gatehouse.Store.Events;

/// <summary>Keeps events.</summary>
internal sealed class EventStore(RowQueue<Event> rows, TimeProvider clock) : IEventLog
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(365);

    /// <inheritdoc/>
    public Task WriteAsync(NewEvent happened, CancellationToken cancellationToken) => rows.WriteAsync([RowOf(happened)], cancellationToken);

    /// <inheritdoc/>
    public void Enqueue(NewEvent happened) => rows.Enqueue(RowOf(happened));

    private Event RowOf(NewEvent happened)
    {
        var now = clock.GetUtcNow();
        return new Event
        {
            Id = Guid.CreateVersion7(now),
            CreatedAt = now,
            ExpiresAt = now + Kept,
            Action = happened.Action,
            App = "gatehouse",
            UserId = happened.Actor?.Id,
            Username = happened.Actor?.Username ?? "",
            Email = happened.Actor?.Email ?? "",
            ClientIp = happened.ClientIp,
            ContextJson = happened.Context.ToJsonString(),
        };
    }
}
