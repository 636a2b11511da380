using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Gatehouse.Model.Hosts;
using Gatehouse.Tunnel.Wire;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gatehouse.Tunnel.Edge;

/// <summary>Shows the edge's certificate in each handshake: it bears the names that connectors ask for.</summary>
/// <param name="Current">Asked at each handshake.</param>
public sealed record EdgeCertificate(Func<SslStreamCertificateContext> Current)
{
    /// <summary>The names the certificate must bear.</summary>
    public static IReadOnlyList<string> Names { get; } = [TunnelHeaders.ServerName, TunnelHeaders.ProbeName];
}

/// <summary>The listener that connectors dial.</summary>
internal sealed partial class EdgeServer(
    ConnectionRun run, ConnectionRegistry registry, EdgeCertificate certificate, IOptions<EdgeOptions> options, TimeProvider clock, ILogger<EdgeServer> logger)
    : IHostedService, IDisposable
{
    private const int Burst = 5; // seconds' worth

    private static readonly TimeSpan LongestHandshake = TimeSpan.FromSeconds(10);

    private readonly EdgeOptions options = options.Value;
    private readonly AddressLimit limit = new(options.Value.AcceptsPerSecond, options.Value.AcceptsPerSecond * Burst, clock); // who was refused may dial in a tight loop
    private readonly PendingSlots pending = new(options.Value.PendingConnections, options.Value.PendingOfNetwork);
    private readonly ConcurrentDictionary<Task, byte> running = new();
    private readonly CancellationTokenSource stopping = new();
    private TcpListener? listener;
    private Task accepting = Task.CompletedTask;

    /// <summary>Where it listens, once started.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)(listener ?? throw new InvalidOperationException("the edge has not been started")).LocalEndpoint;

    /// <summary>How many connections have not registered yet.</summary>
    public int Pending => pending.Count;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        listener = new TcpListener(options.Listen);
        listener.Start(512);
        accepting = AcceptAsync(listener);
        LogListening(EndPoint);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        registry.BeginClosing();
        listener?.Stop();
        await accepting;

        try
        {
            // Requests under way keep their connections until they are done or the host's patience is.
            await Task.WhenAll(registry.Everyone.ToList().Select(c => run.DrainAsync(c, cancellationToken)));
        }
        catch (OperationCanceledException)
        {
            // Then they are cut.
        }

        await stopping.CancelAsync();
        await Task.WhenAll(running.Keys);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        listener?.Dispose();
        stopping.Dispose();
    }

    private async Task AcceptAsync(TcpListener from)
    {
        while (!stopping.IsCancellationRequested)
        {
            Socket? socket;
            try
            {
                socket = await NextAsync(from, stopping.Token);
            }
            catch (SocketException fault)
            {
                // Out of file handles, or the peer has gone before we looked: neither is a reason to stop listening.
                LogNotAccepted(fault.SocketErrorCode);
                await Task.Delay(TimeSpan.FromMilliseconds(100), clock, CancellationToken.None);
                continue;
            }

            if (socket is null)
            {
                return;
            }

            var serving = ServeAsync(socket);
            running[serving] = 0;
            _ = serving.ContinueWith(done => running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>The next line; null when the listener has been stopped, before or while we wait.</summary>
    internal static async Task<Socket?> NextAsync(TcpListener from, CancellationToken stopping)
    {
        try
        {
            return await from.AcceptSocketAsync(stopping);
        }
        catch (Exception fault) when (fault is InvalidOperationException or OperationCanceledException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted or SocketError.NotSocket or SocketError.InvalidArgument })
        {
            return null;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a peer does before it is known ends its own connection and nothing else.")]
    [SuppressMessage("Reliability", "CA2000", Justification = "The connection owns the stream, the stream the socket.")]
    private async Task ServeAsync(Socket socket)
    {
        await Task.Yield();
        var remote = (socket.RemoteEndPoint as IPEndPoint)?.Address is { } address ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address) : IPAddress.None;
        using var slot = limit.TryTake(remote) ? pending.TryTake(remote, socket.Dispose) : null;
        if (slot is null)
        {
            LogTooMany(remote);
            socket.Dispose();
            return;
        }

        EdgeConnection? connection = null;
        try
        {
            connection = await ShakeHandsAsync(socket, remote);
        }
        catch (Exception fault)
        {
            var reason = fault.GetBaseException().Message;
            LogNoHandshake(remote, reason);
            socket.Dispose();
        }

        if (connection is not null)
        {
            await run.RunAsync(connection, slot, stopping.Token);
        }
    }

    [SuppressMessage("Security", "CA5398", Justification = "The system's choice may include versions below 1.2; a later version is added here when it exists.")]
    [SuppressMessage("Reliability", "CA2000", Justification = "The connection owns the stream.")]
    private async Task<EdgeConnection> ShakeHandsAsync(Socket socket, IPAddress remote)
    {
        socket.NoDelay = true;
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        using var late = new CancellationTokenSource(LongestHandshake, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stopping.Token);
        try
        {
            // No application protocol: connectors offer none.
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = certificate.Current(),
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    AllowRenegotiation = false,
                },
                either.Token);
            return new EdgeConnection(new GuardedStream(tls, new FrameGuard(clock), clock), remote, options, clock);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    [LoggerMessage(EventId = 4120, Level = LogLevel.Information, Message = "The tunnel edge listens on {EndPoint}")]
    private partial void LogListening(IPEndPoint endPoint);

    [LoggerMessage(EventId = 4121, Level = LogLevel.Debug, Message = "No TLS handshake with {Remote}: {Reason}")]
    private partial void LogNoHandshake(IPAddress remote, string reason);

    [LoggerMessage(EventId = 4122, Level = LogLevel.Debug, Message = "{Remote} connects to the tunnel edge too often, or too many have not registered yet")]
    private partial void LogTooMany(IPAddress remote);

    [LoggerMessage(EventId = 4123, Level = LogLevel.Error, Message = "The tunnel edge can't accept a connection: {Error}")]
    private partial void LogNotAccepted(SocketError error);
}
