using Gatehouse.Model.Claims;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;

namespace Gatehouse.Tests.Identity.Oidc;

public class ClaimsTests
{
    // printf '7-install' | sha256sum
    private const string Hashed = "bc6d51cb669cadf3bc51c65775ed185dca8a90ebb882970a67cefa9939da4786";

    private static readonly Guid Uuid = Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057");

    [Theory]
    [InlineData(SubMode.HashedUserId, Hashed)]
    [InlineData(SubMode.UserId, "7")]
    [InlineData(SubMode.UserUuid, "01890a5d-ac96-774b-bcce-b302099a8057")]
    [InlineData(SubMode.UserUsername, "ada")]
    [InlineData(SubMode.UserEmail, "ada@example.test")]
    [InlineData(SubMode.UserUpn, "ada@corp")]
    public void The_subject_follows_the_mode(SubMode mode, string expected) => Assert.Equal(expected, Subjects.Of(Ada("""{"upn":"ada@corp"}""", "ada@example.test"), mode, "install"));

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("not json")]
    [InlineData("""{"upn":7}""")]
    [InlineData("""{"upn":""}""")]
    [InlineData("""{"upn":"ädä"}""")]
    public void An_unusable_upn_falls_back_to_the_hash(string attributes) => Assert.Equal(Hashed, Subjects.Of(Ada(attributes, ""), SubMode.UserUpn, "install"));

    [Fact]
    public void A_missing_address_is_no_subject() => Assert.Equal(Hashed, Subjects.Of(Ada("{}", ""), SubMode.UserEmail, "install"));

    private static User Ada(string attributes, string email) => new() { Id = 7, Uuid = Uuid, Username = "ada", UsernameKey = "ada", Email = email, AttributesJson = attributes };
}
