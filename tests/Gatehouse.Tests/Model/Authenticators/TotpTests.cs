using System.Text;
using Gatehouse.Model.Authenticators;

namespace Gatehouse.Tests.Model.Authenticators;

/// <summary>RFC 6238's own vectors, and which codes count when.</summary>
public class TotpTests
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("12345678901234567890");

    [Theory]
    [InlineData(59, "94287082")]
    [InlineData(1111111109, "07081804")]
    [InlineData(1111111111, "14050471")]
    [InlineData(1234567890, "89005924")]
    [InlineData(2000000000, "69279037")]
    [InlineData(20000000000, "65353130")]
    public void RFC_6238_appendix_B(long seconds, string code)
    {
        var step = Totp.StepAt(DateTimeOffset.FromUnixTimeSeconds(seconds));

        Assert.Equal(code, Totp.CodeAt(step, Secret, 8));
        Assert.Equal(code[2..], Totp.CodeAt(step, Secret, 6));
    }

    [Theory]
    [InlineData(-2, null)]
    [InlineData(-1, 99L)]
    [InlineData(0, 100L)]
    [InlineData(1, 101L)]
    [InlineData(2, null)]
    public void Q44_one_step_either_way_counts(int drift, long? expected)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(100 * 30);

        Assert.Equal(expected, Totp.StepOf(Totp.CodeAt(100 + drift, Secret, 6), Secret, 6, now, burnt: 0));
    }

    [Theory]
    [InlineData(99, 100L)]
    [InlineData(100, null)]
    [InlineData(101, null)]
    public void Q44_a_burnt_step_and_older_ones_do_not(long burnt, long? expected)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds((100 * 30) + 29);

        Assert.Equal(expected, Totp.StepOf(Totp.CodeAt(100, Secret, 6), Secret, 6, now, burnt));
    }

    [Theory]
    [InlineData("")]
    [InlineData("12345")]
    [InlineData("1234567")]
    [InlineData("٣٤٥٦٧٨")]
    public void Other_texts_are_no_codes(string typed) =>
        Assert.Null(Totp.StepOf(typed, Secret, 6, DateTimeOffset.FromUnixTimeSeconds(3000), 0));

    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void RFC_4648_section_10(string plain, string expected) => Assert.Equal(expected, Base32.Write(Encoding.ASCII.GetBytes(plain)));

    [Fact]
    public void Apps_are_told_who_and_where() => Assert.Equal(
        "otpauth://totp/My%20House:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30&issuer=My%20House",
        Totp.ConfigUrl("My House", "ada@example.com", Secret, 6));
}
