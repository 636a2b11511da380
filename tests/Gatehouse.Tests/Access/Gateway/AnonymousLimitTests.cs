using System.Net;
using Gatehouse.Access.Gateway;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.Gateway;

public class AnonymousLimitTests
{
    [Fact]
    public void A_client_is_recorded_sixty_times_a_minute()
    {
        var clock = new FakeClock();
        var limit = new AnonymousLimit(clock);
        var client = IPAddress.Parse("192.0.2.1");

        Assert.Equal(60, Enumerable.Range(0, 200).Count(_ => limit.Take(client)));
        Assert.True(limit.Take(IPAddress.Parse("192.0.2.2")));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True(limit.Take(client));
    }

    [Fact]
    public void All_addresses_of_one_ipv6_network_are_one_client()
    {
        var limit = new AnonymousLimit(new FakeClock());

        Assert.Equal(60, Enumerable.Range(0, 200).Count(n => limit.Take(IPAddress.Parse($"2001:db8::{n:x}"))));
        Assert.True(limit.Take(IPAddress.Parse("2001:db8:0:1::1")));
    }

    [Fact]
    public void Whoever_has_many_networks_is_recorded_a_thousand_times()
    {
        var clock = new FakeClock();
        var limit = new AnonymousLimit(clock);

        Assert.Equal(1000, Enumerable.Range(0, 5000).Count(n => limit.Take(IPAddress.Parse($"2001:db8:0:{n:x}::1"))));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True(limit.Take(IPAddress.Parse("2001:db8::1")));
    }
}
