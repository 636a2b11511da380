using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Tunnels;
using Gatehouse.Model.Tunnels.Ingress;
using Gatehouse.Tunnel.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tunnel.Connector.Origins;

/// <summary>Passes bytes between the edge and a TCP service.</summary>
internal sealed partial class StreamProxy(OriginClients clients, TimeProvider clock, ILogger<StreamProxy> logger)
{
    /// <summary>Names the service that a bastion leads to.</summary>
    public const string Destination = "Cf-Access-Jump-Destination";

    private const int PieceSize = 16 * 1024; // clients cut longer messages
    private const string AcceptSalt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 §1.3

    private static readonly TimeSpan PingEvery = TimeSpan.FromSeconds(54);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    /// <summary>Raw bytes to an address that the edge names.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps the service from being reached is told to the edge.")]
    public async Task<bool> RawAsync(HttpContext context, string destination, OriginSettings settings)
    {
        if (!ServiceTarget.TrySplit(destination, out var host, out var port) || port is null)
        {
            return await Answers.FailedAsync(context, new OriginFault(TunnelHop.Tcp, "can't be dialed: it is no address with a port"));
        }

        NetworkStream service;
        try
        {
            service = await clients.DialAsync(host, port.Value, settings, context.RequestAborted);
        }
        catch (Exception fault) when (!context.RequestAborted.IsCancellationRequested)
        {
            return await RefuseAsync(context, destination, fault);
        }

        await using (service)
        {
            Answers.Head(context, StatusCodes.Status200OK, [], null);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await PumpAsync(context, service, clock);
            return true;
        }
    }

    /// <summary>A WebSocket that ends here; its messages are the bytes.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps the service from being reached is told to the edge.")]
    public async Task<bool> WebSocketAsync(HttpContext context, string host, int port, OriginSettings settings)
    {
        var key = context.Request.Headers.SecWebSocketKey.ToString();
        if (key.Length == 0)
        {
            return Answers.Status(context, StatusCodes.Status426UpgradeRequired);
        }

        NetworkStream service;
        try
        {
            service = await clients.DialAsync(host, port, settings, context.RequestAborted);
        }
        catch (Exception fault) when (!context.RequestAborted.IsCancellationRequested)
        {
            return await RefuseAsync(context, $"{host}:{port}", fault);
        }

        await using (service)
        {
            Answers.Head(
                context, StatusCodes.Status101SwitchingProtocols,
                [new("Connection", "Upgrade"), new("Upgrade", "websocket"), new("Sec-Websocket-Accept", AcceptOf(key))], null);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            using var socket = WebSocket.CreateFromStream(new BothWays(context), new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = PingEvery });
            await PumpAsync(socket, service, clock, context.RequestAborted);
            return true;
        }
    }

    /// <summary>A WebSocket to the service that the request names.</summary>
    public Task<bool> BastionAsync(HttpContext context, OriginSettings settings)
    {
        var named = context.Request.Headers[Destination].ToString();
        var scheme = named.IndexOf("://", StringComparison.Ordinal);
        named = (scheme < 0 ? named : named[(scheme + 3)..]).Split('/')[0];
        return ServiceTarget.TrySplit(named, out var host, out var port) && port is not null
            ? WebSocketAsync(context, host, port.Value, settings)
            : Answers.FailedAsync(context, new OriginFault(TunnelHop.Tcp, $"can't be dialed: {Destination} names no host with a port"));
    }

    /// <summary>Copies bytes both ways until either side ends.</summary>
    public static async Task PumpAsync(HttpContext context, Stream service)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var down = CopyAsync(service, context.Response.Body, end.Token);
        var up = CopyAsync(context.Request.Body, service, end.Token);
        await FinishAsync(down, up, end);
    }

    [SuppressMessage("Reliability", "CA2025", Justification = "Both halves are awaited before the end.")]
    private static async Task PumpAsync(HttpContext context, NetworkStream service, TimeProvider clock)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var down = CopyAsync(service, context.Response.Body, end.Token);
        var up = EndAsync(CopyAsync(context.Request.Body, service, end.Token), service, down, clock, end.Token);
        await FinishAsync(down, up, end);
    }

    [SuppressMessage("Reliability", "CA2025", Justification = "Both halves are awaited before the end.")]
    private static async Task PumpAsync(WebSocket socket, NetworkStream service, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var down = FromServiceAsync(service, socket, end.Token);
        var up = EndAsync(ToServiceAsync(socket, service, end.Token), service, down, clock, end.Token);
        await FinishAsync(down, up, end);
        if (socket.State == WebSocketState.CloseReceived)
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // the service said nothing of an end
        }
    }

    // Who has said all is answered: the service is told that nothing more comes, and has some time for the rest.
    private static async Task EndAsync(Task up, NetworkStream service, Task down, TimeProvider clock, CancellationToken cancellationToken)
    {
        await up;
        service.Socket.Shutdown(SocketShutdown.Send);
        await Task.WhenAny(down, Task.Delay(LastWords, clock, cancellationToken));
    }

    private static async Task FinishAsync(Task down, Task up, CancellationTokenSource end)
    {
        await Task.WhenAny(down, up);
        await end.CancelAsync();
        foreach (var half in new[] { down, up })
        {
            try
            {
                await half;
            }
            catch (Exception fault) when (fault is IOException or OperationCanceledException or WebSocketException or ObjectDisposedException or SocketException)
            {
                // One half ends the other.
            }
        }
    }

    private static async Task CopyAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        var piece = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            for (int read; (read = await from.ReadAsync(piece, cancellationToken)) > 0;)
            {
                await to.WriteAsync(piece.AsMemory(0, read), cancellationToken);
                await to.FlushAsync(cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private static async Task FromServiceAsync(Stream service, WebSocket socket, CancellationToken cancellationToken)
    {
        var piece = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            for (int read; (read = await service.ReadAsync(piece.AsMemory(0, PieceSize), cancellationToken)) > 0;)
            {
                await socket.SendAsync(piece.AsMemory(0, read), WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
            }

            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private static async Task ToServiceAsync(WebSocket socket, Stream service, CancellationToken cancellationToken)
    {
        var piece = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            for (; ; )
            {
                var received = await socket.ReceiveAsync(piece.AsMemory(), cancellationToken);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    return; // answered when the service has said the rest
                }

                await service.WriteAsync(piece.AsMemory(0, received.Count), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private async Task<bool> RefuseAsync(HttpContext context, string destination, Exception fault)
    {
        var why = OriginFault.Of(fault);
        LogFailed(destination, why.Detail is { } detail ? $"{why.What} ({detail})" : why.What);
        return await Answers.FailedAsync(context, why with { Hop = why.Hop == TunnelHop.Http ? TunnelHop.Tcp : why.Hop });
    }

    [SuppressMessage("Security", "CA5350", Justification = "The protocol's own handshake (RFC 6455 §4.2.2); nothing is kept secret by it.")]
    private static string AcceptOf(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + AcceptSalt)));

    [LoggerMessage(EventId = 4215, Level = LogLevel.Warning, Message = "{Destination} {What}")]
    private partial void LogFailed(string destination, string what);

    /// <summary>A request's two bodies as one stream.</summary>
    private sealed class BothWays(HttpContext context) : AsyncStream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) => context.Request.Body.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
        {
            await context.Response.Body.WriteAsync(buffer, cancellationToken);
            await context.Response.Body.FlushAsync(cancellationToken);
        }
    }
}
