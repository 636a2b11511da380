using Gatehouse.Model.Apps;

namespace Gatehouse.Tests.Model.Apps;

public class GoDurationTests
{
    [Theory]
    [InlineData("24h", "24h")]
    [InlineData("2h45m", "2h45m")]
    [InlineData("1.5h", "1h30m")]
    [InlineData("90m", "1h30m")]
    [InlineData("300ms", "300ms")]
    [InlineData("1000us", "1ms")]
    [InlineData("2000000ns", "2ms")]
    [InlineData("0", "0s")]
    [InlineData("0s", "0s")]
    [InlineData("744h", "744h")]
    [InlineData("1h1m1s1ms", "1h1m1s1ms")]
    public void Is_read_and_written(string text, string expected)
    {
        Assert.True(GoDuration.TryParse(text, out var duration));
        Assert.Equal(expected, GoDuration.Format(duration));
    }

    [Theory]
    [InlineData("")]
    [InlineData("24")]
    [InlineData("1d")]
    [InlineData("-1h")]
    [InlineData("+1h")]
    [InlineData("h")]
    [InlineData("1 h")]
    [InlineData("1h ")]
    [InlineData("1..5h")]
    [InlineData(".h")]
    [InlineData("1H")]
    [InlineData("500us")]
    [InlineData("99999999999999999999h")]
    [InlineData("999999999999999999999999999999999h")]
    [InlineData("\u0661h")]
    public void Anything_else_is_refused(string text) => Assert.False(GoDuration.TryParse(text, out _));
}
