namespace Gatehouse.Model.Notifications;

/// <summary>How urgent a notification is; authentik's words.</summary>
public enum Severity
{
    /// <summary>Good to know.</summary>
    Notice,

    /// <summary>Somebody should look.</summary>
    Warning,

    /// <summary>Somebody must look.</summary>
    Alert,
}

/// <summary>Tells people about events that the event matchers bound to it match. Without a binding it never fires.</summary>
public sealed class NotificationRule
{
    /// <summary>Never changes; also what bindings name.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique name.</summary>
    public required string Name { get; set; }

    /// <summary>Transports it sends over.</summary>
    public List<Guid> TransportIds { get; set; } = [];

    /// <summary>How urgent what it sends is.</summary>
    public Severity Severity { get; set; }

    /// <summary>Whose active members are told; null means no group.</summary>
    public Guid? GroupId { get; set; }

    /// <summary>Whether the user whom the event is about is told.</summary>
    public bool TellsEventUser { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}

/// <summary>How notifications travel; authentik's words.</summary>
public enum TransportMode
{
    /// <summary>Kept for the person's page.</summary>
    Local,

    /// <summary>JSON over HTTP.</summary>
    Webhook,

    /// <summary>JSON over HTTP in the shape that Slack and Discord take.</summary>
    WebhookSlack,

    /// <summary>Mail.</summary>
    Email,
}

/// <summary>A way to tell people.</summary>
public sealed class NotificationTransport
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique name.</summary>
    public required string Name { get; set; }

    /// <summary>How it travels.</summary>
    public TransportMode Mode { get; set; }

    /// <summary>Where a webhook goes, sealed: chat services put the secret into it. Empty when there is none.</summary>
    public byte[] SealedUrl { get; set; } = [];

    /// <summary>Key pair whose certificate is the one authority that a webhook's server is held to; null means those of the machine.</summary>
    public Guid? AuthorityId { get; set; }

    /// <summary>Makes what a webhook is sent; null means the usual body.</summary>
    public Guid? BodyMappingId { get; set; }

    /// <summary>Makes headers of a webhook's request; null means none.</summary>
    public Guid? HeaderMappingId { get; set; }

    /// <summary>What subjects of mails begin with.</summary>
    public string SubjectPrefix { get; set; } = "authentik Notification: ";

    /// <summary>Kept for clients that set it; the one shape of mail we send is its default.</summary>
    public string EmailTemplate { get; set; } = "email/event_notification.html";

    /// <summary>Send once for each event, not to each person.</summary>
    public bool SendsOnce { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
