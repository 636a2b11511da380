using System.Security.Cryptography;
using Gatehouse.Model.Tunnels;
using Gatehouse.Model.Tunnels.Ingress;

namespace Gatehouse.Model.Snapshots;

/// <summary>A tunnel as the edge and the gateway see it. Never printed.</summary>
public sealed class TunnelEntry
{
    /// <summary>As configured; not to be changed.</summary>
    public required Tunnel Tunnel { get; init; }

    /// <summary>SHA-256 of the secret.</summary>
    public required byte[] SecretHash { get; init; }

    /// <summary>What to push; null when connectors bring their own or nothing was configured yet.</summary>
    public TunnelConfiguration? Configuration { get; init; }

    /// <summary>The rules of <see cref="Configuration"/>; null when there are none that can be read.</summary>
    public IngressTable? Ingress { get; init; }

    /// <summary>Whether it was deleted.</summary>
    public bool IsDeleted => Tunnel.DeletedAt is not null;

    /// <summary>Whether <paramref name="secret"/> is the tunnel's, compared in fixed time.</summary>
    public bool Knows(ReadOnlySpan<byte> secret)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(secret, hash);
        return CryptographicOperations.FixedTimeEquals(hash, SecretHash);
    }
}
