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

    [Fact]
    public void Pages_of_files_go_back_when_they_have_grown_by_much_and_are_counted_anew_when_those_in_use_are_back()
    {
        using var keeper = new MemoryKeeper(TimeProvider.System);

        Assert.True(keeper.HaveFilesGrown(60L << 20)); // the start
        Assert.False(keeper.HaveFilesGrown(30L << 20)); // what is in use came back
        Assert.False(keeper.HaveFilesGrown(37L << 20));
        Assert.True(keeper.HaveFilesGrown(38L << 20));
        Assert.False(keeper.HaveFilesGrown(38L << 20));
    }

    [Fact]
    public void Pages_of_files_go_back_each_time_much_was_compiled_anew()
    {
        using var keeper = new MemoryKeeper(TimeProvider.System);

        Assert.True(keeper.IsCompiled(1600)); // the start
        Assert.False(keeper.IsCompiled(1899));
        Assert.True(keeper.IsCompiled(1900));
        Assert.False(keeper.IsCompiled(1900));
        Assert.False(keeper.IsCompiled(2199));
        Assert.True(keeper.IsCompiled(2900));
    }
}
