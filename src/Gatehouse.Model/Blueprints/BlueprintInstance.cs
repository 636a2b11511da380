namespace Gatehouse.Model.Blueprints;

/// <summary>How the last application of a blueprint ended; authentik's words.</summary>
public enum BlueprintStatus
{
    /// <summary>Never applied.</summary>
    Unknown,

    /// <summary>All is as it says.</summary>
    Successful,

    /// <summary>Nothing was changed.</summary>
    Error,
}

/// <summary>A file of objects that are made as it says, and made so again when it changes.</summary>
public sealed class BlueprintInstance
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique name.</summary>
    public required string Name { get; set; }

    /// <summary>A file in the blueprints folder; empty when <see cref="Content"/> holds the text.</summary>
    public string Path { get; set; } = "";

    /// <summary>The text; empty when it is in a file.</summary>
    public string Content { get; set; } = "";

    /// <summary>Values for <c>!Context</c>, a JSON object.</summary>
    public string ContextJson { get; set; } = "{}";

    /// <summary>Whether it is applied again by itself.</summary>
    public bool IsEnabled { get; set; } = true;

    /// <summary>When it was last applied; null means never.</summary>
    public DateTimeOffset? LastAppliedAt { get; set; }

    /// <summary>SHA-512 of the text that was last applied, lower-case hex; empty when never.</summary>
    public string LastAppliedHash { get; set; } = "";

    /// <summary>How that ended.</summary>
    public BlueprintStatus Status { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
