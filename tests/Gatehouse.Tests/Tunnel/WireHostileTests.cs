using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tests.Architecture;
using Gatehouse.Tunnel.Edge;
using Gatehouse.Tunnel.Wire;
using Gatehouse.Tunnel.Wire.Capnp;
using Gatehouse.Tunnel.Wire.Rpc;

namespace Gatehouse.Tests.Tunnel;

/// <summary>What a peer that means ill can send.</summary>
public class WireHostileTests
{
    private const int Rounds = 40;

    // What reading a message may cost beside its own size: an object here and there, an exception, the first piece of each part.
    private const int Overhead = 96 * 1024;

    private const string Names = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const string Damage = ":;=~ \t\r\n\0\u00e9\u20acAEIMQUYcgkosw048+/AEIMQUYcgkosw048+/";

    private static readonly string Values = "\t" + string.Concat(Enumerable.Range(' ', 224).Where(c => c != 127).Select(c => (char)c));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Damaged_messages_are_refused_and_nothing_else_happens()
    {
        var vectors = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests", "Gatehouse.Tests", "Tunnel", "vectors.json"), Token))!.AsObject();
        uint seed = 20260101;
        int read = 0, refused = 0;
        foreach (var (_, vector) in vectors)
        {
            for (var round = 0; round < Rounds; round++)
            {
                var bytes = Convert.FromHexString((string)vector!["hex"]!);
                for (var flips = 0; flips <= round % 6; flips++)
                {
                    bytes[Next(ref seed) % bytes.Length] = (byte)Next(ref seed);
                }

                var cut = round % 5 == 0 ? (int)(Next(ref seed) % bytes.Length) : bytes.Length;
                var (isRead, cost) = await MeasureAsync(bytes[..cut]);
                Assert.InRange(cost, 0, Overhead + (8L * cut));
                if (isRead)
                {
                    read++;
                }
                else
                {
                    refused++;
                }
            }
        }

        Assert.True(read > 0 && refused > 0, $"{read} read, {refused} refused");
    }

    [Fact]
    public async Task A_message_that_says_it_is_huge_is_refused_before_it_is_stored()
    {
        await AssertRefusedAsync([0, 0, 0, 0, 0xff, 0xff, 0xff, 0x0f]);
        await AssertRefusedAsync([0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0]);
        await AssertRefusedAsync([3, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0]);
    }

