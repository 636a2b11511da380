using System.Buffers.Binary;

namespace Gatehouse.Tunnel.Wire;

/// <summary>
/// The first frames of a peer: how much it takes of one stream, and of all of them together. Where both are the same (stock connectors: 1 MiB),
/// one request that nobody reads would take all there is, and everything else on the connection stood still; so each gets a part of it only.
/// </summary>
/// <remarks>
/// The HTTP/2 client is told of a smaller window than the peer gave, and uses no more. That needs a peer that says soon what was read, as Go's
/// server does every 4 KiB; one that says so at half of its window gives a larger one to the connection.
/// </remarks>
internal static class OpeningFrames
{
    /// <summary>The most that has to be held for them.</summary>
    public const int Most = FrameCursor.HeaderSize + Largest + WindowFrame;

    private const int Largest = 16 * 1024;
    private const int WindowFrame = FrameCursor.HeaderSize + 4;
    private const int Setting = 6; // bytes
    private const int InitialWindow = 4; // SETTINGS_INITIAL_WINDOW_SIZE
    private const int FirstWindow = 65_535; // RFC 9113 §6.9.2
    private const int LeastShare = 16 * 1024;
    private const int Shares = 4;

    /// <summary>Whether enough of them is here.</summary>
    /// <exception cref="InvalidDataException">The peer is to be cut off.</exception>
    public static bool AreWhole(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FrameCursor.HeaderSize)
        {
            return false;
        }

        if (!IsSettings(bytes))
        {
            return true;
        }

        var length = LengthOf(bytes);
        if (length > Largest)
        {
            throw new InvalidDataException($"a frame of {length} bytes");
        }

        var next = bytes.Length > FrameCursor.HeaderSize + length ? bytes[(FrameCursor.HeaderSize + length)..] : [];
        return next.Length >= FrameCursor.HeaderSize && (!IsWindow(next) || next.Length >= WindowFrame);
    }

    /// <summary>The same bytes with a window of each stream that leaves room for others.</summary>
    public static byte[] Share(ReadOnlySpan<byte> bytes)
    {
        if (!IsSettings(bytes))
        {
            return bytes.ToArray();
        }

        var length = LengthOf(bytes);
        var settings = bytes.Slice(FrameCursor.HeaderSize, length);
        var rest = bytes[(FrameCursor.HeaderSize + length)..];
        var whole = FirstWindow + (IsWindow(rest) ? BinaryPrimitives.ReadInt32BigEndian(rest[FrameCursor.HeaderSize..]) & int.MaxValue : 0L);
        var share = Math.Max(whole / Shares, LeastShare);
        if (WindowOf(settings) <= share)
        {
            return bytes.ToArray();
        }

        // The last of a kind counts (RFC 9113 §6.5.3).
        byte[] added = [0, InitialWindow, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(added.AsSpan(2), (int)share);
        byte[] head = [0, 0, 0, .. bytes[3..FrameCursor.HeaderSize]];
        (head[0], head[1], head[2]) = ((byte)((length + Setting) >> 16), (byte)((length + Setting) >> 8), (byte)(length + Setting));
        return [.. head, .. settings, .. added, .. rest];
    }

    private static long WindowOf(ReadOnlySpan<byte> settings)
    {
        long window = FirstWindow;
        for (; settings.Length >= Setting; settings = settings[Setting..])
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(settings) == InitialWindow)
            {
                window = BinaryPrimitives.ReadUInt32BigEndian(settings[2..]);
            }
        }

        return window;
    }

    // One that is malformed is for the client to refuse.
    private static bool IsSettings(ReadOnlySpan<byte> bytes) => (FrameType)bytes[3] is FrameType.Settings && (bytes[4] & FrameFlags.Ack) == 0 && LengthOf(bytes) % Setting == 0;

    private static bool IsWindow(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= FrameCursor.HeaderSize && (FrameType)bytes[3] is FrameType.Window && LengthOf(bytes) == 4 && (BinaryPrimitives.ReadInt32BigEndian(bytes[5..]) & int.MaxValue) == 0;

    private static int LengthOf(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt32BigEndian(bytes) >>> 8;
}
