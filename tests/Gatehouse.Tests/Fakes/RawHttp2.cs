using System.Buffers.Binary;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Gatehouse.Tests.Fakes;

/// <summary>Just enough HTTP/2 to send header blocks that no library would (RFC 9113, RFC 7541 literals only).</summary>
internal sealed class RawHttp2 : IAsyncDisposable
{
    private readonly TcpClient client;
    private readonly Stream stream;
    private uint nextStream = 1;

    private RawHttp2(TcpClient client, Stream stream)
    {
        this.client = client;
        this.stream = stream;
    }

    /// <summary>Connects with prior knowledge.</summary>
    public static async Task<RawHttp2> ConnectAsync(int port)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync("127.0.0.1", port);
        return await BeginAsync(new RawHttp2(client, client.GetStream()));
    }

    /// <summary>Connects by TLS to a server of this name, whatever certificate it shows.</summary>
    public static async Task<RawHttp2> ConnectTlsAsync(int port, string name)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync("127.0.0.1", port);
        var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = name,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
        });
        return await BeginAsync(new RawHttp2(client, tls));
    }

    private static async Task<RawHttp2> BeginAsync(RawHttp2 made)
    {
        await made.stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        await made.FrameAsync(4, 0, 0, []);
        return made;
    }

    /// <summary>Sends one request without a body. The status of the answer; null when the stream or connection was reset.</summary>
    public async Task<int?> AskAsync(IReadOnlyList<(string Name, string Value)> headers)
    {
        var id = await OpenAsync(headers, endStream: true);
        for (; ; )
        {
            if (await ReadAsync() is not var (type, _, from, payload))
            {
                return null;
            }

            switch (type)
            {
                case 1 when from == id:
                    return StatusOf(payload);
                case 3 when from == id:
                case 7:
                    return null;
            }
        }
    }

    /// <summary>Sends a header block and returns its stream.</summary>
    public async Task<uint> OpenAsync(IReadOnlyList<(string Name, string Value)> headers, bool endStream)
    {
        var block = new List<byte>();
        foreach (var (name, value) in headers)
        {
            block.Add(0x10); // literal, never indexed, new name
            Append(block, name);
            Append(block, value);
        }

        var id = nextStream;
        nextStream += 2;
        await FrameAsync(1, (byte)(endStream ? 5 : 4), id, [.. block]);
        return id;
    }

    /// <summary>Sends bytes on a stream.</summary>
    public Task DataAsync(uint id, string bytes) => FrameAsync(0, 0, id, Encoding.Latin1.GetBytes(bytes));

    /// <summary>The next frame that is not the connection's own business; null at the end.</summary>
    public async Task<(byte Type, byte Flags, uint Stream, byte[] Payload)?> ReadAsync()
    {
        for (; ; )
        {
            var head = new byte[9];
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
            try
            {
                await stream.ReadExactlyAsync(head, limit.Token);
                var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
                await stream.ReadExactlyAsync(payload, limit.Token);
                var id = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(5)) & 0x7fffffff;
                switch (head[3])
                {
                    case 4 when (head[4] & 1) == 0:
                        await FrameAsync(4, 1, 0, []);
                        continue;
                    case 4 or 8:
                        continue;
                    default:
                        return (head[3], head[4], id, payload);
                }
            }
            catch (IOException)
            {
                return null;
            }
        }
    }

    /// <summary>The status in a header block: Kestrel sends it first, indexed or as a literal.</summary>
    public static int? StatusOf(byte[] block) => block[0] switch
    {
        0x88 => 200,
        0x89 => 204,
        0x8a => 206,
        0x8b => 304,
        0x8c => 400,
        0x8d => 404,
        0x8e => 500,
        _ => int.TryParse(Encoding.Latin1.GetString(block.AsSpan(block.AsSpan().IndexOf((byte)3) + 1, 3)), CultureInfo.InvariantCulture, out var status) ? status : null,
    };

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        client.Dispose();
    }

    private static void Append(List<byte> block, string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        if (bytes.Length < 127)
        {
            block.Add((byte)bytes.Length);
        }
        else
        {
            block.Add(127);
            var rest = bytes.Length - 127;
            for (; rest >= 128; rest >>= 7)
            {
                block.Add((byte)((rest & 127) | 128));
            }

            block.Add((byte)rest);
        }

        block.AddRange(bytes);
    }

    private async Task FrameAsync(byte type, byte flags, uint id, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        frame[1] = (byte)(payload.Length >> 8);
        frame[2] = (byte)payload.Length;
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(5), id);
        payload.CopyTo(frame, 9);
        await stream.WriteAsync(frame);
    }
}
