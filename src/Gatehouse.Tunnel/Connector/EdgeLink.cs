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
            PipeWriter.Create(tls, new StreamPipeWriterOptions(minimumBufferSize: 16 * 1024)));
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
            await tls.DisposeAsync();
            await base.DisposeAsync();
            ended(this);
        }
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
