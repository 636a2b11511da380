using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Access.Gateway;

/// <summary>
/// The browser's side of a WebSocket. Passes bytes both ways, knows where the origin's frames end, and can end the conversation itself with a
/// close frame (RFC 6455 §5.5.1); after that nothing passes any more.
/// </summary>
internal sealed class WebSocketStream(Stream browser) : AsyncStream
{
    /// <summary>Code of a close frame: what the browser may do has changed.</summary>
    public const ushort PolicyViolation = 1008;

    /// <summary>Code of a close frame: the server stops, or the person leaves the page.</summary>
    public const ushort GoingAway = 1001;

    [SuppressMessage("Usage", "CA2213", Justification = "The thread that closes may hold it when the stream goes; without a wait handle it holds nothing to free.")]
    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly FrameBorders borders = new(); // guarded by the semaphore
    private volatile bool isClosed;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <summary>Ends it with a code. True when the browser was told; in the middle of a frame it can't be.</summary>
    public async Task<bool> CloseAsync(ushort code, CancellationToken cancellationToken)
    {
        if (isClosed)
        {
            return true; // one close frame is enough
        }

        isClosed = true;
        await writing.WaitAsync(cancellationToken);
        try
        {
            if (!borders.IsBetween)
            {
                return false;
            }

            byte[] frame = [0x88, 0x02, (byte)(code >> 8), (byte)code]; // FIN and opcode 8, two bytes
            await browser.WriteAsync(frame, cancellationToken);
            await browser.FlushAsync(cancellationToken);
            return true;
        }
        finally
        {
            writing.Release();
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await browser.ReadAsync(buffer, cancellationToken);
        return isClosed ? 0 : read;
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            if (!isClosed)
            {
                borders.Pass(buffer.Span);
                await browser.WriteAsync(buffer, cancellationToken);
            }
        }
        finally
        {
            writing.Release();
        }
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => browser.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            browser.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Follows frames (RFC 6455 §5.2) as they pass.</summary>
internal sealed class FrameBorders
{
    private readonly byte[] head = new byte[10]; // of the longest header all but the mask, which is skipped with the payload
    private int have;
    private ulong left;

    /// <summary>Whether the last byte that passed was the last of a frame.</summary>
    public bool IsBetween => have == 0 && left == 0;

    /// <summary>Looks at bytes that pass.</summary>
    public void Pass(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (left > 0)
            {
                var skipped = (int)Math.Min(left, (ulong)bytes.Length);
                left -= (ulong)skipped;
                bytes = bytes[skipped..];
                continue;
            }

            head[have++] = bytes[0];
            bytes = bytes[1..];
            if (have >= 2 && have == HeadLength)
            {
                left = PayloadLength + (IsMasked ? 4UL : 0);
                have = 0;
            }
        }
    }

    private bool IsMasked => (head[1] & 0x80) != 0;

    private int HeadLength => (head[1] & 0x7F) switch { 127 => 10, 126 => 4, _ => 2 };

    private ulong PayloadLength => (head[1] & 0x7F) switch
    {
        127 => BinaryPrimitives.ReadUInt64BigEndian(head.AsSpan(2)) & long.MaxValue, // the highest bit is zero in any frame that is one
        126 => BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(2)),
        var length => (ulong)length,
    };
}
