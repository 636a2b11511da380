namespace Gatehouse.Model.Providers;

/// <summary>A right within an application, which groups and users hold by being bound to it (authentik's application entitlement).</summary>
public sealed class ApplicationEntitlement
{
    /// <summary>Never changes; what bindings name as their target.</summary>
    public required Guid Id { get; init; }

    /// <summary>The application it is a right in.</summary>
    public required Guid ApplicationId { get; set; }

    /// <summary>What the application is told; unique within it.</summary>
    public required string Name { get; set; }

    /// <summary>A JSON object for expressions.</summary>
    public string AttributesJson { get; set; } = "{}";

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
