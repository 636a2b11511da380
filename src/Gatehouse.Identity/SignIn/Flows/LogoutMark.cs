using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Keys;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>
/// A cookie that says of a browser, for a few minutes, that it had a session when it logged out of an application: by the end of the logout it may
/// have none, and strangers are told of no application.
/// </summary>
internal sealed class LogoutMark(ISecretBox box)
{
    private const string Cookie = "__Host-authentik_logout";
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    /// <summary>Marks the browser.</summary>
    public void Set(HttpResponse response, string slug) => response.Cookies.Append(
        Cookie, Of(slug), new CookieOptions { MaxAge = Life, HttpOnly = true, Secure = true, SameSite = SameSiteMode.Lax, Path = "/" });

    /// <summary>Whether it is marked.</summary>
    public bool Has(HttpRequest request, string slug) =>
        request.Cookies[Cookie] is { } given && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(Of(slug)));

    private string Of(string slug) => Convert.ToHexStringLower(HMACSHA256.HashData(box.DeriveKey("identity logout mark v1"), Encoding.UTF8.GetBytes(slug)));
}
