using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Tunnel.Wire.Capnp;

/// <summary>A message as it came: up to a few segments of 8-byte words. Reading out of its bounds throws <see cref="InvalidDataException"/>, never anything else.</summary>
internal sealed class CapnpMessage(byte[][] segments)
{
    /// <summary>The most segments taken. Real peers send one.</summary>
    public const int MostSegments = 16;

    /// <summary>The largest message taken from a peer that is known. The largest real one holds a configuration.</summary>
    public const int Largest = 2 * 1024 * 1024;

    /// <summary>The largest message taken from anybody else. A registration needs some hundred bytes.</summary>
    public const int LargestOfStrangers = 64 * 1024;

    // Real readers follow each pointer once or twice. More means pointers that share their target: a small message that reads like a large one.
    private const int MostReadings = 4;

    // Memory is given as bytes come, not as they are announced.
    private const int FirstPiece = 8 * 1024;

    private long left = MostReadings * segments.Sum(s => (long)s.Length);

    /// <summary>The root.</summary>
    public CapnpPointer Root => new(this, 0, 0);

    /// <summary>Reads one framed message; null when the stream ends before one begins.</summary>
    /// <exception cref="InvalidDataException">It is no message, or too large.</exception>
    /// <exception cref="EndOfStreamException">The stream ends inside one.</exception>
    public static async Task<CapnpMessage?> ReadAsync(Stream from, int largest, CancellationToken cancellationToken)
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
        var lengths = Lengths(sizes, (int)segments + 1, largest);
        var parts = new byte[lengths.Length][];
        for (var n = 0; n < parts.Length; n++)
        {
            parts[n] = await ReadPartAsync(from, lengths[n], cancellationToken);
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

    /// <summary>Counts what a pointer leads to; each pointer counts for a word at least.</summary>
    public void Traverse(long bytes)
    {
        left -= Math.Max(8, bytes);
        if (left < 0)
        {
            Malformed("a message that reads as much more than it is");
        }
    }

    /// <summary>Ends reading.</summary>
    [DoesNotReturn]
    public static void Malformed(string what) => throw new InvalidDataException(what);

    // The count and the sizes together fill whole words.
    private static int TableSize(int segments) => (4 * segments) + (segments % 2 == 0 ? 4 : 0);

    private static int[] Lengths(byte[] sizes, int segments, int largest)
    {
        var lengths = new int[segments];
        long total = 0;
        for (var n = 0; n < segments; n++)
        {
            var words = BinaryPrimitives.ReadUInt32LittleEndian(sizes.AsSpan(4 * n));
            total += words * 8L;
            if (total > largest)
            {
                Malformed($"a message of over {largest} bytes");
            }

            lengths[n] = (int)words * 8;
        }

        return lengths;
    }

    private static async Task<byte[]> ReadPartAsync(Stream from, int length, CancellationToken cancellationToken)
    {
        var part = new byte[Math.Min(length, FirstPiece)];
        for (var have = 0; ;)
        {
            await from.ReadExactlyAsync(part.AsMemory(have), cancellationToken);
            have = part.Length;
            if (have == length)
            {
                return part;
            }

            Array.Resize(ref part, Math.Min(length, have * 2));
        }
    }
}
