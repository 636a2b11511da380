using Gatehouse.Tunnel.Wire.Capnp;

namespace Gatehouse.Tunnel.Wire.Rpc;

/// <summary>A message of the control stream. A closed set.</summary>
internal abstract record RpcMessage
{
    // Why a peer ends or refuses something is a sentence.
    private const int LongestReason = 4096;

    private RpcMessage()
    {
    }

    /// <summary>Asks for the object that calls go to.</summary>
    public sealed record Bootstrap(uint Question) : RpcMessage;

    /// <summary>A call. <paramref name="Parameters"/> is valid while the message is.</summary>
    public sealed record Call(uint Question, ulong Interface, ushort Method, bool IsPipelined, CapnpStruct Parameters) : RpcMessage;

    /// <summary>An answer with results.</summary>
    public sealed record Results(uint Answer, CapnpPointer Content) : RpcMessage;

    /// <summary>An answer that is an error.</summary>
    public sealed record Failure(uint Answer, string Reason, ushort Type) : RpcMessage;

    /// <summary>An answer that was given up.</summary>
    public sealed record Canceled(uint Answer) : RpcMessage;

    /// <summary>The asker has what it wanted.</summary>
    public sealed record Finish(uint Question, bool ReleasesResults) : RpcMessage;

    /// <summary>An object is no longer used.</summary>
    public sealed record Release(uint Id, uint Count) : RpcMessage;

    /// <summary>The peer ends the conversation.</summary>
    public sealed record Abort(string Reason, ushort Type) : RpcMessage;

    /// <summary>The peer did not understand something of ours.</summary>
    public sealed record Unimplemented : RpcMessage;

    /// <summary>Something that this protocol does not use.</summary>
    public sealed record Other(ushort Kind) : RpcMessage;

    /// <summary>Reads it.</summary>
    /// <exception cref="InvalidDataException">It can't be read.</exception>
    public static RpcMessage Of(CapnpMessage message)
    {
        var root = message.Root.Struct();
        var body = root.Pointer(0).Struct;
        return root.U16(0) switch
        {
            RpcTags.Unimplemented => new Unimplemented(),
            RpcTags.Abort => new Abort(body().Pointer(0).Text(LongestReason), body().U16(4)),
            RpcTags.Call => CallOf(body()),
            RpcTags.Return => ReturnOf(body()),
            RpcTags.Finish => new Finish(body().U32(0), !body().Bit(32)),
            RpcTags.Release => new Release(body().U32(0), body().U32(4)),
            RpcTags.Bootstrap => new Bootstrap(body().U32(0)),
            var kind => new Other(kind),
        };
    }

    private static Call CallOf(CapnpStruct call) => new(
        call.U32(0), call.U64(8), call.U16(4), call.Pointer(0).Struct().U16(4) == 1, call.Pointer(1).Struct().Pointer(0).Struct());

    private static RpcMessage ReturnOf(CapnpStruct body) => body.U16(6) switch
    {
        0 => new Results(body.U32(0), body.Pointer(0).Struct().Pointer(0)),
        1 => new Failure(body.U32(0), body.Pointer(0).Struct().Pointer(0).Text(LongestReason), body.Pointer(0).Struct().U16(4)),
        2 => new Canceled(body.U32(0)),
        var kind => throw new InvalidDataException($"an answer of kind {kind}"),
    };
}

/// <summary>Numbers of the protocol.</summary>
internal static class RpcTags
{
    public const ushort Unimplemented = 0;
    public const ushort Abort = 1;
    public const ushort Call = 2;
    public const ushort Return = 3;
    public const ushort Finish = 4;
    public const ushort Release = 6;
    public const ushort Bootstrap = 8;

    /// <summary>The interface that connectors call.</summary>
    public const ulong Registration = 0xf71695ec7fe85497;

    public const ushort RegisterConnection = 0;
    public const ushort UnregisterConnection = 1;
    public const ushort UpdateLocalConfiguration = 2;

    /// <summary>Type of an error: the method is not there.</summary>
    public const ushort NotImplemented = 3;
}
