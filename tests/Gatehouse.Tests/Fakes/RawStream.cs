using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Gatehouse.Tests.Fakes;

/// <summary>HTTP/1.1 by hand: bytes out as they are, messages in without anyone's opinion. Characters are bytes (Latin-1).</summary>
internal sealed class RawStream(Stream stream) : IAsyncDisposable
{
    private readonly List<byte> held = [];

    /// <summary>Connects to a port of this machine.</summary>
    public static async Task<RawStream> ConnectAsync(int port)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync("127.0.0.1", port);
        return new RawStream(client.GetStream());
    }

    /// <summary>Sends one request on a connection of its own and reads the answer.</summary>
    public static async Task<RawMessage> AskAsync(int port, string request)
    {
        await using var raw = await ConnectAsync(port);
        await raw.SendAsync(request);
        return await raw.ReadAnswerAsync(request.StartsWith("HEAD ", StringComparison.Ordinal));
    }

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(string bytes)
    {
        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes));
        await stream.FlushAsync();
    }

    /// <summary>Reads a request with its body; null at the end of the connection.</summary>
    public async Task<RawMessage?> ReadRequestAsync()
    {
        if (await ReadHeadAsync() is not { } head)
        {
            return null;
        }

        var message = new RawMessage(head, "", true);
        var (body, whole) = await ReadBodyAsync(message, untilClose: false);
        return message with { Body = body, IsWhole = whole };
    }

    /// <summary>Reads an answer; interim ones (1xx but 101) are skipped.</summary>
    public async Task<RawMessage> ReadAnswerAsync(bool isHead = false)
    {
        var head = await ReadHeadAsync() ?? throw new IOException("closed without an answer");
        var message = new RawMessage(head, "", true);
        if (message.Status is >= 100 and < 200 and not 101)
        {
            return await ReadAnswerAsync(isHead);
        }

        if (isHead || message.Status is 101 or 204 or 304)
        {
            return message;
        }

        var (body, whole) = await ReadBodyAsync(message, untilClose: true);
        return message with { Body = body, IsWhole = whole };
    }

    /// <summary>The head of a message with its empty line; null at the end.</summary>
    public async Task<string?> ReadHeadAsync()
    {
        for (; ; )
        {
            var text = Encoding.Latin1.GetString([.. held]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                held.RemoveRange(0, end + 4);
                return text[..(end + 4)];
            }

            if (!await FillAsync())
            {
                return null;
            }
        }
    }

    /// <summary>Reads up to <paramref name="count"/> bytes; fewer only at the end.</summary>
    public async Task<string> ReadAsync(int count)
    {
        while (held.Count < count && await FillAsync())
        {
        }

        var taken = held.Take(count).ToArray();
        held.RemoveRange(0, taken.Length);
        return Encoding.Latin1.GetString(taken);
    }

    /// <summary>Reads up to and including <paramref name="mark"/>; null when the end comes first.</summary>
    public async Task<string?> ReadUntilAsync(string mark)
    {
        for (; ; )
        {
            var text = Encoding.Latin1.GetString([.. held]);
            var at = text.IndexOf(mark, StringComparison.Ordinal);
            if (at >= 0)
            {
                held.RemoveRange(0, at + mark.Length);
                return text[..(at + mark.Length)];
            }

            if (!await FillAsync())
            {
                return null;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async Task<(string Body, bool Whole)> ReadBodyAsync(RawMessage message, bool untilClose)
    {
        if (message.Header("Transfer-Encoding") is not null)
        {
            return await ReadChunksAsync();
        }

        if (message.Header("Content-Length") is { } length)
        {
            var wanted = int.Parse(length, CultureInfo.InvariantCulture);
            var body = await ReadAsync(wanted);
            return (body, body.Length == wanted);
        }

        return untilClose ? (await ReadAsync(int.MaxValue), true) : ("", true);
    }

    private async Task<(string Body, bool Whole)> ReadChunksAsync()
    {
        var body = new StringBuilder();
        for (; ; )
        {
            if (await ReadUntilAsync("\r\n") is not { } size)
            {
                return (body.ToString(), false);
            }

            var count = int.Parse(size.Trim().Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var chunk = await ReadAsync(count);
            body.Append(chunk);
            if (chunk.Length < count || await ReadUntilAsync("\r\n") is null)
            {
                return (body.ToString(), false);
            }

            if (count == 0)
            {
                return (body.ToString(), true);
            }
        }
    }

    private async Task<bool> FillAsync()
    {
        var buffer = new byte[16 * 1024];
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
            var read = await stream.ReadAsync(buffer, limit.Token);
            held.AddRange(buffer.AsSpan(0, read));
            return read > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }
}

/// <summary>A message as it stood on the wire.</summary>
/// <param name="Head">First line and headers.</param>
/// <param name="IsWhole">Whether its framing said that it ended.</param>
internal sealed record RawMessage(string Head, string Body, bool IsWhole)
{
    /// <summary>The first line.</summary>
    public string FirstLine => Head[..Head.IndexOf("\r\n", StringComparison.Ordinal)];

    /// <summary>Status of an answer.</summary>
    public int Status => FirstLine.StartsWith("HTTP/", StringComparison.Ordinal) ? int.Parse(FirstLine.Split(' ')[1], CultureInfo.InvariantCulture) : 0;

    /// <summary>Target of a request.</summary>
    public string Target => FirstLine.Split(' ')[1];

    /// <summary>All values of a header.</summary>
    public IReadOnlyList<string> Headers(string name) =>
        [.. Head.Split("\r\n").Skip(1).Where(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(l => l[(name.Length + 1)..].Trim())];

    /// <summary>The first value of a header, or null.</summary>
    public string? Header(string name) => Headers(name) is [var first, ..] ? first : null;
}
