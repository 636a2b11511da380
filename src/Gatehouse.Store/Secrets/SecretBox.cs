using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Keys;

namespace Gatehouse.Store.Secrets;

/// <summary>AES-256-GCM under a root key that lives outside the database. Layout: version 1, 12-byte nonce, ciphertext, 16-byte tag.</summary>
public sealed class SecretBox : ISecretBox, IDisposable
{
    private const byte LayoutVersion = 1;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly byte[] root;
    private readonly byte[] key;

    /// <summary>Opens the box with a root key of 32 bytes.</summary>
    public SecretBox(ReadOnlySpan<byte> rootKey)
    {
        if (rootKey.Length != 32)
        {
            throw new ArgumentException($"the root key has {rootKey.Length} bytes; expected 32", nameof(rootKey));
        }

        root = rootKey.ToArray();
        key = DeriveKey("gatehouse seal v1");
    }

    /// <inheritdoc/>
    public byte[] Seal(ReadOnlySpan<byte> plain, string purpose)
    {
        var made = new byte[1 + NonceSize + plain.Length + TagSize];
        made[0] = LayoutVersion;
        RandomNumberGenerator.Fill(made.AsSpan(1, NonceSize));
        using var aes = Cipher();
        aes.Encrypt(
            made.AsSpan(1, NonceSize), plain, made.AsSpan(1 + NonceSize, plain.Length), made.AsSpan(made.Length - TagSize), Encoding.UTF8.GetBytes(purpose));
        return made;
    }

    /// <inheritdoc/>
    public byte[]? Open(ReadOnlySpan<byte> sealedBytes, string purpose)
    {
        if (sealedBytes.Length < 1 + NonceSize + TagSize || sealedBytes[0] != LayoutVersion)
        {
            return null;
        }

        var plain = new byte[sealedBytes.Length - 1 - NonceSize - TagSize];
        using var aes = Cipher();
        try
        {
            aes.Decrypt(
                sealedBytes.Slice(1, NonceSize), sealedBytes[(1 + NonceSize)..^TagSize], sealedBytes[^TagSize..], plain, Encoding.UTF8.GetBytes(purpose));
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public byte[] DeriveKey(string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, root, 32, info: Encoding.UTF8.GetBytes(purpose));

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(root);
        CryptographicOperations.ZeroMemory(key);
    }

    // One for each call: two threads in one instance share its nonce, and so open nothing, or seal under the wrong one.
    private AesGcm Cipher() => new(key, TagSize);
}
