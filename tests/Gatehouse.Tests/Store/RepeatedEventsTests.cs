using System.Globalization;
using Gatehouse.Model.Events;
using Gatehouse.Store.Events;
using Gatehouse.Tests.Fakes;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Store;

/// <summary>What anybody can cause without end is written down once in a while, and counted.</summary>
public sealed class RepeatedEventsTests : IDisposable
{
    private readonly Hands clock = new();
    private readonly FakeEvents events;
    private readonly LogLines lines = new();
    private readonly RepeatedEvents repeated;

    public RepeatedEventsTests()
    {
        events = new FakeEvents(clock);
        using var loggers = LoggerFactory.Create(b => b.AddProvider(lines));
        repeated = new RepeatedEvents(events, clock, loggers.CreateLogger<RepeatedEvents>());
    }

    public void Dispose()
    {
        repeated.Dispose();
        lines.Dispose();
    }

    [Fact]
    public void Repeats_are_counted_in_the_next_event()
    {
        for (var i = 0; i < 1000; i++)
        {
            Come($"2001:db8::{i:x}"); // one line, many addresses
        }

        Assert.Single(events.Written);
        Come("2001:db8:0:1::1");
        Come("192.0.2.1");
        Come("192.0.2.1", user: 7);
        Come("192.0.2.1", target: "flow other");
        Assert.Equal(5, events.Written.Count);
        Assert.All(events.Written, e => Assert.Null(e.Context["repeated"]));

        clock.Advance(TimeSpan.FromMinutes(5));
        Come("2001:db8::1");
        Assert.Equal(999, events.Written.Last().Context["repeated"]!.GetValue<int>());
        Come("192.0.2.1");
        Assert.Null(events.Written.Last().Context["repeated"]);
    }

    [Theory]
    [InlineData("ages out")]
    [InlineData("host stops")]
    public void The_log_tells_of_repeats_that_no_event_followed(string how)
    {
        for (var i = 0; i < 4; i++)
        {
            Come("192.0.2.1");
        }

        clock.Advance(TimeSpan.FromMinutes(how == "ages out" ? 11 : 1));
        Assert.DoesNotContain(lines.All, l => l.Text.Contains("more", StringComparison.Ordinal));
        if (how == "ages out")
        {
            clock.Tick();
            clock.Tick();
        }
        else
        {
            repeated.Dispose();
        }

        var line = Assert.Single(lines.All, l => l.Text.Contains("more", StringComparison.Ordinal));
        Assert.Contains("flow login from 192.0.2.1", line.Text, StringComparison.Ordinal);
        Assert.Contains("3 times more", line.Text, StringComparison.Ordinal);
        Come("192.0.2.1");
        Assert.Null(events.Written.Last().Context["repeated"]);
    }

    [Fact]
    public void A_visitor_with_many_networks_fills_neither_the_events_nor_the_memory()
    {
        Flood();

        Assert.Equal(5_001, events.Written.Count);
        clock.Advance(TimeSpan.FromMinutes(5));
        Come("192.0.2.1");
        Assert.Equal(14_999, events.Written.Last().Context["repeated"]!.GetValue<int>());
    }

    [Fact]
    public void A_visitor_with_many_networks_hides_nothing_that_happens_to_users()
    {
        Flood();
        var before = events.Written.Count;

        Come("192.0.2.1", user: 7);
        Come("198.51.100.1", user: 7); // the same, from elsewhere
        Come("192.0.2.1", user: 7, target: "flow other");
        Come("192.0.2.1", user: 8);

        Assert.Equal([7, 7, 8], events.Written.Skip(before).Select(e => e.Actor!.Id)); // who was named
        clock.Advance(TimeSpan.FromMinutes(5));
        Come("203.0.113.1", user: 7);
        Assert.Equal(1, events.Written.Last().Context["repeated"]!.GetValue<int>());
    }

    [Fact]
    public void The_first_of_a_user_are_events_each_where_that_is_asked_for()
    {
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 10; i++)
            {
                Come("192.0.2.1", first: 3);
                Come("192.0.2.1", user: 7, first: 3);
            }

            clock.Advance(TimeSpan.FromMinutes(5));
        }

        (int?, int?)[] expected = [(null, null), (7, null), (7, null), (7, null), (null, 9), (7, 7), (7, null), (7, null)];
        Assert.Equal(expected, events.Written.Select(e => (e.Actor?.Id, (int?)e.Context["repeated"])));
    }

    [Fact]
    public void Users_with_many_targets_are_told_of_once_each()
    {
        for (var i = 0; i < 10_000; i++)
        {
            Come("192.0.2.1", user: i % 2, target: string.Create(CultureInfo.InvariantCulture, $"application {i}"));
        }

        Assert.Equal(5_002, events.Written.Count);
    }

    // One customer's /48 has 65,536 networks.
    private void Flood()
    {
        for (var i = 0; i < 20_000; i++)
        {
            Come($"2001:db8:0:{i:x}::1");
        }
    }

    private void Come(string address, int? user = null, string target = "flow login", int first = 1) =>
        repeated.Enqueue(new NewEvent(EventActions.PolicyExecution, user is { } id ? new EventActor(id, "u", "") : null, address, []), target, first);

    // A clock whose timers fire when told to.
    private sealed class Hands : TimeProvider
    {
        private DateTimeOffset now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        private Action fire = () => { };

        public override DateTimeOffset GetUtcNow() => now;

        public void Advance(TimeSpan by) => now += by;

        public void Tick() => fire();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            fire = () => callback(state);
            return base.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
