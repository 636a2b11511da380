using System.IO.Pipelines;
using System.Net;

namespace Gatehouse.Tunnel.Edge;

/// <summary>A request body that stays open and is written to while the answer is read.</summary>
internal sealed class DuplexContent(UploadWatch uploads, bool mayBeGivenUp) : HttpContent
{
    // Small, so that a peer that stops reading is felt soon.
    private readonly Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 64 * 1024, resumeWriterThreshold: 32 * 1024, useSynchronizationContext: false));

    /// <summary>Where to write.</summary>
    public PipeWriter Writer => pipe.Writer;

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The headers go out now: the peer speaks first.
        await stream.FlushAsync(cancellationToken);
        await using var upload = uploads.Begin(stream, mayBeGivenUp, cancellationToken);
        try
        {
            for (; ; )
            {
                var read = await pipe.Reader.ReadAsync(cancellationToken);
                foreach (var piece in read.Buffer)
                {
                    await upload.WriteAsync(piece, cancellationToken);
                }

                pipe.Reader.AdvanceTo(read.Buffer.End);
                await stream.FlushAsync(cancellationToken);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (upload.IsGivenUp) // which ends the token of the whole body too
        {
            throw new StalledUploadException();
        }
        finally
        {
            await pipe.Reader.CompleteAsync();
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            pipe.Writer.Complete();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Both directions of a request as one stream.</summary>
internal sealed class DuplexStream(Stream read, DuplexContent write, IDisposable owner) : Wire.AsyncStream
{
    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) => read.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        if ((await write.Writer.WriteAsync(buffer, cancellationToken)).IsCompleted)
        {
            throw new IOException("the other end has stopped reading");
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            write.Writer.Complete();
            read.Dispose();
            owner.Dispose();
        }

        base.Dispose(disposing);
    }
}
