using System.Buffers.Binary;

namespace Gatehouse.Tunnel.Wire;

/// <summary>
/// Watches the HTTP/2 frames that a peer sends and ends the connection when it sends what costs us much and brings nothing:
/// floods of control frames (CVE-2019-9512, -9514, -9515, -9518, CVE-2023-44487), frames over the size that was agreed, pushes.
/// </summary>
internal sealed class FrameGuard(TimeProvider clock)
{
    /// <summary>The most frames that carry nothing, in one window of time.</summary>
    public const int MostIdle = 2000;

    private const int HeaderSize = 9;
    private const int LargestFrame = 16 * 1024; // SETTINGS_MAX_FRAME_SIZE was never raised
    private const int MostContinuations = 64;
    private const byte DataFrame = 0;
    private const byte HeadersFrame = 1;
    private const byte ResetFrame = 3;
    private const byte SettingsFrame = 4;
    private const byte PushFrame = 5;
    private const byte PingFrame = 6;
    private const byte WindowFrame = 8;
    private const byte ContinuationFrame = 9;
    private const byte AckFlag = 1;
    private const byte EndStreamFlag = 1;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly byte[] header = new byte[HeaderSize];
    private int held; // bytes of the header so far
    private int left; // bytes of the payload to come
    private int idle;
    private int continuations;
    private long windowBegan = clock.GetTimestamp();

    /// <summary>Looks at bytes in the order they came.</summary>
    /// <exception cref="InvalidDataException">The peer is to be cut off.</exception>
    public void Look(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (left > 0)
            {
                var skipped = Math.Min(left, bytes.Length);
                left -= skipped;
                bytes = bytes[skipped..];
                continue;
            }

            var taken = Math.Min(HeaderSize - held, bytes.Length);
            bytes[..taken].CopyTo(header.AsSpan(held));
            held += taken;
            bytes = bytes[taken..];
            if (held == HeaderSize)
            {
                held = 0;
                left = BinaryPrimitives.ReadInt32BigEndian(header) >>> 8;
                Judge(header[3], header[4]);
            }
        }
    }

    private void Judge(byte type, byte flags)
    {
        if (left > LargestFrame)
        {
            throw new InvalidDataException($"a frame of {left} bytes");
        }

        if (type == PushFrame)
        {
            throw new InvalidDataException("a push, which was turned off");
        }

        continuations = type == ContinuationFrame ? continuations + 1 : 0;
        if (continuations > MostContinuations)
        {
            throw new InvalidDataException("headers without end");
        }

        if (IsIdle(type, flags))
        {
            Count();
        }
    }

    // Window updates answer data of ours; a service that resets streams is judged by how often.
    private bool IsIdle(byte type, byte flags) => type switch
    {
        DataFrame => left == 0 && (flags & EndStreamFlag) == 0,
        HeadersFrame or ContinuationFrame => false,
        PingFrame or SettingsFrame => (flags & AckFlag) == 0,
        ResetFrame => true,
        WindowFrame => false,
        _ => true,
    };

    private void Count()
    {
        if (clock.GetElapsedTime(windowBegan) > Window)
        {
            windowBegan = clock.GetTimestamp();
            idle = 0;
        }

        if (++idle > MostIdle)
        {
            throw new InvalidDataException($"over {MostIdle} frames that carry nothing in {Window.TotalSeconds:0} seconds");
        }
    }
}
