namespace Gatehouse.Model.Policies;

/// <summary>What a list holds.</summary>
public enum AccessListKind
{
    /// <summary>Addresses of people.</summary>
    Email,

    /// <summary>Addresses and networks of machines.</summary>
    Ip,
}

/// <summary>A list that rules name: Cloudflare's Zero Trust list.</summary>
public sealed class AccessList
{
    /// <summary>The most entries a list has; Cloudflare's limit for its largest plan.</summary>
    public const int MostItems = 5000;

    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique; shown in explanations.</summary>
    public required string Name { get; set; }

    /// <summary>For people; may be empty.</summary>
    public string Description { get; set; } = "";

    /// <summary>What it holds; never changes.</summary>
    public required AccessListKind Kind { get; init; }

    /// <summary>Its entries in the order they were added.</summary>
    public List<AccessListItem> Items { get; set; } = [];

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}

/// <summary>An entry of a list.</summary>
/// <param name="Value">Canonical: an address of a person, or a CIDR range.</param>
/// <param name="Description">For people; may be empty.</param>
/// <param name="AddedAt">When it was added.</param>
public sealed record AccessListItem(string Value, string Description, DateTimeOffset AddedAt);
