namespace Gatehouse.Model.Tunnels;

/// <summary>A way to services that have no open port: connectors dial in with its credentials.</summary>
public sealed class Tunnel
{
    /// <summary>The longest name.</summary>
    public const int LongestName = 100;

    private const string QuickPrefix = "quick ";

    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique among tunnels that are not deleted.</summary>
    public required string Name { get; set; }

    /// <summary>What connectors prove they know, sealed; at least 32 bytes.</summary>
    public required byte[] SealedSecret { get; set; }

    /// <summary>Whether its configuration is kept here and pushed to connectors; otherwise they bring their own.</summary>
    public bool IsRemotelyManaged { get; set; }

    /// <summary>Made by a connector for a while, and removed some time after the last one has gone.</summary>
    public bool IsQuick { get; init; }

    /// <summary>When it was deleted; null while it is there. The row stays: a late connector is told why.</summary>
    public DateTimeOffset? DeletedAt { get; set; }

    /// <summary>When it last got its first connection; null means never. Of a quick tunnel: when it was last known to have any.</summary>
    public DateTimeOffset? ActiveAt { get; set; }

    /// <summary>When it last lost its last connection; null means never.</summary>
    public DateTimeOffset? InactiveAt { get; set; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }

    /// <summary>The name of the quick tunnel that is published as <paramref name="label"/> and a domain.</summary>
    public static string QuickNameOf(string label) => QuickPrefix + label;

    /// <summary>Whether <paramref name="host"/> is the random name that the tunnel was made for. Others that lead to it are somebody's own decision.</summary>
    public bool IsQuickHost(string host) =>
        IsQuick && Name.StartsWith(QuickPrefix, StringComparison.Ordinal) && host.StartsWith(Name[QuickPrefix.Length..] + ".", StringComparison.Ordinal);
}

/// <summary>What a tunnel publishes. One for each tunnel that was ever configured.</summary>
public sealed class TunnelConfiguration
{
    /// <summary>The tunnel.</summary>
    public required Guid TunnelId { get; init; }

    /// <summary>Counts up from 1 with each change; connectors ignore what is not newer than what they have.</summary>
    public required int Number { get; set; }

    /// <summary><c>ingress</c>, <c>originRequest</c> and <c>warp-routing</c> as they are pushed.</summary>
    public required string Json { get; set; }

    /// <summary>When this number was made.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
