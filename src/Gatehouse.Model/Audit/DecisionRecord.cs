namespace Gatehouse.Model.Audit;

/// <summary>One access decision with its reasons; never a secret.</summary>
public sealed class DecisionRecord
{
    /// <summary>Decision id, shown to the visitor: 16 lower-case hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The app; null when no app covers the address.</summary>
    public Guid? AppId { get; init; }

    /// <summary>Its name at that time.</summary>
    public string AppName { get; init; } = "";

    /// <summary>Whether the visitor was admitted.</summary>
    public required bool Allowed { get; init; }

    /// <summary>Cloudflare's word: <c>login</c> for a sign-in, <c>request</c> for a request without one.</summary>
    public required string Action { get; init; }

    /// <summary>Canonical address; null when nobody had signed in.</summary>
    public string? Email { get; init; }

    /// <summary>The login method; null when nobody had signed in.</summary>
    public Guid? LoginMethodId { get; init; }

    /// <summary>Client address.</summary>
    public required string Address { get; init; }

    /// <summary>HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>Host asked for.</summary>
    public required string Host { get; init; }

    /// <summary>Path asked for, without the query.</summary>
    public required string Path { get; init; }

    /// <summary>Country of the address; null when not known.</summary>
    public string? Country { get; init; }

    /// <summary>What the person said they want it for; null when nobody asked.</summary>
    public string? Purpose { get; init; }

    /// <summary>Who let them in for a time, separated by commas; null when nobody had to.</summary>
    public string? Approvers { get; init; }

    /// <summary>What the decision was taken from, for judging it anew (see <see cref="DecisionFacts"/>); null when there was no person, or too much of it.</summary>
    public string? FactsJson { get; init; }

    /// <summary>The tree of reasons: a <see cref="Gatehouse.Model.Policies.DecisionTree"/> as JSON.</summary>
    public required string TreeJson { get; init; }
}

/// <summary>Keeps decisions.</summary>
public interface IAuditSink
{
    /// <summary>Returns when the record is durable. For sign-ins and denials a person will ask about.</summary>
    Task RecordAsync(DecisionRecord record, CancellationToken cancellationToken);

    /// <summary>Queues the record; dropped, and counted, when the bounded queue is full. For refusals that a flood could cause.</summary>
    void Enqueue(DecisionRecord record);
}
