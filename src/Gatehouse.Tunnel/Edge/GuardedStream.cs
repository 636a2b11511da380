using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Gatehouse.Tunnel.Wire;

namespace Gatehouse.Tunnel.Edge;

/// <summary>A connector's connection, with an eye on what it sends and whether it does.</summary>
[SuppressMessage("Usage", "CA2213", Justification = "Others may write in the moment it ends; the semaphore holds nothing but memory.")]
internal sealed class GuardedStream(Stream inner, FrameGuard guard, TimeProvider clock) : AsyncStream
{
    private readonly InboundFrames frames = new(inner, clock);
    private readonly SemaphoreSlim writing = new(1, 1);

    /// <summary>Why the connector was cut off; null when it was not.</summary>
    public string? Fault { get; private set; }

    /// <summary>For how long nothing came from it.</summary>
    public TimeSpan Quiet => frames.Quiet;

    /// <summary>How many bytes were sent to it since; they may still be on their way.</summary>
    public long SentSinceRead => frames.SentSinceRead;

    /// <summary>Whether it takes no more bodies until it has read what it has.</summary>
    public bool IsExhausted => guard.IsExhausted;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <summary>Asks it for a sign of life. The answer is not for whoever reads here.</summary>
    public async Task AskAsync(CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            if (guard.MaySendFrame && !frames.IsAsked)
            {
                await inner.WriteAsync(frames.Ask(), cancellationToken);
                await inner.FlushAsync(cancellationToken);
            }
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>Says why the connector is given up, for whoever reads.</summary>
    public void GiveUp(string why) => Fault = why;

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            var read = await frames.ReadAsync(buffer, cancellationToken);
            guard.Look(buffer.Span[..read]);
            return read;
        }
        catch (InvalidDataException fault)
        {
            Fault = fault.Message;
            await inner.DisposeAsync();
            throw new IOException("cut off: " + fault.Message, fault);
        }
        catch (ObjectDisposedException fault)
        {
            throw new IOException(Fault ?? "the tunnel connection was closed", fault); // requests under way are told apart by it
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            guard.Sent(buffer.Span);
            frames.Sent(buffer.Length);
            await inner.WriteAsync(buffer, cancellationToken);
        }
        finally
        {
            writing.Release();
        }
    }

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
