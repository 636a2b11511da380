using System.Buffers.Binary;

namespace Gatehouse.Model.Authenticators.WebAuthn;

/// <summary>
/// Reads the part of CBOR (RFC 8949) that authenticators write in CTAP2's canonical form: integers, strings, arrays, maps, and the simple
/// values. Lengths are definite and keys stand once, or it is refused.
/// </summary>
internal ref struct Cbor(ReadOnlySpan<byte> bytes)
{
    private const int Deepest = 4; // CTAP2 §8
    private readonly ReadOnlySpan<byte> bytes = bytes;
    private int at;

    /// <summary>How many bytes were read.</summary>
    public readonly int Position => at;

    /// <summary>Reads a map of integers or texts to anything; the values are <see cref="long"/>, byte arrays, text, list, map, bool or null.</summary>
    public Dictionary<object, object?> ReadMap() => Read(0) as Dictionary<object, object?> ?? throw new MalformedException("CBOR: expected a map");

    private object? Read(int depth)
    {
        if (depth > Deepest)
        {
            throw new MalformedException("CBOR: too deep");
        }

        var first = Take(1)[0];
        var length = first & 31;
        switch (first >> 5)
        {
            case 0:
                return Number(length);
            case 1:
                return -1 - Number(length);
            case 2:
                return Take(Count(length)).ToArray();
            case 3:
                return Text(Take(Count(length)));
            case 4:
                return List(Count(length), depth);
            case 5:
                return Map(Count(length), depth);
            case 7 when length is 20 or 21:
                return length == 21;
            case 7 when length == 22:
                return null;
            default:
                throw new MalformedException("CBOR: a tag, a float, or an undefined value");
        }
    }

    private List<object?> List(int count, int depth)
    {
        var found = new List<object?>();
        for (var i = 0; i < count; i++)
        {
            found.Add(Read(depth + 1));
        }

        return found;
    }

    private Dictionary<object, object?> Map(int count, int depth)
    {
        var found = new Dictionary<object, object?>();
        for (var i = 0; i < count; i++)
        {
            var key = Read(depth + 1);
            if (key is not (long or string) || !found.TryAdd(key, Read(depth + 1)))
            {
                throw new MalformedException("CBOR: a key that is neither number nor text, or stands twice");
            }
        }

        return found;
    }

    private long Number(int length)
    {
        var value = length switch
        {
            < 24 => (ulong)length,
            24 => Take(1)[0],
            25 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            26 => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
            27 => BinaryPrimitives.ReadUInt64BigEndian(Take(8)),
            _ => throw new MalformedException("CBOR: an indefinite length"),
        };
        return value <= long.MaxValue ? (long)value : throw new MalformedException("CBOR: a number over 63 bits");
    }

    // Each element takes a byte at least, so a longer count than what is left is a lie.
    private int Count(int length) => Number(length) is var count && count <= bytes.Length - at ? (int)count : throw new MalformedException("CBOR: cut short");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > bytes.Length - at)
        {
            throw new MalformedException("CBOR: cut short");
        }

        var taken = bytes.Slice(at, count);
        at += count;
        return taken;
    }

    private static string Text(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8);
        }
        catch (ArgumentException)
        {
            throw new MalformedException("CBOR: text that is not UTF-8");
        }
    }
}
