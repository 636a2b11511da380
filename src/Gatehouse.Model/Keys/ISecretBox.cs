namespace Gatehouse.Model.Keys;

/// <summary>Seals secrets with a key that is not in the database (AES-256-GCM, a fresh nonce each time).</summary>
public interface ISecretBox
{
    /// <summary>Seals <paramref name="plain"/>. <paramref name="purpose"/> is bound in: opening needs the same words.</summary>
    byte[] Seal(ReadOnlySpan<byte> plain, string purpose);

    /// <summary>Opens what <see cref="Seal"/> made; null when it was made with another key or purpose, or was changed.</summary>
    byte[]? Open(ReadOnlySpan<byte> sealedBytes, string purpose);

    /// <summary>A 32-byte key for one purpose, derived from the same root.</summary>
    byte[] DeriveKey(string purpose);
}
