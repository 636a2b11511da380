using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Apps;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>Access's cookies: Cloudflare's names and flags.</summary>
internal static class AccessCookies
{
    /// <summary>App token on an app host, org token on the team domain.</summary>
    public const string Authorization = "CF_Authorization";

    /// <summary>
    /// Binds a sign-in to the browser that began it; team domain. Cloudflare's CF_Session with a prefix that browsers take from this very
    /// host only (RFC 6265bis §4.1.3.2): without it an app beside the team domain could plant one, and so finish its own sign-in here.
    /// </summary>
    public const string Session = "__Host-CF_Session";

    /// <summary>
    /// The same for a sign-in by SAML, in which the provider's page posts the answer: that comes without cookies unless they are SameSite=None,
    /// and the other one must not be, since forms of ours go by it.
    /// </summary>
    public const string SamlSession = "__Host-CF_SamlSession";

    /// <summary>Binds the result of a sign-in to the browser that asked for the app; app host.</summary>
    public const string AppSession = "CF_AppSession";

    // 32 random bytes in base64url.
    private const int ValueLength = 43;

    /// <summary>SHA-256 of a cookie's value, lower-case hex: what may travel in URLs.</summary>
    public static string HashOf(string value) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)));

    /// <summary>Whether the request carries the cookie exactly once, with the value of this hash.</summary>
    public static bool Matches(HttpRequest request, string name, string hash) =>
        CookieValues.Only(request, name) is { } value
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(HashOf(value)), Encoding.UTF8.GetBytes(hash));

    /// <summary>The browser's value of a binding cookie, so that several tabs can sign in at once, or a new one. Its life begins anew.</summary>
    public static string Keep(HttpContext context, string name, SameSiteMode sameSite, DateTimeOffset expires)
    {
        var value = CookieValues.Only(context.Request, name) is { } known && IsWellFormed(known)
            ? known
            : NewValue();
        Set(context, name, value, expires, sameSite: sameSite);
        return value;
    }

    /// <summary>A value that nobody can guess.</summary>
    public static string NewValue() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>Sets a cookie of this host.</summary>
    public static void Set(
        HttpContext context, string name, string value, DateTimeOffset expires, bool httpOnly = true, SameSiteMode sameSite = SameSiteMode.None, string path = "/") =>
        context.Response.Cookies.Append(name, value, new CookieOptions { Expires = expires, HttpOnly = httpOnly, Secure = true, SameSite = sameSite, Path = path });

    /// <summary>The SameSite attribute that an app's setting asks for.</summary>
    public static SameSiteMode ModeOf(CookieSameSite? configured) => configured switch
    {
        CookieSameSite.Lax => SameSiteMode.Lax,
        CookieSameSite.Strict => SameSiteMode.Strict,
        _ => SameSiteMode.None,
    };

    /// <summary>Takes a cookie of this host away.</summary>
    public static void Clear(HttpContext context, string name, string path) => Set(context, name, "", DateTimeOffset.UnixEpoch, path: path);

    private static bool IsWellFormed(string value) => value.Length == ValueLength && Base64Url.IsValid(value);
}
