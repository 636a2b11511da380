using Gatehouse.Model.Providers;

namespace Gatehouse.Tests.Model.Providers;

public class ValidityPeriodTests
{
    [Theory]
    [InlineData("hours=NaN")]
    [InlineData("hours=Infinity")]
    [InlineData("hours=-Infinity")]
    [InlineData("hours=-1")]
    [InlineData("hours=1;minutes=NaN")]
    [InlineData("hours")]
    public void What_is_no_length_of_time_is_refused(string text) => Assert.False(ValidityPeriod.TryParse(text, out _));

    [Fact]
    public void Pairs_are_summed()
    {
        Assert.True(ValidityPeriod.TryParse("hours=1.5;minutes=1", out var period));
        Assert.Equal(TimeSpan.FromMinutes(91), period);
    }
}
