using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Gatehouse.Tunnel.Connector;

/// <summary>A connection to the edge, dialed by us, on which our web server answers.</summary>
internal sealed class EdgeLink : DefaultConnectionContext
{
    private readonly SslStream tls;
    private readonly Socket socket;
    private readonly Action<EdgeLink> ended;
    private int over;

    /// <summary>Wraps a connection whose handshake is done.</summary>
    public EdgeLink(string id, SslStream tls, Socket socket, LinkPace pace, Action<EdgeLink> ended)
        : base(id)
    {
        this.tls = tls;
        this.socket = socket;
        this.ended = ended;
        Pace = pace;
        Transport = new Pipes(
            PipeReader.Create(tls, new StreamPipeReaderOptions(bufferSize: 16 * 1024, useZeroByteReads: true)),
            new QuietWriter(PipeWriter.Create(tls, new StreamPipeWriterOptions(minimumBufferSize: 16 * 1024, leaveOpen: true))));
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        Features.Set(this);
    }

    /// <summary>When to dial again after it.</summary>
    public LinkPace Pace { get; }

    /// <summary>Drops the line.</summary>
    public void Close()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // It is down already.
        }
    }

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        Close();
        base.Abort(abortReason);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref over, 1) == 0)
        {
            try
            {
                await tls.DisposeAsync();
                await base.DisposeAsync();
            }
            finally
            {
                ended(this); // or nobody would dial again
            }
        }
    }

    /// <summary>Writes as long as there is a line. The web server takes an exception here for a bug; that the peer has gone is none.</summary>
    private sealed class QuietWriter(PipeWriter inner) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            try
            {
                inner.Complete(exception);
            }
            catch (Exception fault) when (IsGone(fault))
            {
                // What was not sent yet is for nobody.
            }
        }

        public override async ValueTask CompleteAsync(Exception? exception = null)
        {
            try
            {
                await inner.CompleteAsync(exception);
            }
            catch (Exception fault) when (IsGone(fault))
            {
                // As above.
            }
        }

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                return await inner.FlushAsync(cancellationToken);
            }
            catch (Exception fault) when (IsGone(fault))
            {
                return new FlushResult(isCanceled: false, isCompleted: true);
            }
        }

        private static bool IsGone(Exception fault) => fault is IOException or ObjectDisposedException or InvalidOperationException;
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
