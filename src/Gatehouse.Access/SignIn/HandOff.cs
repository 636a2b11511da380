using System.Buffers.Text;
using System.Security.Cryptography;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>Sends a person who was admitted from the team domain to the app host, with a one-time nonce that only their browser can use.</summary>
internal sealed class HandOff(SealedStates states, PublicUrls urls, TimeProvider clock)
{
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(60);

    /// <summary>302 to the app host's <c>authorized</c>.</summary>
    public IResult Send(HttpContext context, AppEntry app, AccessSession session, string host, string returnTo, string appSessionHash, string? round = null)
    {
        var id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
        var state = states.Seal(new HandOffState
        {
            Id = id,
            SessionNonce = session.Nonce,
            Aud = app.App.Aud,
            Host = host,
            ReturnTo = returnTo,
            AppSessionHash = appSessionHash,
            Round = round,
            ExpiresAt = clock.GetUtcNow() + Life,
        });
        SecurityHeaders.NoStore(context.Response);
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        return Results.Redirect($"{urls.UrlOf(host)}/cdn-cgi/access/authorized?nonce={id}&state={state}");
    }
}
