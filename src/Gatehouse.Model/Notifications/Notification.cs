namespace Gatehouse.Model.Notifications;

/// <summary>Something a person is told on their own page.</summary>
public sealed class Notification
{
    /// <summary>Never changes. That of the delivery it came of, so that none is kept twice.</summary>
    public required Guid Id { get; init; }

    /// <summary>Who is told.</summary>
    public required int UserId { get; init; }

    /// <summary>How urgent.</summary>
    public required Severity Severity { get; init; }

    /// <summary>The text.</summary>
    public required string Body { get; init; }

    /// <summary>Where more is to be read; null means nowhere.</summary>
    public string? Hyperlink { get; init; }

    /// <summary>What that link says.</summary>
    public string? HyperlinkLabel { get; init; }

    /// <summary>What it is about; null when the event is gone.</summary>
    public Guid? EventId { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Whether the person has seen it.</summary>
    public bool IsSeen { get; set; }
}

/// <summary>A notification on its way: kept until it has arrived, so that a crash costs at most a second copy of it.</summary>
public sealed class NotificationDelivery
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>What happened.</summary>
    public required Guid EventId { get; init; }

    /// <summary>How urgent, as the rule said.</summary>
    public required Severity Severity { get; init; }

    /// <summary>Over which transport.</summary>
    public required Guid TransportId { get; init; }

    /// <summary>To whom; null when the transport sends once and the rule names nobody.</summary>
    public int? UserId { get; init; }

    /// <summary>When it is tried next.</summary>
    public required DateTimeOffset DueAt { get; set; }

    /// <summary>How often it was tried.</summary>
    public int Attempts { get; set; }
}
