using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Tunnel.Wire.Capnp;

/// <summary>A message as it came: up to a few segments of 8-byte words. Reading out of its bounds throws <see cref="InvalidDataException"/>, never anything else.</summary>
internal sealed class CapnpMessage(byte[][] segments)
{
    /// <summary>The most segments taken. Real peers send one.</summary>
    public const int MostSegments = 16;

    /// <summary>The largest message taken. The largest real one holds a configuration.</summary>
    public const int Largest = 2 * 1024 * 1024;

    // Each look at a pointer counts: a small message must not make a reader look at a large one's worth of things.
    private const int MostLooks = 20_000;

    private int looks;

    /// <summary>The root.</summary>
    public CapnpPointer Root => new(this, 0, 0);

    /// <summary>Reads one framed message; null when the stream ends before one begins.</summary>
    /// <exception cref="InvalidDataException">It is no message, or too large.</exception>
    /// <exception cref="EndOfStreamException">The stream ends inside one.</exception>
    public static async Task<CapnpMessage?> ReadAsync(Stream from, CancellationToken cancellationToken)
    {
        var count = new byte[4];
        var read = await from.ReadAtLeastAsync(count, count.Length, throwOnEndOfStream: false, cancellationToken);
        if (read == 0)
        {
            return null;
        }

        if (read < count.Length)
        {
            throw new EndOfStreamException();
        }

        var segments = BinaryPrimitives.ReadUInt32LittleEndian(count);
        if (segments >= MostSegments)
        {
            throw new InvalidDataException($"a message of over {MostSegments} segments");
        }

        var sizes = new byte[TableSize((int)segments + 1)];
        await from.ReadExactlyAsync(sizes, cancellationToken);
        var parts = Parts(sizes, (int)segments + 1);
        foreach (var part in parts)
        {
            await from.ReadExactlyAsync(part, cancellationToken);
        }

        return new CapnpMessage(parts);
    }

    /// <summary>Eight bytes at a byte offset.</summary>
    public ulong Word(int segment, long at) => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(segment, at, 8));

    /// <summary>Bytes at a byte offset.</summary>
    public ReadOnlySpan<byte> Bytes(int segment, long at, long length)
    {
        if (segment < 0 || segment >= segments.Length || at < 0 || length < 0 || at + length > segments[segment].Length)
        {
            Malformed("a pointer leads out of the message");
        }

        return segments[segment].AsSpan((int)at, (int)length);
    }

    /// <summary>Counts one look.</summary>
    public void Look()
    {
        if (++looks > MostLooks)
        {
            Malformed("a message that leads in circles");
        }
    }

    /// <summary>Ends reading.</summary>
    [DoesNotReturn]
    public static void Malformed(string what) => throw new InvalidDataException(what);

    // The count and the sizes together fill whole words.
    private static int TableSize(int segments) => (4 * segments) + (segments % 2 == 0 ? 4 : 0);

    private static byte[][] Parts(byte[] sizes, int segments)
    {
        var parts = new byte[segments][];
        long total = 0;
        for (var n = 0; n < segments; n++)
        {
            var words = BinaryPrimitives.ReadUInt32LittleEndian(sizes.AsSpan(4 * n));
            total += words * 8L;
            if (total > Largest)
            {
                Malformed($"a message of over {Largest} bytes");
            }

            parts[n] = new byte[words * 8];
        }

        return parts;
    }
}
