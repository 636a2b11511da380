using Gatehouse.Hosting;

namespace Gatehouse.Tests.Host;

public sealed class MemoryKeeperTests
{
    private const long Mega = 1 << 20;

    [Fact]
    public void Memory_goes_back_once_after_a_burst_when_it_is_quiet_again()
    {
        using var keeper = new MemoryKeeper(TimeProvider.System);

        Assert.False(keeper.IsDue(40 * Mega));
        Assert.True(keeper.IsDue(41 * Mega)); // a start is a burst
        Assert.False(keeper.IsDue(900 * Mega)); // the burst
        Assert.False(keeper.IsDue(1200 * Mega)); // goes on
        Assert.True(keeper.IsDue(1201 * Mega));
        Assert.False(keeper.IsDue(1202 * Mega)); // once
        Assert.False(keeper.IsDue(1300 * Mega));
        Assert.True(keeper.IsDue(1300 * Mega));
    }
}
