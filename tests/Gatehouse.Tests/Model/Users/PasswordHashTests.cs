using Gatehouse.Model.Users;

namespace Gatehouse.Tests.Model.Users;

public class PasswordHashTests
{
    [Fact]
    public void Only_the_password_itself_is_right()
    {
        var kept = PasswordHash.Make("correct horse");

        Assert.StartsWith("pbkdf2_sha512$210000$", kept, StringComparison.Ordinal);
        Assert.True(PasswordHash.Verify("correct horse", kept));
        Assert.False(PasswordHash.Verify("correct horse ", kept));
        Assert.False(PasswordHash.Verify("", kept));
        Assert.False(PasswordHash.IsOutdated(kept));
    }

    [Fact]
    public void U02_the_decoy_costs_as_much_as_a_real_one_and_is_never_right()
    {
        Assert.False(PasswordHash.IsOutdated(PasswordHash.Decoy));
        Assert.False(PasswordHash.Verify("", PasswordHash.Decoy));
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("pbkdf2_sha512$$AAAAAAAAAAAAAAAAAAAAAA==$AAAA")]
    [InlineData("pbkdf2_sha512$0$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("pbkdf2_sha512$99999999$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("pbkdf2_sha512$1$not base64$AAAA")]
    [InlineData("pbkdf2_sha512$1$AAAAAAAAAAAAAAAAAAAAAA==$")]
    [InlineData("pbkdf2_sha256$1$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void A_text_that_cannot_be_read_fits_no_password(string kept)
    {
        Assert.False(PasswordHash.Verify("", kept));
        Assert.True(PasswordHash.IsOutdated(kept));
    }

    [Fact]
    public void Two_hashes_of_one_password_differ() => Assert.NotEqual(PasswordHash.Make("same password"), PasswordHash.Make("same password"));
}
