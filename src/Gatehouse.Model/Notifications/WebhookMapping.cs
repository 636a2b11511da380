namespace Gatehouse.Model.Notifications;

/// <summary>An expression that makes the body, or the headers, of what a webhook is sent; authentik's notification property mapping.</summary>
public sealed class WebhookMapping
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique name.</summary>
    public required string Name { get; set; }

    /// <summary>The expression, sealed: headers hold keys of other services.</summary>
    public byte[] SealedExpression { get; set; } = [];

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
