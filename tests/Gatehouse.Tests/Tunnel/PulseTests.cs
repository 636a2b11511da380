using Gatehouse.Tunnel.Edge;
using Gatehouse.Tunnel.Wire;

namespace Gatehouse.Tests.Tunnel;

/// <summary>When a connector that says nothing is doubted, and when it is given up.</summary>
public sealed class PulseTests : IDisposable
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15), LongestSilence = TimeSpan.FromSeconds(5);

    private readonly StepClock clock = new();
    private readonly GuardedStream stream;
    private readonly Pulse pulse;

    public PulseTests()
    {
        stream = new GuardedStream(Stream.Null, new FrameGuard(clock), clock);
        pulse = new Pulse(stream, KeepAlive, LongestSilence, clock);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void R08_one_that_requests_wait_for_is_doubted_within_two_seconds_and_given_up_after_some()
    {
        Assert.InRange(Until(Life.Silent, areWaiting: true), 1, 2);
        Assert.InRange(Until(Life.Gone, areWaiting: true), 3, 5);
    }

    [Fact]
    public void One_that_nothing_waits_for_has_longer() => Assert.InRange(Until(Life.Gone, areWaiting: false), 30, 31);

    [Fact]
    public async Task What_is_still_on_its_way_stands_before_the_ping()
    {
        await stream.WriteAsync(new byte[4 * 64 * 1024], Token);
        Assert.InRange(Until(Life.Gone, areWaiting: true), 9, 10.5);
    }

    [Fact]
    public void Who_has_not_looked_for_long_asks_again_before_giving_up()
    {
        Until(Life.Silent, areWaiting: true);
        clock.Step(TimeSpan.FromMinutes(1)); // this machine slept
        Assert.Equal(Life.Well, pulse.Look(true, Token));
        Assert.InRange(Until(Life.Gone, areWaiting: true), 5, 6);
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    // Seconds it took.
    private double Until(Life life, bool areWaiting)
    {
        var began = clock.GetTimestamp();
        while (pulse.Look(areWaiting, Token) != life)
        {
            clock.Step(areWaiting ? Pulse.Quick : Pulse.Slow);
            Assert.InRange(clock.GetElapsedTime(began).TotalSeconds, 0, 60);
        }

        return clock.GetElapsedTime(began).TotalSeconds;
    }

    private sealed class StepClock : TimeProvider
    {
        private long now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => now;

        public void Step(TimeSpan by) => now += by.Ticks;
    }
}
