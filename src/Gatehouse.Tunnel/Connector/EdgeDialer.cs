using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Tunnels.Ingress;
using Gatehouse.Tunnel.Wire;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tunnel.Connector;

/// <summary>One of a connector's connections, as a place our web server listens at.</summary>
internal sealed class LinkEndPoint(LinkPace pace) : EndPoint
{
    /// <summary>Which one.</summary>
    public LinkPace Pace => pace;

    /// <inheritdoc/>
    public override string ToString() => "tunnel:" + pace.Index;
}

/// <summary>Makes listeners that dial rather than listen.</summary>
internal sealed class EdgeListenerFactory(EdgeDialer dialer, ConnectorState state, TimeProvider clock, ILoggerFactory loggers)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is LinkEndPoint;

    /// <inheritdoc/>
    [SuppressMessage("Reliability", "CA2000", Justification = "The web server owns the listener.")]
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(new EdgeListener((LinkEndPoint)endpoint, dialer, state, clock, loggers.CreateLogger<EdgeListener>()));
}

/// <summary>Hands out one connection at a time: dials, waits for its end, dials again, for ever.</summary>
internal sealed partial class EdgeListener(LinkEndPoint endPoint, EdgeDialer dialer, ConnectorState state, TimeProvider clock, ILogger<EdgeListener> logger) : IConnectionListener
{
    private static readonly TimeSpan LongestRegistration = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource stop = new();
    private readonly SemaphoreSlim slot = new(1, 1);

    /// <inheritdoc/>
    public EndPoint EndPoint => endPoint;

    /// <inheritdoc/>
    [SuppressMessage("Reliability", "CA2000", Justification = "The web server owns the connection.")]
    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps us from the edge is tried again; an exception here would end the connection for ever.")]
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, cancellationToken, state.Leaving);
        try
        {
            await slot.WaitAsync(either.Token);
            if (endPoint.Pace.Index > 0)
            {
                await state.FirstRegistered.Task.WaitAsync(either.Token);
            }

            for (; ; )
            {
                if (endPoint.Pace.WasServing)
                {
                    await Task.Delay(LinkPace.Settling, clock, either.Token);
                }

                var wait = endPoint.Pace.Next();
                if (wait > TimeSpan.Zero)
                {
                    LogWait(endPoint.Pace.Index, wait);
                    await Task.Delay(wait, clock, either.Token);
                }

                try
                {
                    var link = await dialer.DialAsync(endPoint.Pace, Ended, either.Token);
                    _ = WatchAsync(link);
                    return link;
                }
                catch (Exception fault) when (!either.IsCancellationRequested)
                {
                    endPoint.Pace.OnEnded();
                    LogFailed(endPoint.Pace.Index, fault.GetBaseException().Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return null; // the end
        }
    }

    /// <inheritdoc/>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default) => await stop.CancelAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        stop.Dispose();
        slot.Dispose();
    }

    // An edge that takes the connection and then says nothing is as good as none.
    private async Task WatchAsync(EdgeLink link)
    {
        try
        {
            await Task.Delay(LongestRegistration, clock, link.ConnectionClosed);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        if (!link.Pace.IsServing)
        {
            LogSilent(link.Pace.Index);
            link.Close();
        }
    }

    private void Ended(EdgeLink link)
    {
        if (link.Pace.IsServing && !state.Leaving.IsCancellationRequested)
        {
            LogLost(link.Pace.Index);
        }

        link.Pace.OnEnded();
        try
        {
            slot.Release();
        }
        catch (ObjectDisposedException)
        {
            // The listener has gone first.
        }
    }

    [LoggerMessage(EventId = 4201, Level = LogLevel.Debug, Message = "Connection {Index}: dialing again in {Wait}")]
    private partial void LogWait(int index, TimeSpan wait);

    [LoggerMessage(EventId = 4202, Level = LogLevel.Warning, Message = "Connection {Index}: the edge can't be reached: {Reason}. Trying again")]
    private partial void LogFailed(int index, string reason);

    [LoggerMessage(EventId = 4203, Level = LogLevel.Warning, Message = "Connection {Index} to the edge was lost. Dialing again")]
    private partial void LogLost(int index);

    [LoggerMessage(EventId = 4204, Level = LogLevel.Warning, Message = "Connection {Index}: the edge took the connection and said nothing. Trying again")]
    private partial void LogSilent(int index);
}

/// <summary>Dials the edge.</summary>
internal sealed class EdgeDialer(ConnectorOptions options, TimeProvider clock)
{
    private static readonly TimeSpan LongestDial = TimeSpan.FromSeconds(10);
    private int turn;

    /// <summary>Dials; the names are looked up anew each time, so that a changed address is nothing special.</summary>
    /// <exception cref="IOException">It can't be reached; or a <see cref="SocketException"/>, or an <see cref="System.Security.Authentication.AuthenticationException"/>.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The link owns the stream, the stream the socket.")]
    public async Task<EdgeLink> DialAsync(LinkPace pace, Action<EdgeLink> ended, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(LongestDial, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);

        // Each has an edge of its own, so that every node that is named has some of them, also after a restart. While none serves, any edge will do.
        var edge = options.Edges[(int)((uint)(pace.Index + (pace.Failures > 0 && !pace.HasOthers ? Interlocked.Increment(ref turn) : 0)) % (uint)options.Edges.Count)];
        if (!ServiceTarget.TrySplit(edge, out var host, out var port))
        {
            throw new IOException($"'{edge}' is no address");
        }

        Socket? socket = null;
        SslStream? tls = null;
        try
        {
            var addresses = await LocalNames.ResolveAsync(host.Trim('[', ']'), either.Token);
            var first = pace.Failures % Math.Max(1, addresses.Length); // one that takes connections and says nothing stands in the way once
            socket = await AddressRace.ConnectAsync([.. addresses[first..], .. addresses[..first]], port ?? 7844, null, clock, either.Token);
            KeepAlive(socket);
            tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await tls.AuthenticateAsClientAsync(Terms(options.EdgeAuthorities), either.Token);
            return new EdgeLink($"{pace.Index}-{Guid.CreateVersion7():N}", tls, socket, pace, ended);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            Drop();
            throw new IOException($"{edge} did not answer within {LongestDial.TotalSeconds:0} seconds");
        }
        catch
        {
            Drop();
            throw;
        }

        void Drop()
        {
            tls?.Dispose();
            socket?.Dispose();
        }
    }

    // Only what was given counts: an authority must say of itself that it is one, and the name must be the edge's.
    private static SslClientAuthenticationOptions Terms(X509Certificate2Collection? authorities)
    {
        var terms = new SslClientAuthenticationOptions { TargetHost = TunnelHeaders.ServerName };
        if (authorities is not null)
        {
            terms.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck, // a private authority publishes no list
                DisableCertificateDownloads = true,
            };
            terms.CertificateChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.1"));
            foreach (var authority in authorities)
            {
                terms.CertificateChainPolicy.CustomTrustStore.Add(authority);
            }
        }

        return terms;
    }

    private static void KeepAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 15);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
    }
}
