using System.Text;

namespace Gatehouse.Tunnel.Wire.Capnp;

/// <summary>A pointer word in a message, at a byte offset. The default one is null.</summary>
internal readonly struct CapnpPointer(CapnpMessage? message, int segment, long at)
{
    private const ulong KindMask = 3;
    private const ulong StructKind = 0;
    private const ulong ListKind = 1;
    private const ulong FarKind = 2;
    private const ulong CapabilityKind = 3;
    private const int ByteElements = 2;
    private const int PointerElements = 6;
    private const int CompositeElements = 7;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether it leads nowhere: the default value of what it stands for.</summary>
    public bool IsNull => message is null || message.Word(segment, at) == 0;

    /// <summary>The struct it leads to; one without fields when null.</summary>
    public CapnpStruct Struct()
    {
        if (IsNull)
        {
            return default;
        }

        var target = Resolve();
        if ((target.Tag & KindMask) != StructKind)
        {
            CapnpMessage.Malformed("a pointer that should lead to a struct");
        }

        int data = (int)((target.Tag >> 32) & 0xffff) * 8, pointers = (int)(target.Tag >> 48);
        message!.Bytes(target.Segment, target.At, data + (8L * pointers)); // not null: it resolved
        message.Traverse(data + (8L * pointers));
        return new CapnpStruct(message, target.Segment, target.At, data, pointers);
    }

    /// <summary>The bytes it leads to; none when null.</summary>
    public ReadOnlySpan<byte> Data()
    {
        if (IsNull)
        {
            return [];
        }

        var (found, count) = List(ByteElements);
        message!.Traverse(count); // not null: it resolved
        return message.Bytes(found.Segment, found.At, count);
    }

    /// <summary>The text it leads to, without its final NUL; empty when null. Refused before anything is made of it when it has more than <paramref name="longest"/> bytes.</summary>
    public string Text(int longest)
    {
        var bytes = Data();
        if (bytes.Length > longest + 1)
        {
            CapnpMessage.Malformed($"a text of over {longest} bytes");
        }

        if (bytes.IsEmpty)
        {
            return "";
        }

        if (bytes[^1] != 0)
        {
            CapnpMessage.Malformed("a text without its end");
        }

        try
        {
            return Strict.GetString(bytes[..^1]);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException("a text that is not UTF-8");
        }
    }

    /// <summary>The texts of a list, each of at most <paramref name="longest"/> bytes; none when null.</summary>
    public IReadOnlyList<string> Texts(int most, int longest)
    {
        if (IsNull)
        {
            return [];
        }

        var (found, count) = List(PointerElements);
        if (count > most)
        {
            CapnpMessage.Malformed($"a list of over {most}");
        }

        message!.Traverse(8L * count); // not null: it resolved
        var texts = new string[count];
        for (var n = 0; n < count; n++)
        {
            texts[n] = new CapnpPointer(message, found.Segment, found.At + (8L * n)).Text(longest);
        }

        return texts;
    }

    /// <summary>The structs of a list; none when null.</summary>
    public IReadOnlyList<CapnpStruct> Structs(int most)
    {
        if (IsNull)
        {
            return [];
        }

        var (found, words) = List(CompositeElements);
        var tag = message!.Word(found.Segment, found.At); // not null: it resolved
        long count = (uint)tag >> 2, data = (long)((tag >> 32) & 0xffff), pointers = (long)(tag >> 48);
        if (count > most || count * (data + pointers) > words)
        {
            CapnpMessage.Malformed("a list longer than its room");
        }

        message.Bytes(found.Segment, found.At + 8, words * 8L);
        message.Traverse((words + count) * 8L); // structs without size count too
        var structs = new CapnpStruct[count];
        for (var n = 0; n < count; n++)
        {
            structs[n] = new CapnpStruct(message, found.Segment, found.At + 8 + (n * (data + pointers) * 8), (int)data * 8, (int)pointers);
        }

        return structs;
    }

    /// <summary>The index of the capability it stands for; null when it stands for something else.</summary>
    public uint? Capability() => !IsNull && message!.Word(segment, at) is var word && (word & KindMask) == CapabilityKind ? (uint)(word >> 32) : null;

    private (Target Found, int Count) List(int elements)
    {
        var target = Resolve();
        if ((target.Tag & KindMask) != ListKind || (int)((target.Tag >> 32) & 7) != elements)
        {
            CapnpMessage.Malformed("a pointer that should lead to another kind of list");
        }

        return (target, (int)(target.Tag >> 35));
    }

    // Follows a far pointer once: a landing pad that is itself far is only legal in the double form.
    private Target Resolve()
    {
        var word = message!.Word(segment, at); // not null: callers looked
        if ((word & KindMask) != FarKind)
        {
            return new Target(segment, word, at + 8 + Offset(word));
        }

        int there = (int)(word >> 32);
        var pad = ((word >> 3) & 0x1fffffff) * 8;
        var first = message.Word(there, (long)pad);
        if ((word & 4) == 0)
        {
            return (first & KindMask) == FarKind ? Refused() : new Target(there, first, (long)pad + 8 + Offset(first));
        }

        var tag = message.Word(there, (long)pad + 8);
        return (first & 7) != FarKind || (tag & KindMask) is FarKind or CapabilityKind
            ? Refused()
            : new Target((int)(first >> 32), tag, (long)((first >> 3) & 0x1fffffff) * 8);
    }

    private static Target Refused() => throw new InvalidDataException("a far pointer that leads to another");

    private static long Offset(ulong word) => ((int)(uint)word >> 2) * 8L;

    private readonly record struct Target(int Segment, ulong Tag, long At);
}

/// <summary>A struct in a message. What it does not hold reads as zero, so that old and new versions understand each other.</summary>
internal readonly struct CapnpStruct(CapnpMessage? message, int segment, long at, int data, int pointers)
{
    public byte U8(int offset) => offset + 1 <= data ? message!.Bytes(segment, at + offset, 1)[0] : (byte)0; // not null: data is zero without one

    public ushort U16(int offset) => offset + 2 <= data ? System.Buffers.Binary.BinaryPrimitives.ReadUInt16LittleEndian(message!.Bytes(segment, at + offset, 2)) : (ushort)0;

    public uint U32(int offset) => offset + 4 <= data ? System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(message!.Bytes(segment, at + offset, 4)) : 0;

    public ulong U64(int offset) => offset + 8 <= data ? System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(message!.Bytes(segment, at + offset, 8)) : 0;

    public bool Bit(int bit) => ((U8(bit / 8) >> (bit % 8)) & 1) == 1;

    public CapnpPointer Pointer(int index) => index < pointers ? new CapnpPointer(message, segment, at + data + (8L * index)) : default;
}
