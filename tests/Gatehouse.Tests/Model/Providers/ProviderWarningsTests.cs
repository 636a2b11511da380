using Gatehouse.Model.Providers;

namespace Gatehouse.Tests.Model.Providers;

public class ProviderWarningsTests
{
    private const string AccessCallback = "https://team.cloudflareaccess.com/cdn-cgi/access/callback";

    [Fact]
    public void A_sound_provider_has_none() => Assert.Empty(ProviderWarnings.Of(Provider(AccessCallback, signed: true), isAssigned: true));

    [Theory]
    [InlineData(AccessCallback, MatchingMode.Strict, true)]
    [InlineData(@"https://.*\.cloudflareaccess\.com/cdn-cgi/access/callback", MatchingMode.Regex, true)]
    [InlineData("https://rp.test/callback", MatchingMode.Strict, false)]
    public void Access_needs_a_signing_key_and_no_encryption(string uri, MatchingMode mode, bool expected)
    {
        var provider = Provider(uri, signed: false, mode);
        provider.EncryptionKeyId = Guid.CreateVersion7();
        Assert.Equal(expected ? ["access_needs_signing_key", "access_refuses_encryption"] : [], ProviderWarnings.Of(provider, isAssigned: true).Select(w => w.Code));
    }

    [Fact]
    public void An_unassigned_provider_and_one_without_grant_types_are_named()
    {
        var provider = Provider("https://rp.test/cb", signed: true);
        provider.GrantTypes = [];
        Assert.Equal(["unassigned", "no_grant_types"], ProviderWarnings.Of(provider, isAssigned: false).Select(w => w.Code));
    }

    private static OAuth2Provider Provider(string uri, bool signed, MatchingMode mode = MatchingMode.Strict) => new()
    {
        Name = "p",
        ClientId = "p",
        SealedClientSecret = [],
        RedirectUris = [new(mode, uri, RedirectUriType.Authorization)],
        SigningKeyId = signed ? Guid.CreateVersion7() : null,
        AuthorizationFlowId = Guid.CreateVersion7(),
        InvalidationFlowId = Guid.CreateVersion7(),
    };
}
