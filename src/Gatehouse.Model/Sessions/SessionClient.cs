namespace Gatehouse.Model.Sessions;

/// <summary>A client that somebody went to in a browser session. It may keep a session of its own for long, so it is told when this one ends.</summary>
public sealed class SessionClient
{
    /// <summary>How long a client is remembered after its session was last used for it, if the session itself is gone by then: as long as the longest session at Access.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromDays(31);

    /// <summary>Public id of the session, which it keeps when the person proves anew who they are.</summary>
    public required Guid SessionUuid { get; init; }

    /// <summary>The client.</summary>
    public required int ProviderId { get; init; }

    /// <summary>The person as whom: under impersonation not the one whose session it is.</summary>
    public required int UserId { get; init; }

    /// <summary>When it may be forgotten, unless the session is still there.</summary>
    public required DateTimeOffset KeptUntil { get; init; }
}

/// <summary>
/// A client still has to be told that a session has ended, or our own Access that it must ask anew. Written in the transaction of the cause, deleted when the client has
/// taken it. Holds what the token says, since the user may be gone by the time it is sent.
/// </summary>
public sealed class LogoutNotice
{
    /// <summary>How long delivery is tried.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(2);

    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>The client.</summary>
    public required int ProviderId { get; init; }

    /// <summary>The <c>sub</c> that the client knows.</summary>
    public required string Subject { get; init; }

    /// <summary>The <c>sid</c> that the client knows; empty means whatever it has of the subject.</summary>
    public required string Sid { get; init; }

    /// <summary>When it is tried next. Moved on by whoever takes it, so that no other node tries it meanwhile.</summary>
    public required DateTimeOffset NextAt { get; set; }

    /// <summary>How often it was tried.</summary>
    public int Attempts { get; set; }

    /// <summary>When it is given up.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}
