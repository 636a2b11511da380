using System.Net;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.SignIn;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>What is kept of decisions about people and machines: nobody fills the log, and nothing hides what comes next.</summary>
public class NamedLimitTests
{
    private static readonly Guid App = Guid.CreateVersion7();

    [Fact]
    public void The_first_of_each_kind_is_kept_and_ten_repeats_of_each_person()
    {
        var clock = new FakeClock();
        var limit = new NamedLimit(clock);

        Assert.Equal(11, Enumerable.Range(0, 200).Count(_ => limit.Take("ada", new(App, true))));
        Assert.True(limit.Take("ada", new(App, false)));
        Assert.True(limit.Take("ada", new(App, true, HasReasons: true)));
        Assert.True(limit.Take("ada", new(Guid.CreateVersion7(), true)));
        Assert.True(limit.Take("ada", new(App, true, From: IPAddress.Loopback)));
        Assert.True(limit.Take("eve", new(App, true)));
        Assert.False(limit.Take("ada", new(App, false)));

        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True(limit.Take("ada", new(App, true)));
    }

    [Fact]
    public void Kinds_without_number_are_no_way_around_it()
    {
        var limit = new NamedLimit(new FakeClock());

        Assert.Equal(210, Enumerable.Range(0, 1000).Count(n => limit.Take("ada", new(App, true, From: new IPAddress([10, 0, (byte)(n >> 8), (byte)n])))));
        Assert.True(limit.Take("eve", new(App, true)));
    }

    [Fact]
    public void L05_somebody_who_is_refused_fills_no_log_and_hides_nobody()
    {
        var (clock, audit) = (new FakeClock(), new FakeAudit());
        var decisions = new SignInDecision(audit, new AnonymousLimit(clock), new NamedLimit(clock), new Places(new NoCountries()), clock);
        var app = TestAccess.Entry(TestAccess.App("app.test", TestAccess.Policy(PolicyAction.Allow, "Boss", [new Rule.Email("boss@example.com")])));

        for (var n = 0; n < 200; n++)
        {
            decisions.RecordDenial(new DefaultHttpContext(), app, TestAccess.Visitor("ada@example.com"));
        }

        Assert.Equal(11, audit.Records.Count);
        decisions.RecordDenial(new DefaultHttpContext(), app, TestAccess.Visitor("eve@example.com"));
        decisions.RecordDenial(new DefaultHttpContext(), app, TestAccess.Visitor(null));
        Assert.Equal(["eve@example.com", null], audit.Records.Skip(11).Select(r => r.Email));
    }
}
