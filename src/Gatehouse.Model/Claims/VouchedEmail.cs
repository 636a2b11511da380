using Gatehouse.Model.Hosts;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;

namespace Gatehouse.Model.Claims;

/// <summary>
/// How our own Identity tells our own Access that an address is not only what its owner wrote. <c>email_verified</c> can't: authentik says
/// <c>false</c> of everybody, and clients count on it.
/// </summary>
public static class VouchedEmail
{
    /// <summary>The claim; its value is the address that is vouched for, so that it vouches for no other claim.</summary>
    public const string Claim = "gatehouse_vouched_email";

    private const string Scope = "email";

    /// <summary>The address to vouch for at a client; null when there is none, or the client is not our own Access.</summary>
    public static string? Of(User user, OAuth2Provider provider, IReadOnlyList<string> scopes, PublicUrls urls) =>
        user.Email.Length > 0 && !user.IsEmailUnproven && scopes.Contains(Scope) && provider.RedirectUris.Exists(u => IsAccess(u, urls)) ? user.Email : null;

    private static bool IsAccess(RedirectUri uri, PublicUrls urls) =>
        uri.Url == urls.AccessCallback || (uri.Mode == MatchingMode.Regex && uri.Url.Contains("/cdn-cgi/access/callback", StringComparison.Ordinal));
}
