using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Tunnel;

/// <summary>A web service with something of everything that has to pass, and a TCP service that gives back what it gets.</summary>
internal sealed class TunnelOrigin : IAsyncDisposable
{
    private readonly TcpListener echo = new(IPAddress.Loopback, 0);
    private WebApplication? web;
    private Task echoing = Task.CompletedTask;

    public int Port { get; private set; }

    public int TcpPort { get; private set; }

    /// <summary>Released by tests to let /wait go on.</summary>
    public SemaphoreSlim Gate { get; } = new(0);

    /// <summary>The requests that came, "METHOD target".</summary>
    public ConcurrentQueue<string> Seen { get; } = new();

    /// <summary>How many requests broke off before they were answered.</summary>
    public int Aborted { get; private set; }

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.Limits.MaxRequestBodySize = null;
            k.ResponseHeaderEncodingSelector = _ => System.Text.Encoding.Latin1;
        });
        web = builder.Build();
        web.UseWebSockets();
        web.Run(AnswerAsync);
        await web.StartAsync();
        Port = new Uri(web.Urls.First()).Port;
        echo.Start();
        TcpPort = ((IPEndPoint)echo.LocalEndpoint).Port;
        echoing = EchoAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Gate.Release(1000);
        echo.Dispose();
        await echoing;
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await web!.StopAsync(limit.Token);
        await web.DisposeAsync();
        Gate.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Seen.Enqueue(context.Request.Method + " " + context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        switch (context.Request.Path.Value)
        {
            case "/headers":
                context.Response.Headers.Append("Set-Cookie", new(["a=1", "b=2"]));
                context.Response.Headers["X-Latin"] = "caf\u00e9";
                context.Response.Headers.WWWAuthenticate = new(["Negotiate", "NTLM, Basic realm=\"x\""]);
                await context.Response.WriteAsync(string.Join("\n", context.Request.Headers.Select(h => $"{h.Key}: {h.Value}")));
                break;
            case "/echo":
                context.Response.ContentType = "application/octet-stream";
                await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
                break;
            case "/sum":
                await context.Response.WriteAsync(Convert.ToHexStringLower(await SHA256.HashDataAsync(context.Request.Body, context.RequestAborted)));
                break;
            case "/bytes":
                await SendBytesAsync(context, long.Parse(context.Request.Query["n"]!, System.Globalization.CultureInfo.InvariantCulture));
                break;
            case "/status":
                context.Response.StatusCode = int.Parse(context.Request.Query["s"]!, System.Globalization.CultureInfo.InvariantCulture);
                break;
            case "/events":
                context.Response.ContentType = "text/plain"; // no type that says that it streams
                for (var n = 0; n < 3; n++)
                {
                    await context.Response.WriteAsync($"event {n}\n");
                    await context.Response.Body.FlushAsync();
                    await Gate.WaitAsync(context.RequestAborted);
                }

                break;
            case "/wait":
                await WaitAsync(context);
                break;
            case "/stall":
                await Gate.WaitAsync(context.RequestAborted);
                break;
            case "/break":
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
                await Gate.WaitAsync(context.RequestAborted);
                context.Abort();
                break;
            case "/drop":
                context.Abort();
                break;
            case "/ws":
                await SocketAsync(context);
                break;
            default:
                await context.Response.WriteAsync(context.Request.Host + " " + context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
                break;
        }
    }

    private async Task WaitAsync(HttpContext context)
    {
        try
        {
            await Gate.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync("done");
        }
        catch (OperationCanceledException)
        {
            Aborted++;
        }
    }

    private static async Task SendBytesAsync(HttpContext context, long left)
    {
        context.Response.ContentLength = left;
        for (var piece = new byte[64 * 1024]; left > 0;)
        {
            var size = (int)Math.Min(left, piece.Length);
            await context.Response.Body.WriteAsync(piece.AsMemory(0, size), context.RequestAborted);
            left -= size;
        }
    }

    private static async Task SocketAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await context.Response.WriteAsync("no socket asked for");
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[64 * 1024];
        for (; ; )
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "bye", CancellationToken.None);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
        }
    }

    private async Task EchoAsync()
    {
        try
        {
            for (; ; )
            {
                var client = await echo.AcceptTcpClientAsync();
                _ = EchoAsync(client);
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private static async Task EchoAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await client.GetStream().CopyToAsync(client.GetStream());
            }
            catch (IOException)
            {
                // The other end has gone.
            }
        }
    }
}
