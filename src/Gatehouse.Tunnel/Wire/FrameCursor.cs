using System.Buffers.Binary;

namespace Gatehouse.Tunnel.Wire;

/// <summary>Tells HTTP/2 frames apart in bytes that come cut anyhow (RFC 9113 §4.1). One for each direction of a connection; the first <c>skip</c> bytes are none.</summary>
internal sealed class FrameCursor(int skip)
{
    /// <summary>Bytes before each payload.</summary>
    public const int HeaderSize = 9;

    /// <summary>Bytes a client sends before its first frame (RFC 9113 §3.4).</summary>
    public const int Preface = 24;

    private const int MostOfPayload = 4;

    private readonly byte[] head = new byte[HeaderSize + MostOfPayload];
    private int left = skip; // bytes to pass over
    private int held; // bytes in head
    private int wanted = HeaderSize;

    /// <summary>Whether what has come so far ends with a frame.</summary>
    public bool IsBetween => left == 0 && held == 0;

    /// <summary>What kind of frame it is.</summary>
    public FrameType Type => (FrameType)head[3];

    /// <summary>Its flags.</summary>
    public byte Flags => head[4];

    /// <summary>Its stream; zero for those of the connection.</summary>
    public int Stream => BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)) & int.MaxValue;

    /// <summary>Bytes of its payload.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes of padding, with the one that counts them.</summary>
    public int Padding => IsPadded && Length > 0 ? head[HeaderSize] + 1 : 0;

    /// <summary>By how much a window grows; of window frames only.</summary>
    public int Increment => Length < MostOfPayload ? 0 : BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(HeaderSize)) & int.MaxValue;

    private bool IsPadded => Type is FrameType.Data && (Flags & FrameFlags.Padded) != 0;

    /// <summary>Moves to the next frame, whose payload is not waited for. False when the bytes end first.</summary>
    public bool Next(ref ReadOnlySpan<byte> bytes)
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

            var taken = Math.Min(wanted - held, bytes.Length);
            bytes[..taken].CopyTo(head.AsSpan(held));
            held += taken;
            bytes = bytes[taken..];
            if (held < wanted)
            {
                return false;
            }

            if (wanted == HeaderSize)
            {
                Length = BinaryPrimitives.ReadInt32BigEndian(head) >>> 8;
                wanted += Math.Min(Length, Type is FrameType.Window ? MostOfPayload : IsPadded ? 1 : 0);
                if (held < wanted)
                {
                    continue;
                }
            }

            left = Length - (wanted - HeaderSize);
            (held, wanted) = (0, HeaderSize);
            return true;
        }

        return false;
    }
}

/// <summary>Kinds of frames (RFC 9113 §6).</summary>
internal enum FrameType : byte
{
    /// <summary>Part of a body.</summary>
    Data = 0,

    /// <summary>Begins a header block.</summary>
    Headers = 1,

    /// <summary>Ends a stream before its time.</summary>
    Reset = 3,

    /// <summary>What the sender takes.</summary>
    Settings = 4,

    /// <summary>Announces an answer that was not asked for.</summary>
    Push = 5,

    /// <summary>Asks for a sign of life, or is one.</summary>
    Ping = 6,

    /// <summary>Lets the other side send more.</summary>
    Window = 8,

    /// <summary>Goes on with a header block.</summary>
    Continuation = 9,
}

/// <summary>Flags of frames.</summary>
internal static class FrameFlags
{
    /// <summary>The answer to settings or a ping.</summary>
    public const byte Ack = 1;

    /// <summary>The last of its stream.</summary>
    public const byte EndStream = 1;

    /// <summary>The last of a header block.</summary>
    public const byte EndHeaders = 4;

    /// <summary>Holds padding.</summary>
    public const byte Padded = 8;
}
