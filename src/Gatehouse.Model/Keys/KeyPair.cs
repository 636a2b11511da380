namespace Gatehouse.Model.Keys;

/// <summary>A key pair of Access that signs its tokens.</summary>
public sealed class AccessKey
{
    /// <summary>Key id: 64 lower-case hex digits.</summary>
    public required string Kid { get; init; }

    /// <summary>Self-signed certificate with the public key, PEM.</summary>
    public required string CertificatePem { get; init; }

    /// <summary>PKCS#8 private key, sealed.</summary>
    public required byte[] SealedPrivateKey { get; init; }

    /// <summary>When it was made; the newest one signs.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Published and accepted until then; null means it is the current one.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }
}

/// <summary>A certificate with its private key that Identity's providers sign or encrypt with (authentik's certificate-key pair).</summary>
public sealed class KeyPair
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique name.</summary>
    public required string Name { get; set; }

    /// <summary>Set on pairs Gatehouse made itself; authentik's managed id.</summary>
    public string? Managed { get; set; }

    /// <summary>Stable key id in tokens and JWKS.</summary>
    public required string Kid { get; set; }

    /// <summary>Certificate, PEM.</summary>
    public required string CertificatePem { get; set; }

    /// <summary>PKCS#8 private key, sealed; empty when the certificate was imported without one.</summary>
    public required byte[] SealedPrivateKey { get; set; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
