namespace Gatehouse.Model.Machines;

/// <summary>An authority whose client certificates count on some hosts (Cloudflare's mTLS certificate).</summary>
public sealed class ClientAuthority
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Shown in the console; at most 350 characters.</summary>
    public required string Name { get; set; }

    /// <summary>The authority's own certificate, PEM.</summary>
    public required string CertificatePem { get; init; }

    /// <summary>SHA-256 of the certificate, lower-case hex. Unique.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>When the certificate ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The hosts that ask their visitors for a certificate of it. Lower case, no wildcards.</summary>
    public List<string> Hostnames { get; set; } = [];

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}

/// <summary>What a host does with client certificates beside judging them.</summary>
public sealed class ClientCertificateSetting
{
    /// <summary>The host, lower case.</summary>
    public required string Hostname { get; init; }

    /// <summary>Whether the origin is told of the certificate.</summary>
    public bool IsForwarded { get; set; }
}
