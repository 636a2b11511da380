namespace Gatehouse.Model.Machines;

/// <summary>A name and a secret by which a program proves itself at apps, without a person (Cloudflare's service token).</summary>
public sealed class ServiceToken
{
    /// <summary>Never changes; what policies name.</summary>
    public required Guid Id { get; init; }

    /// <summary>Shown in the console and in explanations; at most 350 characters.</summary>
    public required string Name { get; set; }

    /// <summary>What the program sends beside the secret: 32 hex digits and <c>.access</c>. Unique.</summary>
    public required string ClientId { get; init; }

    /// <summary>SHA-256 of the secret. It has 256 random bits, so nothing slower is needed.</summary>
    public required byte[] SecretHash { get; set; }

    /// <summary>SHA-256 of the secret before; null when there is none.</summary>
    public byte[]? PreviousSecretHash { get; set; }

    /// <summary>Until when the secret before still counts; null when there is none.</summary>
    public DateTimeOffset? PreviousSecretExpiresAt { get; set; }

    /// <summary>Moves on with the secret; 1 at first.</summary>
    public int SecretVersion { get; set; } = 1;

    /// <summary>How long it lives from when it was made or refreshed; null means for ever.</summary>
    public TimeSpan? Duration { get; set; }

    /// <summary>When it ends; null means never.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>Whether it counts at all.</summary>
    public bool IsEnabled { get; set; } = true;

    /// <summary>When it last admitted a request, to the minute; null means not yet.</summary>
    public DateTimeOffset? LastSeenAt { get; set; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}

/// <summary>Hears of each use of a service token. Returns at once; what it keeps is kept later.</summary>
public interface IServiceTokenUses
{
    /// <summary>The token with this id has admitted a request.</summary>
    void Seen(Guid id);
}