    [Theory]
    [InlineData(CapnpMessage.Largest)]
    [InlineData(CapnpMessage.LargestOfStrangers)]
    public async Task T04_memory_is_given_as_bytes_come_and_not_as_a_header_promises(int promised)
    {
        var header = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), promised / 8);
        var (isRead, cost) = await MeasureAsync(header);
        Assert.False(isRead);
        Assert.InRange(cost, 0, 48 * 1024);
    }

    [Theory]
    [InlineData(190, "reads as much more than it is")] // each of them short enough
    [InlineData(60_000, "a text of over")]
    [InlineData(2_000_000, "a text of over")]
    public async Task T04_texts_that_share_their_bytes_are_refused_before_they_are_decoded(int length, string why)
    {
        using var stream = new MemoryStream(Swelling(length));
        var message = (await CapnpMessage.ReadAsync(stream, CapnpMessage.Largest, Token))!;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var fault = Assert.Throws<InvalidDataException>(() => Registration.Of(message.Root.Struct()));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Overhead);
        Assert.Contains(why, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task T04_a_stranger_sends_no_message_that_only_a_registered_connector_may_send()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => TalkAsync(Configuration(100_000), isRemotelyManaged: false));
        Assert.Equal(100_000, (await TalkAsync([.. RegistrationOf(0), .. Configuration(100_000)], isRemotelyManaged: false))?.Length);
    }

    [Fact]
    public async Task T04_what_a_connector_brings_is_kept_once_and_only_where_it_is_asked_for()
    {
        Assert.Null(await TalkAsync([.. RegistrationOf(1), .. Configuration(1000)], isRemotelyManaged: false));
        Assert.Null(await TalkAsync([.. RegistrationOf(0), .. Configuration(1000)], isRemotelyManaged: true));
        Assert.Null(await TalkAsync([.. RegistrationOf(0), .. Configuration(200_000)], isRemotelyManaged: false));
    }

    [Fact]
    public async Task A_pointer_to_itself_ends()
    {
        // Root: a far pointer to its own word.
        using var stream = new MemoryStream([0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        var message = (await CapnpMessage.ReadAsync(stream, CapnpMessage.Largest, Token))!;
        Assert.Throws<InvalidDataException>(() => RpcMessage.Of(message));
    }

    [Theory]
    [InlineData("Zm9v:YmFy", true)]
    [InlineData("Zm9v:", true)]
    [InlineData("", true)]
    [InlineData(";;", true)]
    [InlineData("Zm9v", false)] // no colon
    [InlineData("Zm9v:YmFy:YmFy", false)]
    [InlineData("Zm9v=:YmFy", false)] // padded
    [InlineData("Z:YmFy", false)]
    [InlineData(":YmFy", false)] // no name
    [InlineData("Zm8gbw:YmFy", false)] // "fo o"
    [InlineData("Zm9v:YQ0KYg", false)] // "a\r\nb"
    [InlineData("Zm9v:YQBi", false)] // "a\0b"
    [InlineData("Zm9v:YmFy~", false)]
    [InlineData("Zm9v: YmFy", false)]
    [InlineData("Zm9v:YmF y", false)]
    [InlineData("Zm9v:YmFy\tYmFy", false)]
    [InlineData("Zm9v:    ", false)]
    public void Serialized_headers_hold_nothing_that_HTTP_does_not(string text, bool isRead) => Assert.Equal(isRead, UserHeaders.TryRead(text, out _));

    [Fact]
    public void Any_headers_come_back_as_they_were()
    {
        uint seed = 20260102;
        for (var round = 0; round < 500; round++)
        {
            var headers = Enumerable.Range(0, (int)(Next(ref seed) % 12)).Select(_ => new KeyValuePair<string, string>(TextOf(ref seed, 1, Names), TextOf(ref seed, 0, Values))).ToList();
            Assert.True(UserHeaders.TryRead(UserHeaders.Write(headers), out var read));
            Assert.Equal(headers.Where(h => !TunnelHeaders.IsInternal(h.Key)), read);
        }
    }

    [Fact]
    public void T05_damaged_headers_are_refused_or_hold_nothing_that_HTTP_does_not_and_cost_little()
    {
        uint seed = 20260103;
        int read = 0, refused = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var text = new StringBuilder(UserHeaders.Write([new("Set-Cookie", "a=1; Path=/"), new(TextOf(ref seed, 1, Names), TextOf(ref seed, 0, Values)), new("X-Empty", "")]));
            for (var hits = 0; hits <= round % 4; hits++)
            {
                var at = (int)(Next(ref seed) % text.Length);
                _ = (Next(ref seed) % 3) switch
                {
                    0 => text[at] = Damage[(int)(Next(ref seed) % Damage.Length)],
                    1 => text.Insert(at, Damage[(int)(Next(ref seed) % Damage.Length)])[at],
                    _ => text.Remove(at, 1).Append('A')[^1],
                };
            }

            var damaged = text.ToString();
            var before = GC.GetAllocatedBytesForCurrentThread();
            var isRead = UserHeaders.TryRead(damaged, out var headers);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096 + (16L * damaged.Length));
            if (!isRead)
            {
                refused++;
                continue;
            }

            read++;
            Assert.All(headers, h =>
            {
                Assert.Matches("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", h.Key);
                Assert.DoesNotMatch("[\\x00-\\x08\\x0a-\\x1f\\x7f]", h.Value);
                Assert.False(TunnelHeaders.IsInternal(h.Key), h.Key);
            });
            Assert.True(UserHeaders.TryRead(UserHeaders.Write(headers), out var again));
            Assert.Equal(headers, again);
        }

        Assert.True(read > 1000 && refused > 1000, $"{read} read, {refused} refused");
    }

    [Theory]
    [InlineData(1000, true)]
    [InlineData(1001, false)]
    public void T04_there_are_no_more_headers_than_that(int count, bool isRead) =>
        Assert.Equal(isRead, UserHeaders.TryRead(string.Join(';', Enumerable.Repeat("Zm9v:YmFy", count)), out _));

    [Fact]
    public void Serialized_headers_come_back_as_they_were_but_for_internal_ones()
    {
        KeyValuePair<string, string>[] headers = [new("Set-Cookie", "a=1"), new("Set-Cookie", "b=\u00e9"), new("X-Empty", ""), new("cf-int-x", "no"), new("Cf-Cloudflared-Y", "no"), new("cf-proxy-z", "no")];
        Assert.True(UserHeaders.TryRead(UserHeaders.Write(headers), out var read));
        Assert.Equal(headers[..3], read);
    }

    [Fact]
    public void Serialized_headers_are_written_as_recorded()
    {
        KeyValuePair<string, string>[] headers = [new("Content-Type", "text/plain; charset=utf-8"), new("X-Req-Te", "")];
        Assert.Equal("Q29udGVudC1UeXBl:dGV4dC9wbGFpbjsgY2hhcnNldD11dGYtOA;WC1SZXEtVGU:", UserHeaders.Write(headers));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"src":"somebody"}""")]
    [InlineData("""{"src":1}""")]
    public void An_answer_without_a_maker_is_nobodys(string? meta) => Assert.Null(ResponseMeta.Read(meta));

    [Fact]
    public void The_maker_of_an_answer_is_read_with_what_it_says()
    {
        Assert.True(ResponseMeta.Read("""{"src":"origin","flow_rate_limited":true}""")!.IsOrigin);
        Assert.Equal(new ResponseMeta(false), ResponseMeta.Read("""{"src":"cloudflared"}"""));
        Assert.Equal(new ResponseMeta(false, TunnelHop.Tcp, "refused the connection"), ResponseMeta.Read(ResponseMeta.Failed(TunnelHop.Tcp, "refused the connection")));
    }

    [Theory]
    [InlineData("""{"lastAppliedVersion":2,"err":null}""", 2, null)]
    [InlineData("""{"lastAppliedVersion":1,"err":{}}""", 1, "refused; its own log says why")]
    [InlineData("""{"lastAppliedVersion":1,"err":"no"}""", 1, "no")]
    [InlineData("""{"lastAppliedVersion":1,"err":{"Offset":17}}""", 1, """{"Offset":17}""")]
    public void The_reply_to_a_configuration_may_say_why_in_any_shape(string body, int number, string? fault) =>
        Assert.Equal(new ConfigurationReply(number, fault), ConfigurationReply.Read(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void A_long_reason_is_cut_between_two_characters()
    {
        var read = ConfigurationReply.Read(new ConfigurationReply(1, new string('x', 499) + "\ud83d\ude00 and more").ToBody());
        Assert.Equal(new string('x', 499), read!.Fault); // half a character could not be kept
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("""{"lastAppliedVersion":"1"}""")]
    public void A_reply_that_is_none_is_none(string body) => Assert.Null(ConfigurationReply.Read(Encoding.UTF8.GetBytes(body)));

    private static string TextOf(ref uint seed, int least, string letters)
    {
        var text = new char[least + (int)(Next(ref seed) % 20)];
        foreach (ref var letter in text.AsSpan())
        {
            letter = letters[(int)(Next(ref seed) % letters.Length)];
        }

        return new string(text);
    }

    // A registration whose 64 features are all the same text.
    private static byte[] Swelling(int length)
    {
        var builder = new CapnpBuilder();
        var parameters = builder.Struct(0, 1, 3);
        builder.Data(parameters + 16, new byte[16]);
        var client = builder.Struct(builder.Struct(parameters + 24, 1, 2) + 8, 0, 4);
        builder.Data(client, new byte[16]);
        builder.Texts(client + 8, [new string('a', length), .. Enumerable.Repeat("", 63)]);
        var frame = builder.ToFrame();
        var list = frame.AsSpan(8);
        var at = client + 16 + (BinaryPrimitives.ReadInt32LittleEndian(list[(client + 8)..]) >> 2 << 3);
        var text = at + 8 + (BinaryPrimitives.ReadInt32LittleEndian(list[at..]) >> 2 << 3);
        for (var n = 1; n < 64; n++)
        {
            var here = at + (8 * n);
            BinaryPrimitives.WriteInt32LittleEndian(list[here..], ((text - here - 8) / 8 << 2) | 1);
            BinaryPrimitives.WriteInt32LittleEndian(list[(here + 4)..], ((length + 1) << 3) | 2);
        }

        return frame;
    }

    private static byte[] RegistrationOf(byte index)
    {
        var known = new Registration { AccountTag = "a", Secret = new byte[32], TunnelId = Guid.CreateVersion7(), Index = index, ConnectorId = Guid.CreateVersion7(), Features = [], Version = "1", Arch = "x" };
        return RpcFrames.PipelinedCall(0, RpcTags.RegisterConnection, 0, known.Write);
    }

    private static byte[] Configuration(int size) => RpcFrames.Call(1, RpcTags.UpdateLocalConfiguration, (to, content) => to.Data(to.Struct(content, 0, 1), new byte[size]));

    private static async Task<byte[]?> TalkAsync(byte[] said, bool isRemotelyManaged)
    {
        byte[]? told = null;
        using var stream = new MemoryStream(said);
        var control = new ControlStream(stream, (_, _) => ValueTask.CompletedTask, _ => new RegistrationAnswer.Accepted(Guid.CreateVersion7(), "here", isRemotelyManaged)) { OnLocalConfiguration = config => told = config.ToArray() };
        await control.RunAsync(Token);
        return told;
    }

    // All in memory, so it never leaves this thread.
    private static async Task<(bool IsRead, long Cost)> MeasureAsync(byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var isRead = await TryReadAllAsync(bytes);
        return (isRead, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static async Task<bool> TryReadAllAsync(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        try
        {
            while (await CapnpMessage.ReadAsync(stream, CapnpMessage.Largest, Token) is { } message)
            {
                switch (RpcMessage.Of(message))
                {
                    case RpcMessage.Call { Method: RpcTags.RegisterConnection } call:
                        Registration.Of(call.Parameters);
                        break;
                    case RpcMessage.Call call:
                        call.Parameters.Pointer(0).Data().ToArray();
                        break;
                    case RpcMessage.Results results when results.Content.Capability() is null:
                        RegistrationAnswer.Of(results.Content);
                        break;
                    default:
                        break;
                }
            }

            return true;
        }
        catch (Exception fault) when (fault is InvalidDataException or EndOfStreamException)
        {
            return false;
        }
    }

    private static async Task AssertRefusedAsync(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        await Assert.ThrowsAsync<InvalidDataException>(() => CapnpMessage.ReadAsync(stream, CapnpMessage.Largest, Token));
    }

    // Numerical Recipes' generator: the same bytes on every run.
    private static uint Next(ref uint seed) => (seed = (seed * 1664525) + 1013904223) >> 8;
}
