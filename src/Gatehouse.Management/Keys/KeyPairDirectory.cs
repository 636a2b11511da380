using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Keys;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Keys;

/// <summary>A key pair with what its certificate says.</summary>
internal sealed class KeyPairFacts(KeyPair pair)
{
    public KeyPair Pair => pair;

    public bool HasPrivateKey => pair.SealedPrivateKey.Length > 0;

    public string KeyType { get; private init; } = "";

    public string Sha256 { get; private init; } = "";

    public string Sha1 { get; private init; } = "";

    public DateTimeOffset ExpiresAt { get; private init; }

    public string Subject { get; private init; } = "";

    /// <summary>Reads the certificate.</summary>
    public static KeyPairFacts Of(KeyPair pair)
    {
        using var certificate = X509Certificate2.CreateFromPem(pair.CertificatePem);
        return new KeyPairFacts(pair)
        {
            KeyType = certificate.PublicKey.Oid.Value == "1.2.840.113549.1.1.1" ? "rsa" : "ec",
            Sha256 = certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256),
            Sha1 = certificate.Thumbprint,
            ExpiresAt = new DateTimeOffset(certificate.NotAfter.ToUniversalTime()),
            Subject = certificate.Subject,
        };
    }
}

/// <summary>Reads the key pairs that Identity's providers sign with.</summary>
internal sealed class KeyPairDirectory(GatehouseDb db, ISecretBox secrets)
{
    /// <summary>The pair that guides choose as signing key.</summary>
    public const string DefaultName = "authentik Self-signed Certificate";

    public async Task<KeyPairFacts?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        await db.KeyPairs.AsNoTracking().SingleOrDefaultAsync(k => k.Id == id, cancellationToken) is { } pair ? KeyPairFacts.Of(pair) : null;

    /// <summary>The private key in PEM; null when there is none.</summary>
    public string? PrivateKeyOf(KeyPair pair) =>
        pair.SealedPrivateKey.Length > 0 && secrets.Open(pair.SealedPrivateKey, SecretPurposes.KeyPairPrivateKey) is { } bytes ? PrivateKeys.PemOf(bytes) : null;

    /// <summary>All pairs, by name. There are few, and some of what they are filtered by stands in their certificates.</summary>
    public async Task<IReadOnlyList<KeyPairFacts>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await db.KeyPairs.AsNoTracking().OrderBy(k => k.Name).ToListAsync(cancellationToken)).Select(KeyPairFacts.Of)];

    /// <summary>The RSA pair for providers that name none: the one by <see cref="DefaultName"/>, else the oldest.</summary>
    public async Task<Guid?> DefaultSigningKeyAsync(CancellationToken cancellationToken) =>
        (await ListAsync(cancellationToken))
            .Where(k => k.KeyType == "rsa" && k.HasPrivateKey)
            .OrderBy(k => k.Pair.Name != DefaultName).ThenBy(k => k.Pair.CreatedAt)
            .FirstOrDefault()?.Pair.Id;
}
