using Gatehouse.Tests.Fakes;
using Gatehouse.Tunnel.Edge;
using Gatehouse.Tunnel.Wire;

namespace Gatehouse.Tests.Tunnel;

/// <summary>What the HTTP/2 client sees of what a connector sends, however it is cut.</summary>
public class InboundFramesTests
{
    private static readonly byte[] Settings = RawConnector.Frame(4, 0, 0, [0, 5, 0, 16, 0, 0, 0, 4, 0, 16, 0, 0]);
    private static readonly byte[] Window = RawConnector.Frame(8, 0, 0, [0, 0x0f, 0, 1]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void A_stream_gets_a_part_of_the_window_where_it_could_take_all()
    {
        byte[] shared = OpeningFrames.Share([.. Settings, .. Window, 1, 2, 3]);
        Assert.Equal([.. RawConnector.Frame(4, 0, 0, [0, 5, 0, 16, 0, 0, 0, 4, 0, 16, 0, 0, 0, 4, 0, 4, 0, 0]), .. Window, 1, 2, 3], shared);

        byte[] unsaid = OpeningFrames.Share(RawConnector.Frame(4, 0, 0, []));
        Assert.Equal(RawConnector.Frame(4, 0, 0, [0, 4, 0, 0, 64, 0]), unsaid);

        byte[] large = [.. Settings, .. RawConnector.Frame(8, 0, 0, [3, 0xff, 0, 1])]; // our own: 64 MiB for all
        Assert.Equal(large, OpeningFrames.Share(large));
        byte[] none = RawConnector.Frame(1, 4, 1, [0, 0]);
        Assert.Equal(none, OpeningFrames.Share(none));
    }

    [Fact]
    public void The_first_frames_are_awaited_no_longer_than_needed()
    {
        byte[] all = [.. Settings, .. Window];
        for (var size = 0; size < all.Length; size++)
        {
            Assert.False(OpeningFrames.AreWhole(all.AsSpan(0, size)));
        }

        Assert.True(OpeningFrames.AreWhole(all));
        Assert.True(OpeningFrames.AreWhole([.. Settings, .. RawConnector.Frame(4, 1, 0, [])]));
        Assert.True(OpeningFrames.AreWhole(RawConnector.Frame(1, 4, 1, [])));
        Assert.Throws<InvalidDataException>(() => OpeningFrames.AreWhole(RawConnector.Frame(4, 0, 0, new byte[18_000])));
    }

    [Fact]
    public async Task Answers_to_our_pings_are_taken_out_and_nothing_else_is()
    {
        uint seed = 20261123;
        for (var round = 0; round < 300; round++)
        {
            using var line = new CutStream(() => (int)(Next(ref seed) % 40) + 1);
            var frames = new InboundFrames(line, new FakeClock());
            var answer = frames.Ask();
            answer[4] = 1;
            byte[] foreign = RawConnector.Frame(6, 1, 0, [0, 0, 0, 0, 0, 0, 0, 7]);
            byte[] question = RawConnector.Frame(6, 0, 0, [.. answer.AsSpan(9)]);
            byte[] before = [.. RawConnector.Frame(0, 0, 1, new byte[Next(ref seed) % 90]), .. foreign, .. question];
            byte[] after = [.. RawConnector.Frame(0, 0, 1, answer), .. foreign, .. answer]; // inside a body it is none, and the second answers nothing
            line.Bytes = [.. Settings, .. Window, .. before, .. answer, .. after];
            var seen = new List<byte>();
            for (var buffer = new byte[400]; ;)
            {
                var read = await frames.ReadAsync(buffer.AsMemory(0, (int)(Next(ref seed) % 200) + 1), Token);
                if (read == 0)
                {
                    break;
                }

                seen.AddRange(buffer.AsSpan(0, read));
            }

            Assert.Equal([.. OpeningFrames.Share([.. Settings, .. Window]), .. before, .. after], seen);
            Assert.False(frames.IsAsked);
        }
    }

    [Fact]
    public async Task Any_bytes_are_passed_on_or_refused()
    {
        uint seed = 7;
        for (var round = 0; round < 300; round++)
        {
            var bytes = new byte[Next(ref seed) % 500];
            foreach (ref var one in bytes.AsSpan())
            {
                one = (byte)(Next(ref seed) % (round % 2 == 0 ? 256u : 9u));
            }

            using var line = new CutStream(() => (int)(Next(ref seed) % 64) + 1) { Bytes = bytes };
            await using var guarded = new GuardedStream(line, new FrameGuard(new FakeClock()), new FakeClock());
            try
            {
                while (await guarded.ReadAsync(new byte[64 + (Next(ref seed) % 64)], Token) > 0)
                {
                    // On.
                }
            }
            catch (IOException)
            {
                Assert.NotNull(guarded.Fault);
            }
        }
    }

    // Numerical Recipes' generator: the same bytes on every run.
    private static uint Next(ref uint seed) => (seed = (seed * 1664525) + 1013904223) >> 8;

    /// <summary>Gives bytes in pieces.</summary>
    private sealed class CutStream(Func<int> sizes) : AsyncStream
    {
        private int at;

        public byte[] Bytes { get; set; } = [];

        public override bool CanRead => true;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var size = Math.Min(Math.Min(sizes(), buffer.Length), Bytes.Length - at);
            Bytes.AsMemory(at, size).CopyTo(buffer);
            at += size;
            return ValueTask.FromResult(size);
        }
    }
}
