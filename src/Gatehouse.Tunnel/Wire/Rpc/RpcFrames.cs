using Gatehouse.Tunnel.Wire.Capnp;

namespace Gatehouse.Tunnel.Wire.Rpc;

/// <summary>The frames both ends write. Each is one message of one segment, laid out depth first as real peers do.</summary>
internal static class RpcFrames
{
    // The object behind the bootstrap, and the only one.
    private const uint Export = 0;

    public static byte[] Bootstrap(uint question)
    {
        var (builder, body) = Begin(RpcTags.Bootstrap, 1, 1);
        builder.U32(body, question);
        return builder.ToFrame();
    }

    /// <summary>A call before the bootstrap has been answered: to whatever question <paramref name="on"/> will bring.</summary>
    public static byte[] PipelinedCall(uint question, ushort method, uint on, Action<CapnpBuilder, int> parameters) => Call(question, method, parameters, (builder, target) =>
    {
        builder.U16(target + 4, 1);
        var promise = builder.Struct(target + 8, 1, 1);
        builder.U32(promise, on);
        builder.Structs(promise + 8, 0, 1, 0);
    });

    /// <summary>A call to the object the bootstrap brought.</summary>
    public static byte[] Call(uint question, ushort method, Action<CapnpBuilder, int> parameters) =>
        Call(question, method, parameters, (builder, target) => builder.U32(target, Export));

    public static byte[] BootstrapReturn(uint question)
    {
        var (builder, body) = Begin(RpcTags.Return, 2, 1);
        var payload = Results(builder, body, question);
        builder.Capability(payload, 0);
        var capability = builder.Structs(payload + 8, 1, 1, 1);
        builder.U16(capability, 1); // sender hosted
        builder.U32(capability + 4, Export);
        return builder.ToFrame();
    }

    public static byte[] Return(uint question, Action<CapnpBuilder, int> results)
    {
        var (builder, body) = Begin(RpcTags.Return, 2, 1);
        var payload = Results(builder, body, question);
        results(builder, payload);
        EmptyCapabilities(builder, payload + 8);
        return builder.ToFrame();
    }

    public static byte[] EmptyReturn(uint question) => Return(question, (builder, content) => builder.Struct(content, 0, 0));

    public static byte[] Failure(uint question, string reason, ushort type)
    {
        var (builder, body) = Begin(RpcTags.Return, 2, 1);
        builder.U32(body, question);
        builder.U8(body + 4, 1);
        builder.U16(body + 6, 1);
        Exception(builder, builder.Struct(body + 16, 1, 1), reason, type);
        return builder.ToFrame();
    }

    public static byte[] Finish(uint question)
    {
        var (builder, body) = Begin(RpcTags.Finish, 1, 0);
        builder.U32(body, question);
        builder.U8(body + 4, 1); // keeps the object: the default is stored inverted
        return builder.ToFrame();
    }

    public static byte[] Release(uint id, uint count)
    {
        var (builder, body) = Begin(RpcTags.Release, 1, 0);
        builder.U32(body, id);
        builder.U32(body + 4, count);
        return builder.ToFrame();
    }

    public static byte[] Abort(string reason)
    {
        var (builder, body) = Begin(RpcTags.Abort, 1, 1);
        Exception(builder, body, reason, 0);
        return builder.ToFrame();
    }

    public static byte[] Unimplemented(ushort kind)
    {
        var (builder, body) = Begin(RpcTags.Unimplemented, 1, 1);
        builder.U16(body, kind);
        return builder.ToFrame();
    }

    private static byte[] Call(uint question, ushort method, Action<CapnpBuilder, int> parameters, Action<CapnpBuilder, int> target)
    {
        var (builder, body) = Begin(RpcTags.Call, 3, 3);
        builder.U32(body, question);
        builder.U16(body + 4, method);
        builder.U64(body + 8, RpcTags.Registration);
        target(builder, builder.Struct(body + 24, 1, 1));
        var payload = builder.Struct(body + 32, 0, 2);
        parameters(builder, payload);
        EmptyCapabilities(builder, payload + 8);
        return builder.ToFrame();
    }

    private static (CapnpBuilder Builder, int Body) Begin(ushort tag, int dataWords, int pointers)
    {
        var builder = new CapnpBuilder();
        var root = builder.Struct(0, 1, 1);
        builder.U16(root, tag);
        return (builder, builder.Struct(root + 8, dataWords, pointers));
    }

    private static int Results(CapnpBuilder builder, int body, uint question)
    {
        builder.U32(body, question);
        builder.U8(body + 4, 1); // releases no parameters: stored inverted
        return builder.Struct(body + 16, 0, 2);
    }

    private static void Exception(CapnpBuilder builder, int exception, string reason, ushort type)
    {
        builder.U16(exception + 4, type);
        builder.Text(exception + 8, reason);
    }

    private static void EmptyCapabilities(CapnpBuilder builder, int pointer) => builder.Structs(pointer, 0, 1, 1);
}
