using System.Net;
using Gatehouse.Model.Hosts;

namespace Gatehouse.Tests.Model.Hosts;

/// <summary>How often clients may do something.</summary>
public class AddressLimitTests
{
    private readonly Ticks clock = new();

    [Fact]
    public void A_bucket_is_emptied_and_fills_with_time()
    {
        var limit = new AddressLimit(2, 3, clock);
        var address = IPAddress.Parse("192.0.2.1");
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => limit.TryTake(address)));
        clock.Now += 1;
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => limit.TryTake(address)));
        Assert.True(limit.TryTake(IPAddress.Parse("192.0.2.2")));
    }

    [Fact]
    public void N09_addresses_of_one_v6_network_share_a_bucket_and_so_do_the_two_ways_to_write_a_v4_one()
    {
        var limit = new AddressLimit(1, 2, clock);
        Assert.True(limit.TryTake(IPAddress.Parse("2001:db8::1")));
        Assert.True(limit.TryTake(IPAddress.Parse("2001:db8::ffff:1")));
        Assert.False(limit.TryTake(IPAddress.Parse("2001:db8::2")));
        Assert.True(limit.TryTake(IPAddress.Parse("2001:db8:0:1::1")));
        Assert.True(limit.TryTake(IPAddress.Parse("192.0.2.1")));
        Assert.True(limit.TryTake(IPAddress.Parse("::ffff:192.0.2.1")));
        Assert.False(limit.TryTake(IPAddress.Parse("192.0.2.1")));
    }

    [Fact]
    public void Many_others_make_only_the_bucket_used_longest_ago_be_forgotten()
    {
        var limit = new AddressLimit(0.001, 1, clock);
        IPAddress busy = IPAddress.Parse("192.0.2.1"), idle = IPAddress.Parse("192.0.2.2");
        Assert.True(limit.TryTake(idle));
        Assert.True(limit.TryTake(busy));
        for (var n = 0; n < AddressLimit.MostNetworks; n++)
        {
            Assert.True(limit.TryTake(new IPAddress(0x0A000000 + n)));
            Assert.False(limit.TryTake(busy));
        }

        Assert.True(limit.TryTake(idle));
    }

    private sealed class Ticks : TimeProvider
    {
        public long Now { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Now;
    }
}
