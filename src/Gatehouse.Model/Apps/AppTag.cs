namespace Gatehouse.Model.Apps;

/// <summary>A word by which apps are sorted. Its name is its key.</summary>
public sealed class AppTag
{
    /// <summary>Never changes but by renaming, which changes it in all apps.</summary>
    public required string Name { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }
}
