namespace Gatehouse.Model.Events;

/// <summary>Something that happened at Identity and that an administrator may ask about: a sign-in, a failure, a change, a secret that was shown.</summary>
public sealed class Event
{
    /// <summary>Never changes; ordered by time.</summary>
    public required Guid Id { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it may be forgotten.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>What: a name from <see cref="EventActions"/>.</summary>
    public required string Action { get; init; }

    /// <summary>The part of Gatehouse it comes from, in authentik's words: <c>authentik.events.signals</c>.</summary>
    public required string App { get; init; }

    /// <summary>Integer key of the user who did it; null when nobody was signed in. No reference: events outlive users.</summary>
    public int? UserId { get; init; }

    /// <summary>Username at that time; empty when nobody was signed in.</summary>
    public string Username { get; init; } = "";

    /// <summary>E-mail address at that time; may be empty.</summary>
    public string Email { get; init; } = "";

    /// <summary>Client address; null when it did not come by a request.</summary>
    public string? ClientIp { get; init; }

    /// <summary>Whom they acted as while impersonating, a JSON object of <c>pk</c>, <c>username</c> and <c>email</c>; null when nobody.</summary>
    public string? OnBehalfOfJson { get; init; }

    /// <summary>Details, a JSON object; never a secret.</summary>
    public required string ContextJson { get; init; }

    /// <summary>App label of the object it is about, out of the details: <c>authentik_core</c>; null when about none.</summary>
    public string? TargetApp { get; init; }

    /// <summary>Model of that object: <c>user</c>.</summary>
    public string? TargetModel { get; init; }

    /// <summary>Key of that object, without dashes when it is a UUID.</summary>
    public string? TargetKey { get; init; }

    /// <summary>Key of the application that was authorized, without dashes; null when none was.</summary>
    public string? AuthorizedKey { get; init; }

    /// <summary>Whether the notification rules have been asked about it.</summary>
    public bool IsJudged { get; set; }
}
