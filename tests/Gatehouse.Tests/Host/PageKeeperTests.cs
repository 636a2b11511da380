using Gatehouse.Hosting;

namespace Gatehouse.Tests.Host;

public sealed class PageKeeperTests
{
    [Fact]
    public void Pages_go_back_when_they_are_too_many_and_ever_less_often_when_they_come_back_at_once()
    {
        using var keeper = new PageKeeper(TimeProvider.System);
        Assert.False(keeper.IsDue(PageKeeper.MostAtFirst - 1));
        Assert.Equal(99, Enumerable.Range(0, 99).Count(_ => keeper.IsDue(PageKeeper.MostAtFirst))); // the start, each time
        Assert.True(keeper.IsDue(PageKeeper.Most));
        var between = new List<int>();
        for (int look = 0, since = 0; look < 2000; look++)
        {
            since++;
            if (keeper.IsDue(PageKeeper.Most))
            {
                between.Add(since);
                since = 0;
            }
        }

        Assert.Equal([2, 4, 8, 16, 32, 64, 120, 120], between.Take(8)); // half a minute at most
        for (var look = 0; look < 300; look++)
        {
            Assert.False(keeper.IsDue(0));
        }

        Assert.True(keeper.IsDue(PageKeeper.Most)); // something new
        Assert.True(keeper.IsDue(PageKeeper.Most)); // and soon again
    }

    [Fact]
    public void Nothing_is_let_go_that_was_not_there_at_an_earlier_look()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells what is mapped");
        using var keeper = new PageKeeper(TimeProvider.System);
        Assert.Equal(0, keeper.LetGo()); // somebody may be loading it
        using var other = new PageKeeper(TimeProvider.System);
        other.Look();
        Assert.NotEqual(0, other.LetGo());
    }

    [Fact]
    public void The_shared_pages_are_read_from_the_text_of_the_system()
    {
        Assert.Equal(7933L * Environment.SystemPageSize, PageKeeper.SharedOf("25843 10211 7933 12 0 6155 0\n"u8));
        Assert.Equal(0, PageKeeper.SharedOf("25843 10211"u8));
        Assert.Equal(0, PageKeeper.SharedOf("a b c d"u8));
        Assert.Equal(0, PageKeeper.SharedOf(""u8));
    }
}
