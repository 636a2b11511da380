using System.Text.Json.Nodes;

namespace Gatehouse.Model.Events;

/// <summary>Who did it.</summary>
public sealed record EventActor(int Id, string Username, string Email);

/// <summary>What is to be written down.</summary>
/// <param name="Action">A name from <see cref="EventActions"/>.</param>
/// <param name="Actor">Null when nobody was signed in.</param>
/// <param name="ClientIp">Null when it did not come by a request.</param>
/// <param name="Context">Details; never a secret.</param>
public sealed record NewEvent(string Action, EventActor? Actor, string? ClientIp, JsonObject Context)
{
    /// <summary>The part of Gatehouse it comes from, in authentik's words; null takes the usual one of the action.</summary>
    public string? App { get; init; }

    /// <summary>Whom the actor impersonates; null means nobody.</summary>
    public EventActor? OnBehalfOf { get; init; }
}

/// <summary>Keeps events.</summary>
public interface IEventLog
{
    /// <summary>Returns when the event is durable. For what a known person did.</summary>
    Task WriteAsync(NewEvent happened, CancellationToken cancellationToken);

    /// <summary>Queues the event; dropped, and counted, when the bounded queue is full. For failures that a flood could cause.</summary>
    void Enqueue(NewEvent happened);
}

/// <summary>Makes rows of events, for whoever saves them in one transaction with what caused them.</summary>
public interface IEventRows
{
    /// <summary>The row; not saved.</summary>
    Event RowOf(NewEvent happened);

    /// <summary>To be called when such rows were committed, so that notifications need not wait.</summary>
    void Written();
}
