namespace Gatehouse.Model.Dns;

/// <summary>A name in the zone of the base domain. A CNAME to a tunnel publishes the name; all others are only kept.</summary>
public sealed class DnsRecord
{
    /// <summary>What follows the id of a tunnel in a CNAME.</summary>
    public const string TunnelSuffix = ".cfargotunnel.com";

    /// <summary>Never changes. 32 hex digits on the wire.</summary>
    public required Guid Id { get; init; }

    /// <summary>Lower case, no trailing dot, in the zone; may begin with one wildcard label.</summary>
    public required string Name { get; set; }

    /// <summary>Upper case: <c>CNAME</c>.</summary>
    public required string Type { get; set; }

    /// <summary>What it says.</summary>
    public required string Content { get; set; }

    /// <summary>Seconds; 1 means automatic.</summary>
    public int Ttl { get; set; } = 1;

    /// <summary>Whether requests go through the gateway.</summary>
    public bool IsProxied { get; set; }

    /// <summary>For people; may be empty.</summary>
    public string Comment { get; set; } = "";

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }

    /// <summary>The tunnel that a CNAME names, or null.</summary>
    public Guid? TunnelId =>
        Type == "CNAME" && Content.EndsWith(TunnelSuffix, StringComparison.OrdinalIgnoreCase)
        && Guid.TryParseExact(Content.AsSpan(0, Content.Length - TunnelSuffix.Length), "D", out var id) ? id : null;
}
