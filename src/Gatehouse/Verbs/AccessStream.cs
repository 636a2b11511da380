using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Logging;

namespace Gatehouse.Verbs;

/// <summary>Carries TCP connections to a published service: one WebSocket for each, its messages are the bytes.</summary>
internal sealed class AccessStream(Uri address, IReadOnlyDictionary<string, string> headers, X509Certificate2Collection? authorities, Shell shell)
{
    private const int PieceSize = 16 * 1024; // connectors of the stock kind cut longer messages

    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(30);

    /// <summary>Runs until told to stop, or until standard input ends; the result is the exit code.</summary>
    public async Task<int> RunAsync(IPEndPoint? listen, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
        if (listen is not null)
        {
            return await ListenAsync(listen, stop.Token);
        }

        await using var input = Console.OpenStandardInput();
        await using var output = Console.OpenStandardOutput();
        return await CarryAsync(input, output, stop.Token) is { } fault ? shell.Fail(fault) : ExitCode.Done;
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.CancelAfter(TimeSpan.Zero);
    }

    [SuppressMessage("Reliability", "CA2025", Justification = "Each task disposes of its own client, and all are awaited before the end.")]
    private async Task<int> ListenAsync(IPEndPoint listen, CancellationToken stopping)
    {
        using var listener = new TcpListener(listen);
        try
        {
            listener.Start();
        }
        catch (SocketException fault)
        {
            return shell.Fail($"can't listen on {listen}: {LogText.Escape(fault.Message)}");
        }

        await shell.Error.WriteLineAsync($"Listening on {listener.LocalEndpoint} for {address.Authority}. Ctrl+C stops it.");
        var running = new List<Task>();
        try
        {
            for (; ; )
            {
                var client = await NextAsync(listener.AcceptTcpClientAsync, fault => shell.Error.WriteLine($"gatehouse: can't accept a connection: {fault}"), shell.Clock, stopping);
                running.RemoveAll(t => t.IsCompleted);
                running.Add(ServeAsync(client, stopping));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(running);
            return ExitCode.Done;
        }
    }

    /// <summary>The next client. Out of file handles, or a peer that has gone before we looked: neither is a reason to stop listening.</summary>
    internal static async Task<TcpClient> NextAsync(
        Func<CancellationToken, ValueTask<TcpClient>> accept, Action<SocketError> failed, TimeProvider clock, CancellationToken stopping)
    {
        for (; ; )
        {
            try
            {
                return await accept(stopping);
            }
            catch (SocketException fault) when (!stopping.IsCancellationRequested)
            {
                failed(fault.SocketErrorCode);
                await Task.Delay(TimeSpan.FromMilliseconds(100), clock, stopping);
            }
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken stopping)
    {
        using (client)
        {
            client.NoDelay = true;
            await using var stream = client.GetStream();
            if (await CarryAsync(stream, stream, stopping) is { } fault)
            {
                await shell.Error.WriteLineAsync("gatehouse: " + fault);
            }
        }
    }

    /// <summary>Carries one connection to its end; why it could not, or null.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The invoker owns its handler.")]
    [SuppressMessage("Reliability", "CA2025", Justification = "Both directions are awaited before what they use is disposed of.")]
    private async Task<string?> CarryAsync(Stream from, Stream to, CancellationToken stopping)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.KeepAliveInterval = TimeSpan.FromSeconds(30);
        foreach (var (name, value) in headers)
        {
            socket.Options.SetRequestHeader(name, value);
        }

        using var invoker = new HttpMessageInvoker(TrustingClient.Handler(authorities));
        using var late = new CancellationTokenSource(LongestConnect, shell.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, late.Token);
        try
        {
            await socket.ConnectAsync(address, invoker, either.Token);
        }
        catch (Exception fault) when (fault is WebSocketException or HttpRequestException or OperationCanceledException)
        {
            return stopping.IsCancellationRequested ? null : Explain(socket, fault);
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var up = UpAsync(from, socket, over.Token);
        var down = DownAsync(socket, to, over.Token);

        // What is still on its way down comes before the end.
        if (await Task.WhenAny(up, down) == up)
        {
            await Task.WhenAny(down, Task.Delay(TimeSpan.FromSeconds(5), shell.Clock, stopping));
        }

        await over.CancelAsync();
        await Task.WhenAll(QuietlyAsync(up), QuietlyAsync(down));
        return null;
    }

    private string Explain(ClientWebSocket socket, Exception fault) => (int)socket.HttpStatusCode switch
    {
        0 => $"{address.Authority} can't be reached: {LogText.Escape(fault.GetBaseException().Message)}",
        301 or 302 or 303 or 307 or 401 or 403 => $"{address.Authority} asks who you are; run gatehouse access login, or give a service token",
        var status => $"{address.Authority} answered {status.ToString(CultureInfo.InvariantCulture)}; its page says why",
    };

    private static async Task UpAsync(Stream from, ClientWebSocket socket, CancellationToken cancellationToken)
    {
        var piece = new byte[PieceSize];
        for (int read; (read = await from.ReadAsync(piece, cancellationToken)) > 0;)
        {
            await socket.SendAsync(piece.AsMemory(0, read), WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
    }

    private static async Task DownAsync(ClientWebSocket socket, Stream to, CancellationToken cancellationToken)
    {
        var piece = new byte[64 * 1024];
        for (; ; )
        {
            var received = await socket.ReceiveAsync(piece.AsMemory(), cancellationToken);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            await to.WriteAsync(piece.AsMemory(0, received.Count), cancellationToken);
            await to.FlushAsync(cancellationToken);
        }
    }

    private static async Task QuietlyAsync(Task half)
    {
        try
        {
            await half;
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or WebSocketException or ObjectDisposedException)
        {
            // One half ends the other.
        }
    }
}
