using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Tests.Fakes;

/// <summary>An origin that keeps each request as it came and answers as told.</summary>
internal sealed class RawOrigin : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<Task> connections = [];
    private readonly Task accepting;

    /// <summary>Begins to listen.</summary>
    public RawOrigin(Func<RawMessage, RawStream, Task>? answer = null)
    {
        Answer = answer ?? ((_, to) => to.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>What it says.</summary>
    public Func<RawMessage, RawStream, Task> Answer { get; set; }

    /// <summary>What it was asked, in order.</summary>
    public ConcurrentQueue<RawMessage> Requests { get; } = new();

    /// <summary>The one request it was asked.</summary>
    public RawMessage Only => Assert.Single(Requests);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            for (; ; )
            {
                var client = await listener.AcceptTcpClientAsync();
                connections.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var held = client;
        await using var raw = new RawStream(client.GetStream());
        try
        {
            while (await raw.ReadRequestAsync() is { } request)
            {
                Requests.Enqueue(request);
                await Answer(request, raw);
                if (!client.Connected)
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The gateway hung up, or the test closed the connection on purpose.
        }
    }
}
