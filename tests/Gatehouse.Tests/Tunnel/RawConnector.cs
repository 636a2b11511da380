using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tunnel.Wire;
using Gatehouse.Tunnel.Wire.Rpc;

namespace Gatehouse.Tests.Tunnel;

/// <summary>A connector by hand, frame by frame, that does as it is told: it answers pings or does not, and gives back a window or does not.</summary>
internal sealed class RawConnector : IAsyncDisposable
{
    private readonly TcpClient client;
    private readonly SslStream tls;
    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly Channel<int> opened = Channel.CreateUnbounded<int>();
    private readonly ConcurrentDictionary<int, int> received = new();
    private readonly TaskCompletionSource echoed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task reading = Task.CompletedTask;

    private RawConnector(TcpClient client, SslStream tls) => (this.client, this.tls) = (client, tls);

    /// <summary>How many requests came.</summary>
    public int Opened { get; private set; }

    /// <summary>How many pings came.</summary>
    public int Pings { get; private set; }

    /// <summary>Whether it answers none of them.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>Whether the edge closed the line.</summary>
    public bool IsClosed => reading.IsCompleted;

    /// <summary>The streams that the edge reset.</summary>
    public ConcurrentQueue<int> Reset { get; } = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Dials and registers. A window is both that of each stream and that of the connection, as stock connectors have it.</summary>
    public static async Task<RawConnector> RegisterAsync(TunnelRig rig, TunnelCredentials credentials, int window = 1024 * 1024)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(rig.Edge, Token);
#pragma warning disable CA5359 // whom it talks to is no matter
        var tls = new SslStream(client.GetStream(), false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync("h2.cftunnel.com");
        var made = new RawConnector(client, tls);
        await made.SendAsync(4, 0, 0, [0, 4, .. Number(window)]);
        await made.SendAsync(8, 0, 0, Number(window - 65_535));
        await tls.ReadExactlyAsync(new byte[24], Token);
        made.reading = made.ReadAsync();
        var control = await made.NextAsync();
        await made.HeadersAsync(control, (":status", "200"));
        var connector = Guid.CreateVersion7();
        var registration = new Registration { AccountTag = credentials.AccountTag, Secret = credentials.Secret, TunnelId = credentials.TunnelId, Index = 0, ConnectorId = connector, Features = [], Version = "raw", Arch = "x" };
        await made.SendAsync(0, 0, control, [.. RpcFrames.Bootstrap(0), .. RpcFrames.PipelinedCall(1, RpcTags.RegisterConnection, 0, registration.Write)]);
        await TunnelRig.UntilAsync(() => rig.Registry.Of(credentials.TunnelId).Any(c => c.Id == connector), "registered");
        made.Opened = 0;
        return made;
    }

    /// <summary>The next stream that the edge opens.</summary>
    public Task<int> NextAsync() => opened.Reader.ReadAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token);

    /// <summary>Bytes of a body that came.</summary>
    public int ReceivedOf(int stream) => received.GetValueOrDefault(stream);

    /// <summary>Answers as a service would that has nothing to say.</summary>
    public Task AnswerAsync(int stream, string userHeaders = "", bool isEnd = true) => SendAsync(
        1, (byte)(isEnd ? 5 : 4), stream, Block((":status", "200"), ("cf-cloudflared-response-meta", ResponseMeta.OriginText), ("cf-cloudflared-response-headers", userHeaders)));

    /// <summary>Says that it takes no streams after one; returns when the edge has read it.</summary>
    public async Task LeaveAsync(int last)
    {
        await SendAsync(7, 0, 0, [.. Number(last), 0, 0, 0, 0]);
        await SendAsync(6, 0, 0, new byte[8]); // frames are read in order
        await echoed.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
    }

    /// <summary>Sends a frame.</summary>
    public async Task SendAsync(byte type, byte flags, int stream, byte[] payload)
    {
        await writing.WaitAsync(Token);
        try
        {
            await tls.WriteAsync(Frame(type, flags, stream, payload), Token);
        }
        finally
        {
            writing.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await tls.DisposeAsync();
        client.Dispose();
        await reading;
        writing.Dispose();
    }

    /// <summary>A frame.</summary>
    public static byte[] Frame(byte type, byte flags, int id, byte[] payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, .. Number(id), .. payload];

    /// <summary>A header block: literals without indexing (RFC 7541 §6.2.2), names and values plain.</summary>
    public static byte[] Block(params (string Name, string Value)[] headers) => [.. headers.SelectMany(h => (byte[])[0, .. Text(h.Name), .. Text(h.Value)])];

    /// <summary>Sends headers that end nothing.</summary>
    public Task HeadersAsync(int stream, params (string, string)[] headers) => SendAsync(1, 4, stream, Block(headers));

    private async Task ReadAsync()
    {
        try
        {
            for (var header = new byte[9]; ;)
            {
                await tls.ReadExactlyAsync(header, CancellationToken.None);
                var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header) >>> 8];
                await tls.ReadExactlyAsync(payload, CancellationToken.None);
                await TakeAsync(header[3], header[4], BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)), payload);
            }
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or OperationCanceledException)
        {
            opened.Writer.TryComplete();
        }
    }

    private async Task TakeAsync(byte type, byte flags, int stream, byte[] payload)
    {
        switch (type)
        {
            case 0:
                received.AddOrUpdate(stream, payload.Length, (_, before) => before + payload.Length);
                break;
            case 1:
                Opened++;
                opened.Writer.TryWrite(stream);
                break;
            case 3:
                Reset.Enqueue(stream);
                break;
            case 4 when (flags & 1) == 0:
                await SendAsync(4, 1, 0, []);
                break;
            case 6 when (flags & 1) != 0:
                echoed.TrySetResult();
                break;
            case 6:
                Pings++;
                if (!IsDeaf)
                {
                    await SendAsync(6, 1, 0, payload);
                }

                break;
            default:
                break;
        }
    }

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Text(string text)
    {
        var bytes = new List<byte>();
        if (text.Length < 127)
        {
            bytes.Add((byte)text.Length);
        }
        else
        {
            bytes.Add(127);
            var left = text.Length - 127;
            for (; left >= 128; left /= 128)
            {
                bytes.Add((byte)((left % 128) + 128));
            }

            bytes.Add((byte)left);
        }

        bytes.AddRange(Encoding.ASCII.GetBytes(text));
        return [.. bytes];
    }
}
