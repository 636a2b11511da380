using System.Globalization;
using Gatehouse.Model.Events;
using Gatehouse.Store.Events;
using Gatehouse.Tests.Fakes;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Store;

/// <summary>What anybody can cause without end is written down once in a while, and counted.</summary>
public sealed class RepeatedEventsTests : IDisposable
{
    private readonly FakeClock clock = new();
    private readonly FakeEvents events;
    private readonly LogLines lines = new();
    private readonly RepeatedEvents repeated;

    public RepeatedEventsTests()
    {
        events = new FakeEvents(clock);
        using var loggers = LoggerFactory.Create(b => b.AddProvider(lines));
        repeated = new RepeatedEvents(events, clock, loggers.CreateLogger<RepeatedEvents>());
    }

    public void Dispose() => lines.Dispose();

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

    [Fact]
    public void The_log_tells_of_repeats_that_no_event_followed()
    {
        for (var i = 0; i < 4; i++)
        {
            Come("192.0.2.1");
        }

        clock.Advance(TimeSpan.FromMinutes(11));
        Come("192.0.2.2");

        Assert.Contains(lines.All, l => l.Text.Contains("flow login from 192.0.2.1", StringComparison.Ordinal) && l.Text.Contains("3 times more", StringComparison.Ordinal));
        Come("192.0.2.1");
        Assert.Null(events.Written.Last().Context["repeated"]);
    }

    [Fact]
    public void A_visitor_with_many_networks_fills_neither_the_events_nor_the_memory()
    {
        for (var i = 0; i < 20_000; i++)
        {
            Come(string.Create(CultureInfo.InvariantCulture, $"10.{i / 65536}.{i / 256 % 256}.{i % 256}"));
        }

        Assert.Equal(5_001, events.Written.Count);
        clock.Advance(TimeSpan.FromMinutes(5));
        Come("192.0.2.1");
        Assert.Equal(14_999, events.Written.Last().Context["repeated"]!.GetValue<int>());
    }

    private void Come(string address, int? user = null, string target = "flow login") =>
        repeated.Enqueue(new NewEvent(EventActions.PolicyExecution, user is { } id ? new EventActor(id, "u", "") : null, address, []), target);
}
