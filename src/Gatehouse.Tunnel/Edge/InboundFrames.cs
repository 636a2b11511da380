using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Gatehouse.Tunnel.Wire;

namespace Gatehouse.Tunnel.Edge;

/// <summary>What a connector sends, as the HTTP/2 client is to see it: the first frames with a fair window, and no answers to pings that are not the client's.</summary>
internal sealed class InboundFrames(Stream inner, TimeProvider clock)
{
    private const int PingFrame = FrameCursor.HeaderSize + 8;
    private const int Narrow = 64; // a buffer that may not hold what was held back and anything new
    private const long Mark = 0x4761_7465_0000_0000; // the client counts its own pings from one, or below zero

    private readonly byte[] back = new byte[PingFrame]; // the beginning of a frame of which too little is here
    private int heldBack;
    private int passing; // bytes of a frame that are no longer looked at
    private bool hasOpened;
    private ReadOnlyMemory<byte> ready; // was looked at, and did not fit
    private long asked; // zero when no answer is awaited
    private int count;
    private long readAt = clock.GetTimestamp();
    private long sentSinceRead;

    /// <summary>For how long nothing came.</summary>
    public TimeSpan Quiet => clock.GetElapsedTime(Volatile.Read(ref readAt));

    /// <summary>How many bytes were sent since; they may still be on their way.</summary>
    public long SentSinceRead => Interlocked.Read(ref sentSinceRead);

    /// <summary>Whether a ping of ours has no answer yet.</summary>
    public bool IsAsked => Volatile.Read(ref asked) != 0;

    /// <summary>A ping to send. There is one at a time.</summary>
    public byte[] Ask()
    {
        var payload = Mark | (uint)++count;
        Volatile.Write(ref asked, payload);
        var frame = new byte[PingFrame];
        (frame[2], frame[3]) = (PingFrame - FrameCursor.HeaderSize, (byte)FrameType.Ping);
        BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(FrameCursor.HeaderSize), payload);
        return frame;
    }

    /// <summary>Counts bytes that are sent.</summary>
    public void Sent(int bytes) => Interlocked.Add(ref sentSinceRead, bytes);

    /// <summary>Reads on. Nothing but the end of the connection gives zero, when there is room.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!ready.IsEmpty)
        {
            return Deliver(buffer);
        }

        if (buffer.IsEmpty)
        {
            return await inner.ReadAsync(buffer, cancellationToken); // only waits
        }

        if (!hasOpened)
        {
            return await OpenAsync(cancellationToken) ? Deliver(buffer) : 0;
        }

        for (; ; )
        {
            var into = buffer.Length >= Narrow ? buffer : new byte[Narrow];
            back.AsMemory(0, heldBack).CopyTo(into);
            var read = await inner.ReadAsync(into[heldBack..], cancellationToken);
            if (read == 0)
            {
                return 0;
            }

            Heard();
            read += heldBack;
            heldBack = 0;
            var kept = Filter(into.Span[..read]);
            if (kept == 0)
            {
                continue;
            }

            if (buffer.Length >= Narrow)
            {
                return kept;
            }

            ready = into[..kept];
            return Deliver(buffer);
        }
    }

    private void Heard()
    {
        Volatile.Write(ref readAt, clock.GetTimestamp());
        Interlocked.Exchange(ref sentSinceRead, 0);
    }

    private int Deliver(Memory<byte> buffer)
    {
        var size = Math.Min(buffer.Length, ready.Length);
        ready[..size].CopyTo(buffer);
        ready = ready[size..];
        return size;
    }

    // The window of the whole connection comes right after that of a stream.
    private async ValueTask<bool> OpenAsync(CancellationToken cancellationToken)
    {
        var first = new byte[1024];
        for (var size = 0; ;)
        {
            var read = await inner.ReadAsync(first.AsMemory(size), cancellationToken);
            if (read == 0)
            {
                return false;
            }

            Heard();
            size += read;
            if (OpeningFrames.AreWhole(first.AsSpan(0, size)))
            {
                var shared = OpeningFrames.Share(first.AsSpan(0, size));
                ready = shared.AsMemory(0, Filter(shared));
                hasOpened = true;
                return true;
            }

            if (size == first.Length)
            {
                Array.Resize(ref first, Math.Min(size * 2, OpeningFrames.Most)); // fewer than that are never too few
            }
        }
    }

    // Takes out what is not for the client; how many bytes are left. The beginning of a frame is held back until it is known what it is.
    private int Filter(Span<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            if (passing > 0)
            {
                var passed = Math.Min(passing, bytes.Length - at);
                passing -= passed;
                at += passed;
                continue;
            }

            var rest = bytes[at..];
            if (rest.Length < FrameCursor.HeaderSize)
            {
                return HoldBack(rest, at);
            }

            var length = BinaryPrimitives.ReadInt32BigEndian(rest) >>> 8;
            if ((FrameType)rest[3] is not FrameType.Ping || (rest[4] & FrameFlags.Ack) == 0 || length != PingFrame - FrameCursor.HeaderSize || !IsAsked)
            {
                passing = FrameCursor.HeaderSize + length;
            }
            else if (rest.Length < PingFrame)
            {
                return HoldBack(rest, at);
            }
            else if (BinaryPrimitives.ReadInt64BigEndian(rest[FrameCursor.HeaderSize..]) != Volatile.Read(ref asked))
            {
                passing = PingFrame;
            }
            else
            {
                Volatile.Write(ref asked, 0);
                rest[PingFrame..].CopyTo(rest);
                bytes = bytes[..^PingFrame];
            }
        }

        return at;
    }

    private int HoldBack(ReadOnlySpan<byte> rest, int at)
    {
        rest.CopyTo(back);
        heldBack = rest.Length;
        return at;
    }
}
