using System.Net;

namespace Gatehouse.Model.Tokens;

/// <summary>A bearer token of Cloudflare's API that may do only what its permission groups say. Kept as a hash: its value is shown once.</summary>
public sealed class ScopedToken
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>For administrators.</summary>
    public required string Name { get; set; }

    /// <summary>Who made it. It is worthless while they are inactive or no superuser.</summary>
    public required int UserId { get; init; }

    /// <summary>SHA-256 of the value, lower-case hex.</summary>
    public required string KeyHash { get; set; }

    /// <summary>What it may do, and what not.</summary>
    public required List<TokenGrant> Grants { get; set; }

    /// <summary>Client addresses that may use it, as CIDR ranges; empty means all.</summary>
    public List<string> AllowedAddresses { get; set; } = [];

    /// <summary>Client addresses that may not use it, as CIDR ranges.</summary>
    public List<string> RefusedAddresses { get; set; } = [];

    /// <summary>Whether an administrator switched it off.</summary>
    public bool IsDisabled { get; set; }

    /// <summary>Not good before; null means at once.</summary>
    public DateTimeOffset? NotBefore { get; set; }

    /// <summary>Not good after; null means it does not expire.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>When it was last used, to the hour; null means never.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }

    /// <summary>Whether a client at <paramref name="address"/> may use it.</summary>
    public bool Takes(IPAddress address) =>
        (AllowedAddresses.Count == 0 || AllowedAddresses.Exists(r => Holds(r, address))) && !RefusedAddresses.Exists(r => Holds(r, address));

    private static bool Holds(string range, IPAddress address) => IPNetwork.TryParse(range, out var network) && network.Contains(address);
}

/// <summary>One statement of a <see cref="ScopedToken"/>.</summary>
/// <param name="Id">Names it in answers.</param>
/// <param name="Allows">False means that it takes away.</param>
/// <param name="Groups">Ids of permission groups.</param>
public sealed record TokenGrant(string Id, bool Allows, IReadOnlyList<string> Groups);
