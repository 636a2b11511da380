using Gatehouse.Tests.Fakes;
using Gatehouse.Tunnel.Wire;

namespace Gatehouse.Tests.Tunnel;

/// <summary>Which frames of a connector end its connection.</summary>
public class FrameGuardTests
{
    [Theory]
    [InlineData(6, 0, 8)] // PING
    [InlineData(4, 0, 6)] // SETTINGS
    [InlineData(3, 0, 4)] // RST_STREAM
    [InlineData(0, 0, 0)] // empty DATA
    [InlineData(2, 0, 5)] // PRIORITY
    public void N04_a_flood_of_frames_that_carry_nothing_ends_the_connection(byte type, byte flags, int length)
    {
        var clock = new FakeClock();
        var guard = new FrameGuard(clock);
        var frame = Frame(type, flags, length);
        for (var n = 0; n < FrameGuard.MostIdle; n++)
        {
            guard.Look(frame);
        }

        Assert.Throws<InvalidDataException>(() => guard.Look(frame));
    }

    [Fact]
    public void N04_a_push_an_oversized_frame_and_headers_without_end_end_the_connection()
    {
        Assert.Throws<InvalidDataException>(() => new FrameGuard(new FakeClock()).Look(Frame(5, 0, 4)));
        Assert.Throws<InvalidDataException>(() => new FrameGuard(new FakeClock()).Look(Frame(0, 0, 16385)));
        var guard = new FrameGuard(new FakeClock());
        guard.Look(Frame(1, 0, 10));
        Assert.Throws<InvalidDataException>(() => Enumerable.Range(0, 100).ToList().ForEach(_ => guard.Look(Frame(9, 0, 1))));
    }

    [Theory]
    [InlineData(3, 0, 4, 1)] // a reset of each
    [InlineData(1, 4, 20, 4)] // interim answers, the answer, trailers
    [InlineData(0, 1, 0, 1)] // the empty end of each
    [InlineData(8, 0, 4, 4)] // its window
    public void N04_what_answers_our_streams_is_no_flood_and_what_goes_beyond_is(byte type, byte flags, int length, int ofStream)
    {
        var guard = new FrameGuard(new FakeClock());
        guard.Sent("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        const int Streams = 3 * FrameGuard.MostIdle;
        for (var n = 0; n < Streams; n++)
        {
            guard.Sent(Frame(1, 4, 30));
        }

        for (var n = 0; n < Streams * ofStream; n++)
        {
            guard.Look(Frame(type, flags, length));
        }

        Assert.Throws<InvalidDataException>(() => Repeat(FrameGuard.MostIdle + 9, Frame(type, flags, length), guard));
    }

    [Fact]
    public void N04_windows_grow_as_often_as_what_was_sent_may_be_read()
    {
        var guard = new FrameGuard(new FakeClock());
        guard.Sent([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(1, 4, 30)]);
        for (var n = 0; n < 100; n++)
        {
            guard.Sent(Frame(0, 0, 16384));
            Repeat(64, Frame(8, 0, 4), guard); // after each 256 bytes
        }

        Assert.Throws<InvalidDataException>(() => Repeat(100 * 256, Frame(8, 0, 4), guard));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(8, 5)] // padded
    public void N04_a_flood_of_tiny_pieces_ends_the_connection(byte flags, int length)
    {
        var clock = new FakeClock();
        var guard = new FrameGuard(clock);
        var frame = Frame(0, flags, length);
        if (flags != 0)
        {
            frame[9] = 3;
        }

        Repeat(FrameGuard.MostSmall, frame, guard);
        Assert.Throws<InvalidDataException>(() => guard.Look(frame));
        Assert.Throws<InvalidDataException>(() => Repeat(FrameGuard.MostIdle + 1, Padded(), new FrameGuard(clock)));
    }

    [Fact]
    public void N04_the_window_of_the_connection_is_known()
    {
        var guard = new FrameGuard(new FakeClock());
        guard.Sent("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        guard.Look([.. Frame(4, 0, 0), .. Frame(8, 0, 4).AsSpan(0, 5), 0, 0, 0, 0, 0, 0, 64, 0]); // 16 KiB more than at first
        for (var n = 0; n < 5; n++)
        {
            Assert.False(guard.IsExhausted);
            guard.Sent(Frame(0, 0, n < 4 ? 16384 : 16383));
        }

        Assert.True(guard.IsExhausted);
        guard.Look([.. Frame(8, 0, 4).AsSpan(0, 8), 3, 0, 0, 64, 0]); // of one stream only
        Assert.True(guard.IsExhausted);
        guard.Look([.. Frame(8, 0, 4).AsSpan(0, 5), 0, 0, 0, 0, 0, 0, 0, 1]);
        Assert.False(guard.IsExhausted);
    }

    [Fact]
    public void N04_another_frame_goes_between_frames_only()
    {
        var guard = new FrameGuard(new FakeClock());
        guard.Sent("PRI * HTTP/2.0\r\n"u8);
        Assert.False(guard.MaySendFrame);
        guard.Sent("\r\nSM\r\n\r\n"u8);
        Assert.True(guard.MaySendFrame);
        guard.Sent(Frame(1, 0, 10));
        Assert.False(guard.MaySendFrame); // a header block has no gaps
        guard.Sent(Frame(9, 4, 10));
        Assert.True(guard.MaySendFrame);
        guard.Sent(Frame(0, 0, 10).AsSpan(0, 12));
        Assert.False(guard.MaySendFrame);
    }

    [Fact]
    public void Frames_are_told_apart_however_they_are_cut()
    {
        var guard = new FrameGuard(new FakeClock());
        byte[] all = [.. Frame(4, 0, 12), .. Frame(1, 4, 100), .. Frame(0, 0, 16384), .. Frame(6, 1, 8), .. Frame(0, 1, 0)];
        foreach (var one in all)
        {
            guard.Look([one]);
        }

        guard.Look(all);
    }

    private static void Repeat(int count, byte[] frame, FrameGuard guard)
    {
        for (var n = 0; n < count; n++)
        {
            guard.Look(frame);
        }
    }

    // Padding, and nothing that is padded.
    private static byte[] Padded()
    {
        var frame = Frame(0, 8, 4);
        frame[9] = 3;
        return frame;
    }

    private static byte[] Frame(byte type, byte flags, int length) =>
        [(byte)(length >> 16), (byte)(length >> 8), (byte)length, type, flags, 0, 0, 0, 1, .. new byte[length]];
}
