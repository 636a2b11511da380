using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Tests.Architecture;
using Gatehouse.Tunnel.Wire.Capnp;
using Gatehouse.Tunnel.Wire.Rpc;

namespace Gatehouse.Tests.Tunnel;

/// <summary>Recorded messages of two versions of the protocol, real ones among them, each with what an independent reader made of it.</summary>
public class WireVectorTests
{
    private static readonly JsonObject Vectors =
        JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests", "Gatehouse.Tests", "Tunnel", "vectors.json")))!.AsObject();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Names => [.. Vectors.Select(v => v.Key)];

    [Fact]
    public void There_are_messages_of_both_versions_and_of_real_clients() =>
        Assert.All(["2023.3.1/", "2026.8.2/", "real-2023.3.1/", "real-2023.7.3/"], prefix => Assert.Contains(Vectors, v => v.Key.StartsWith(prefix, StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_recorded_message_reads_as_recorded(string name)
    {
        var expected = Vectors[name]!.AsObject();
        switch (RpcMessage.Of(await ReadAsync(name)))
        {
            case RpcMessage.Bootstrap bootstrap:
                Assert.Equal((uint)expected["bootstrap"]!["questionId"]!, bootstrap.Question);
                break;
            case RpcMessage.Call call:
                Check(expected["call"]!, call);
                break;
            case RpcMessage.Results results:
                Check(expected["return"]!, results);
                break;
            case RpcMessage.Failure failure:
                Assert.Equal((string?)expected["return"]!["exception"]!["reason"], failure.Reason);
                break;
            case RpcMessage.Finish finish:
                Assert.Equal((uint)expected["finish"]!["questionId"]!, finish.Question);
                Assert.Equal((bool)expected["finish"]!["releaseResultCaps"]!, finish.ReleasesResults);
                break;
            case RpcMessage.Release release:
                Assert.Equal((uint)expected["release"]!["referenceCount"]!, release.Count);
                break;
            case RpcMessage.Abort abort:
                Assert.Equal((string?)expected["abort"]!["reason"], abort.Reason);
                break;
            default:
                Assert.Fail("an unexpected kind");
                break;
        }
    }

    [Theory]
    [InlineData("2023.3.1")]
    [InlineData("2026.8.2")]
    public void What_we_write_is_byte_for_byte_what_real_peers_write(string version)
    {
        string[] features = version == "2023.3.1"
            ? ["allow_remote_config", "serialized_headers", "support_datagram_v2", "support_quic_eof"]
            : Vectors[version + "/ok-pipelined-01-connector-to-edge.bin"]!["call"]!["params"]!["options"]!["client"]!["features"]!.AsArray().Select(f => (string)f!).ToArray();
        var registration = new Registration
        {
            AccountTag = "699d98642c564d2e855e9661899b7252",
            Secret = [.. Enumerable.Range(0, 32).Select(b => (byte)b)],
            TunnelId = Guid.Parse("11111111-2222-4333-8444-555555555555"),
            Index = 3,
            ConnectorId = Guid.Parse("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"),
            Features = features,
            Version = (string)Vectors[version + "/ok-pipelined-01-connector-to-edge.bin"]!["call"]!["params"]!["options"]!["client"]!["version"]!,
            Arch = "linux_amd64",
            OriginIp = IPAddress.Loopback,
            PreviousAttempts = 1,
        };
        Same(version + "/ok-pipelined-00-connector-to-edge.bin", RpcFrames.Bootstrap(0));
        Same(version + "/ok-pipelined-01-connector-to-edge.bin", RpcFrames.PipelinedCall(1, RpcTags.RegisterConnection, 0, registration.Write));
        Same(version + "/ok-pipelined-02-edge-to-connector.bin", RpcFrames.BootstrapReturn(0));
        Same(version + "/ok-pipelined-03-edge-to-connector.bin", RpcFrames.Return(1, new RegistrationAnswer.Accepted(Guid.Parse("99999999-8888-4777-8666-555555555555"), "GH01", false).Write));
        Same(version + "/ok-pipelined-07-edge-to-connector.bin", RpcFrames.EmptyReturn(1));
        Same(version + "/ok-pipelined-09-connector-to-edge.bin", RpcFrames.Call(1, RpcTags.UnregisterConnection, (to, content) => to.Struct(content, 0, 0)));
        Same(version + "/ok-pipelined-12-connector-to-edge.bin", RpcFrames.Release(0, 1));
        Same(version + "/ok-pipelined-13-connector-to-edge.bin", RpcFrames.Abort("rpc: shutdown"));
        Same(version + "/err-retryable-03-edge-to-connector.bin", RpcFrames.Return(1, new RegistrationAnswer.Refused("edge is draining", TimeSpan.FromSeconds(5), true).Write));
        Same(version + "/err-permanent-03-edge-to-connector.bin", RpcFrames.Return(1, new RegistrationAnswer.Refused("Unauthorized: Invalid tunnel secret", TimeSpan.Zero, false).Write));
    }

    [Fact]
    public async Task Several_segments_and_far_pointers_are_read()
    {
        // Root struct by a far pointer into segment 1, its text by a double one: an abort that says "hi".
        byte[] frame =
        [
            2, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0,
            2, 0, 0, 0, 1, 0, 0, 0, // segment 0: far to word 0 of segment 1
            0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, // landing pad: struct; tag 1 abort; exception
            0, 0, 0, 0, 0, 0, 0, 0, 0x2e, 0, 0, 0, 1, 0, 0, 0, // type 0; double far to word 5 of segment 1
            2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0x1a, 0, 0, 0, // content in segment 2; tag: 3 bytes
            (byte)'h', (byte)'i', 0, 0, 0, 0, 0, 0,
        ];
        using var stream = new MemoryStream(frame);
        Assert.Equal(new RpcMessage.Abort("hi", 0), RpcMessage.Of((await CapnpMessage.ReadAsync(stream, CapnpMessage.Largest, Token))!));
    }

    private static void Check(JsonNode expected, RpcMessage.Call call)
    {
        Assert.Equal((uint)expected["questionId"]!, call.Question);
        Assert.Equal((ushort)expected["methodId"]!, call.Method);
        Assert.Equal((string?)expected["interfaceId"], "0x" + call.Interface.ToString("x", System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(expected["target"]!["promisedAnswer"] is not null, call.IsPipelined);
        if (call.Method == RpcTags.UpdateLocalConfiguration)
        {
            Assert.Equal((string?)expected["params"]!["config"], Encoding.UTF8.GetString(call.Parameters.Pointer(0).Data()));
        }

        if (call.Method != RpcTags.RegisterConnection)
        {
            return;
        }

        var read = Registration.Of(call.Parameters);
        var wanted = expected["params"]!;
        Assert.Equal((string?)wanted["auth"]!["accountTag"], read.AccountTag);
        Assert.Equal((string?)wanted["auth"]!["tunnelSecret"], Convert.ToHexStringLower(read.Secret));
        Assert.Equal((string?)wanted["tunnelId"], read.TunnelId.ToString());
        Assert.Equal((byte)wanted["connIndex"]!, read.Index);
        Assert.Equal((string?)wanted["options"]!["client"]!["clientId"], read.ConnectorId.ToString());
        Assert.Equal(wanted["options"]!["client"]!["features"]!.AsArray().Select(f => (string)f!), read.Features);
        Assert.Equal((string?)wanted["options"]!["client"]!["version"], read.Version);
        Assert.Equal((string?)wanted["options"]!["client"]!["arch"], read.Arch);
        Assert.Equal((string?)wanted["options"]!["originLocalIp"], Convert.ToHexStringLower(read.OriginIp!.MapToIPv6().GetAddressBytes()));
        Assert.Equal((byte)wanted["options"]!["numPreviousAttempts"]!, read.PreviousAttempts);
        Assert.Equal((bool)wanted["options"]!["replaceExisting"]!, read.ReplaceExisting);
    }

    private static void Check(JsonNode expected, RpcMessage.Results results)
    {
        Assert.Equal((uint)expected["answerId"]!, results.Answer);
        if (expected["contentCap"] is { } capability)
        {
            Assert.Equal((uint)capability, results.Content.Capability());
        }
        else if (expected["connectionDetails"] is { } details)
        {
            Assert.Equal(
                new RegistrationAnswer.Accepted(Guid.Parse((string)details["uuid"]!), (string)details["locationName"]!, (bool)details["tunnelIsRemotelyManaged"]!),
                RegistrationAnswer.Of(results.Content));
        }
        else if (expected["connectionError"] is { } error)
        {
            Assert.Equal(
                new RegistrationAnswer.Refused((string)error["cause"]!, TimeSpan.FromTicks((long)error["retryAfterNs"]! / 100), (bool)error["shouldRetry"]!),
                RegistrationAnswer.Of(results.Content));
        }
    }

    private static void Same(string name, byte[] ours) => Assert.Equal((string?)Vectors[name]!["hex"], Convert.ToHexStringLower(ours));

    private static async Task<CapnpMessage> ReadAsync(string name)
    {
        using var stream = new MemoryStream(Convert.FromHexString((string)Vectors[name]!["hex"]!));
        var message = await CapnpMessage.ReadAsync(stream, CapnpMessage.Largest, Token);
        Assert.Equal(stream.Length, stream.Position);
        return message!;
    }
}
