using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.SignIn;

/// <summary>Refuses requests that another site makes a browser send (login CSRF, forced consent), and issues the token that scripts echo.</summary>
internal sealed class CrossSite(PublicUrls urls, ISecretBox box)
{
    /// <summary>Name of the cookie that scripts read; authentik's.</summary>
    public const string Cookie = "authentik_csrf";

    /// <summary>Name of the header they echo it in; authentik's.</summary>
    public const string Header = "X-authentik-CSRF";

    /// <summary>Whether the headers say that another origin sent it. An app on a sister host counts as another: anybody may publish one.</summary>
    public bool IsForeign(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"];
        var isOurs = site is ["same-origin"];
        if (site.Count > 0 && !isOurs && site is not ["none"])
        {
            return true;
        }

        var origin = request.Headers.Origin;

        // Under our own Referrer-Policy browsers send "null" with a form (Fetch §3.2.5); then Sec-Fetch-Site must vouch for it.
        return origin.Count > 0 && !IsOurOrigin(request) && !(isOurs && origin is ["null"]);
    }

    /// <summary>Whether a request of a signed-in browser proves that a page of ours made it: by its Origin, or by the echo of the cookie's token.</summary>
    public bool IsProven(HttpRequest request, string sessionKey)
    {
        if (IsOurOrigin(request))
        {
            return true;
        }

        return request.Headers[Header] is [{ } echoed]
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(echoed), Encoding.UTF8.GetBytes(TokenOf(sessionKey)));
    }

    /// <summary>The hidden field <c>csrf</c> of forms that work without scripts: browsers send them without an Origin under our Referrer-Policy.</summary>
    public string FormToken(string sessionKey) => TokenOf(sessionKey);

    /// <summary>Whether a form holds that field as this session's page wrote it.</summary>
    public bool IsProvenForm(IFormCollection form, string sessionKey) =>
        form["csrf"] is [{ } echoed] && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(echoed), Encoding.UTF8.GetBytes(TokenOf(sessionKey)));

    /// <summary>Hands the browser the token of its session, unless it has it.</summary>
    public void Offer(HttpContext context, string sessionKey)
    {
        var token = TokenOf(sessionKey);
        if (context.Request.Cookies[Cookie] != token)
        {
            // Scripts read it: that is its purpose.
            context.Response.Cookies.Append(
                Cookie, token, new CookieOptions { HttpOnly = false, Secure = true, SameSite = SameSiteMode.Lax, Path = "/", IsEssential = true });
        }
    }

    private bool IsOurOrigin(HttpRequest request) => request.Headers.Origin is [{ } origin] && origin == urls.Identity;

    // Made from the session, so a cookie planted by a sister host is of no use.
    private string TokenOf(string sessionKey) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(box.DeriveKey("identity csrf token v1"), Encoding.UTF8.GetBytes(sessionKey)));
}
