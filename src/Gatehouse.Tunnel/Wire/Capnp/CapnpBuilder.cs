using System.Buffers.Binary;
using System.Text;

namespace Gatehouse.Tunnel.Wire.Capnp;

/// <summary>Builds a message of one segment. Places are byte offsets; the root pointer is at 0.</summary>
internal sealed class CapnpBuilder
{
    private byte[] buffer = new byte[512];
    private int length = 8;

    /// <summary>Puts a struct after all there is and points to it from <paramref name="pointer"/>; where its data begins.</summary>
    public int Struct(int pointer, int dataWords, int pointers)
    {
        var at = Allocate(dataWords + pointers);

        // A struct without size points at itself, so that it is not null.
        var offset = dataWords + pointers == 0 ? -1 : (at - pointer - 8) / 8;
        Put(pointer, (uint)(offset << 2), (uint)(dataWords | (pointers << 16)));
        return at;
    }

    public void U8(int at, byte value) => buffer[at] = value;

    public void U16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(buffer.AsSpan(at), value);

    public void U32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(at), value);

    public void U64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(buffer.AsSpan(at), value);

    /// <summary>Bytes.</summary>
    public void Data(int pointer, ReadOnlySpan<byte> bytes) => Bytes(pointer, bytes, bytes.Length);

    /// <summary>A text with its final NUL.</summary>
    public void Text(int pointer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Bytes(pointer, bytes, bytes.Length + 1);
    }

    /// <summary>A list of texts.</summary>
    public void Texts(int pointer, IReadOnlyList<string> texts)
    {
        var at = Allocate(texts.Count);
        Put(pointer, ListOffset(pointer, at), (uint)((texts.Count << 3) | 6));
        for (var n = 0; n < texts.Count; n++)
        {
            Text(at + (8 * n), texts[n]);
        }
    }

    /// <summary>A list of structs; where the first one begins.</summary>
    public int Structs(int pointer, int count, int dataWords, int pointers)
    {
        var words = count * (dataWords + pointers);
        var at = Allocate(1 + words);
        Put(pointer, ListOffset(pointer, at), (uint)((words << 3) | 7));
        Put(at, (uint)(count << 2), (uint)(dataWords | (pointers << 16)));
        return at + 8;
    }

    /// <summary>A capability.</summary>
    public void Capability(int pointer, uint index) => Put(pointer, 3, index);

    /// <summary>The message with its frame.</summary>
    public byte[] ToFrame()
    {
        var frame = new byte[8 + length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), (uint)(length / 8));
        buffer.AsSpan(0, length).CopyTo(frame.AsSpan(8));
        return frame;
    }

    private static uint ListOffset(int pointer, int at) => (uint)(((at - pointer - 8) / 8) << 2) | 1;

    private void Bytes(int pointer, ReadOnlySpan<byte> bytes, int count)
    {
        var at = Allocate((count + 7) / 8);
        bytes.CopyTo(buffer.AsSpan(at));
        Put(pointer, ListOffset(pointer, at), (uint)((count << 3) | 2));
    }

    private void Put(int pointer, uint low, uint high)
    {
        U32(pointer, low);
        U32(pointer + 4, high);
    }

    private int Allocate(int words)
    {
        var at = length;
        length += words * 8;
        if (length > buffer.Length)
        {
            Array.Resize(ref buffer, Math.Max(length, buffer.Length * 2));
        }

        return at;
    }
}
