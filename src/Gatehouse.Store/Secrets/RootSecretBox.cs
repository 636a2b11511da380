using Gatehouse.Model.Keys;

namespace Gatehouse.Store.Secrets;

/// <summary>The box under the root key, opened at first use: the key may be made only after the database was looked at.</summary>
internal sealed class RootSecretBox(RootKey root) : ISecretBox, IDisposable
{
    private readonly Lock gate = new();
    private SecretBox? box; // guarded by gate

    /// <inheritdoc/>
    public byte[] Seal(ReadOnlySpan<byte> plain, string purpose) => Opened().Seal(plain, purpose);

    /// <inheritdoc/>
    public byte[]? Open(ReadOnlySpan<byte> sealedBytes, string purpose) => Opened().Open(sealedBytes, purpose);

    /// <inheritdoc/>
    public byte[] DeriveKey(string purpose) => Opened().DeriveKey(purpose);

    /// <inheritdoc/>
    public void Dispose() => box?.Dispose();

    private SecretBox Opened()
    {
        if (Volatile.Read(ref box) is { } opened)
        {
            return opened;
        }

        lock (gate)
        {
            return box ??= new SecretBox(root.Read() ?? throw new StoreFaultException($"{root.File} does not exist; has the store been started?"));
        }
    }
}
