using Gatehouse.Tunnel.Connector;

namespace Gatehouse.Tests.Tunnel;

/// <summary>When connectors dial again, computed rather than waited for.</summary>
public class LinkPaceTests
{
    private const int Connectors = 30, LinksOfEach = 4, Most = Connectors * LinksOfEach * 4 / 10;

    private static readonly TimeSpan Dialing = TimeSpan.FromMilliseconds(5);

    [Theory]
    [InlineData(0.05)] // another takes its place at once
    [InlineData(0.5)]
    [InlineData(1.5)]
    [InlineData(5)]
    [InlineData(60)]
    [InlineData(600)]
    public void R09_all_are_back_in_ten_seconds_and_no_second_has_more_than_four_in_ten_of_them(double outage)
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var back = BackAfter(TimeSpan.FromSeconds(outage), new Chance(seed));
            Assert.Equal(Connectors * LinksOfEach, back.Count);
            Assert.InRange(back.Max().TotalSeconds, 0, 10);
            Assert.InRange(back.GroupBy(t => (int)t.TotalSeconds).Max(g => g.Count()), 1, Most);
        }
    }

    [Fact]
    public void R09_the_longest_waits_there_can_be_are_over_in_ten_seconds()
    {
        // Whatever chance says: no wait after a failure is longer than this.
        var pace = new LinkPace(1, () => false, below => below - 1);
        pace.OnRegistered();
        for (var failures = 0; failures < 1000; failures++)
        {
            pace.OnEnded();
            Assert.InRange(pace.Next().TotalSeconds, 5, 8);
        }
    }

    [Fact]
    public void R08_one_that_was_lost_alone_is_back_within_a_second_and_so_is_the_first_of_all()
    {
        var (others, alone) = (new LinkPace(2, () => true, below => below - 1), new LinkPace(0, () => false, below => below - 1));
        Assert.Equal(TimeSpan.Zero, alone.Next()); // the first ever
        Assert.False(alone.WasServing);
        alone.OnEnded();
        Assert.InRange(alone.Next().TotalSeconds, 2, 3); // started together with its edge
        foreach (var pace in new[] { others, alone })
        {
            pace.OnRegistered();
            pace.OnEnded();
            Assert.True(pace.WasServing);
            Assert.InRange((LinkPace.Settling + pace.Next()).TotalSeconds, 0.5, 1);
        }
    }

    [Theory]
    [InlineData(3, 3, 5)]
    [InlineData(3600, 60, 62)] // nobody is told to stay away for an hour
    [InlineData(-5, 0, 2)]
    public void One_that_was_refused_waits_as_long_as_it_was_told_and_then_a_while(double told, double least, double most)
    {
        foreach (var chance in new Func<int, int>[] { _ => 0, below => below - 1 })
        {
            var pace = new LinkPace(0, () => false, chance);
            pace.OnRefused(TimeSpan.FromSeconds(told));
            pace.OnEnded();
            Assert.InRange(pace.Next().TotalSeconds, least, most);
            pace.OnEnded();
            Assert.InRange(pace.Next().TotalSeconds, 0, 8); // it is said once
        }
    }

    /// <summary>When each is back, counted from the return of the edge that all of them lost at zero.</summary>
    private static List<TimeSpan> BackAfter(TimeSpan outage, Chance chance)
    {
        var coming = new PriorityQueue<(LinkPace Pace, bool IsDial), TimeSpan>();
        for (var connector = 0; connector < Connectors; connector++)
        {
            var links = new LinkPace[LinksOfEach];
            for (var n = 0; n < LinksOfEach; n++)
            {
                var index = n;
                links[n] = new LinkPace(index, () => links.Any(l => l.Index != index && l.IsServing), chance.Below);
                links[n].OnRegistered();
            }

            foreach (var link in links) // one after the other, as the ends of sockets are noticed
            {
                link.OnEnded();
                coming.Enqueue((link, false), link.WasServing ? LinkPace.Settling : TimeSpan.Zero);
            }
        }

        var back = new List<TimeSpan>();
        while (coming.TryDequeue(out var next, out var now))
        {
            if (!next.IsDial)
            {
                coming.Enqueue((next.Pace, true), now + next.Pace.Next());
            }
            else if (now < outage)
            {
                next.Pace.OnEnded();
                coming.Enqueue((next.Pace, false), now + Dialing);
            }
            else
            {
                next.Pace.OnRegistered();
                back.Add(now + Dialing - outage);
            }
        }

        return back;
    }

    /// <summary>The same numbers for the same seed (xorshift, Marsaglia 2003).</summary>
    private sealed class Chance(int seed)
    {
        private ulong state = unchecked(0x9E3779B97F4A7C15UL * (ulong)seed);

        public int Below(int most)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            return (int)((state >> 16) % (ulong)most);
        }
    }
}
