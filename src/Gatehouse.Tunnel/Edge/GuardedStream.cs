using Gatehouse.Tunnel.Wire;

namespace Gatehouse.Tunnel.Edge;

/// <summary>A connector's connection, with an eye on what it sends.</summary>
internal sealed class GuardedStream(Stream inner, FrameGuard guard) : AsyncStream
{
    /// <summary>Why the connector was cut off; null when it was not.</summary>
    public string? Fault { get; private set; }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        try
        {
            guard.Look(buffer.Span[..read]);
        }
        catch (InvalidDataException fault)
        {
            Fault = fault.Message;
            await inner.DisposeAsync();
            throw new IOException("cut off: " + fault.Message, fault);
        }

        return read;
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) => inner.WriteAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }
}
