namespace Gatehouse.Tunnel.Wire;

/// <summary>
/// Watches the HTTP/2 frames on a connection that we opened streams on, and ends it when the peer sends what costs us much and brings nothing:
/// floods of control frames (CVE-2019-9511 to -9518, CVE-2023-44487, CVE-2025-8671), frames over the size that was agreed, pushes. What answers
/// something of ours, one for one, is no flood however fast visitors ask for it.
/// </summary>
internal sealed class FrameGuard(TimeProvider clock)
{
    /// <summary>The most frames that carry nothing, in one window of time.</summary>
    public const int MostIdle = 2000;

    /// <summary>The most frames that carry next to nothing. Sockets of many visitors send such ones rightly.</summary>
    public const int MostSmall = 200_000;

    private const int LargestFrame = 16 * 1024; // SETTINGS_MAX_FRAME_SIZE was never raised
    private const int MostContinuations = 64;
    private const int Small = 32; // bytes
    private const int HeadersOfStream = 4; // interim answers, the answer, trailers
    private const int FirstWindow = 65_535; // RFC 9113 §6.9.2

    // A peer that reads in small pieces may say so after each.
    private const int WindowsOfFrame = 4;
    private const int BytesOfWindow = 64;

    private static readonly TimeSpan Span = TimeSpan.FromSeconds(10);

    private readonly FrameCursor received = new(0);
    private readonly FrameCursor sent = new(FrameCursor.Preface);

    // Written by the sending side, read by the other.
    private long opened;
    private long windowsEarned = 8;
    private long available = FirstWindow;

    // Of the receiving side.
    private long resets;
    private long headers;
    private long ends;
    private long windows;
    private int idle;
    private int small;
    private int continuations;
    private long spanBegan = clock.GetTimestamp();
    private bool isInHeaders; // of the sending side

    /// <summary>Whether the peer takes no more bodies at all until it has read what it has.</summary>
    public bool IsExhausted => Interlocked.Read(ref available) <= 0;

    /// <summary>Whether a frame of another's may be sent after what was sent last.</summary>
    public bool MaySendFrame => sent.IsBetween && !isInHeaders;

    /// <summary>Looks at bytes that we are about to send, in their order.</summary>
    public void Sent(ReadOnlySpan<byte> bytes)
    {
        while (sent.Next(ref bytes))
        {
            switch (sent.Type)
            {
                case FrameType.Headers:
                    isInHeaders = (sent.Flags & FrameFlags.EndHeaders) == 0;
                    Interlocked.Increment(ref opened);
                    Interlocked.Add(ref windowsEarned, WindowsOfFrame);
                    break;
                case FrameType.Continuation:
                    isInHeaders = (sent.Flags & FrameFlags.EndHeaders) == 0;
                    break;
                case FrameType.Data:
                    Interlocked.Add(ref available, -sent.Length);
                    Interlocked.Add(ref windowsEarned, WindowsOfFrame + (sent.Length / BytesOfWindow));
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Looks at bytes in the order they came.</summary>
    /// <exception cref="InvalidDataException">The peer is to be cut off.</exception>
    public void Look(ReadOnlySpan<byte> bytes)
    {
        while (received.Next(ref bytes))
        {
            Judge();
        }
    }

    private void Judge()
    {
        if (received.Length > LargestFrame)
        {
            throw new InvalidDataException($"a frame of {received.Length} bytes");
        }

        if (received.Type is FrameType.Push)
        {
            throw new InvalidDataException("a push, which was turned off");
        }

        continuations = received.Type is FrameType.Continuation ? continuations + 1 : 0;
        if (continuations > MostContinuations)
        {
            throw new InvalidDataException("headers without end");
        }

        if (received is { Type: FrameType.Window, Stream: 0 })
        {
            Interlocked.Add(ref available, received.Increment);
        }

        if (IsIdle())
        {
            Count(ref idle, MostIdle, "nothing");
        }
        else if (received.Type is FrameType.Data && received.Length - received.Padding < Small && (received.Flags & FrameFlags.EndStream) == 0)
        {
            Count(ref small, MostSmall, "next to nothing");
        }
    }

    // Each stream that we opened may bring so many of these. A service that ends its answer before it has read the request resets each of them.
    private bool IsIdle() => received.Type switch
    {
        FrameType.Data when received.Length > received.Padding => false,
        FrameType.Data => (received.Flags & FrameFlags.EndStream) == 0 || IsOver(ref ends, Interlocked.Read(ref opened)),
        FrameType.Headers => IsOver(ref headers, HeadersOfStream * Interlocked.Read(ref opened)),
        FrameType.Continuation => false,
        FrameType.Ping or FrameType.Settings => (received.Flags & FrameFlags.Ack) == 0,
        FrameType.Reset => IsOver(ref resets, Interlocked.Read(ref opened)),
        FrameType.Window => IsOver(ref windows, Interlocked.Read(ref windowsEarned)),
        _ => true,
    };

    private static bool IsOver(ref long count, long most)
    {
        if (count >= most)
        {
            return true;
        }

        count++;
        return false;
    }

    private void Count(ref int count, int most, string what)
    {
        if (clock.GetElapsedTime(spanBegan) > Span)
        {
            spanBegan = clock.GetTimestamp();
            (idle, small) = (0, 0);
        }

        if (++count > most)
        {
            throw new InvalidDataException($"over {most} frames that carry {what} in {Span.TotalSeconds:0} seconds");
        }
    }
}
