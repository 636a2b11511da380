using System.Collections.Frozen;

namespace Gatehouse.Model.Snapshots;

/// <summary>The sessions that were ended before their tokens expire.</summary>
public sealed class RevocationTable(FrozenSet<string> nonces)
{
    /// <summary>Nothing ended.</summary>
    public static RevocationTable Empty { get; } = new([]);

    /// <summary>Whether the session of this nonce was ended.</summary>
    public bool IsRevoked(string nonce) => nonces.Contains(nonce);
}
