using System.Buffers.Text;
using System.Security.Cryptography;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>
/// Sends a person who was admitted from the team domain to the app host, with a one-time nonce that only their browser can use; or back to where a SaaS
/// application asked for them, on the team domain itself.
/// </summary>
internal sealed class HandOff(SealedStates states, PublicUrls urls, TimeProvider clock)
{
    /// <summary>Carries what a sign-in says back to where a SaaS application asked for it. It stands last.</summary>
    public const string EntryParameter = "access_entry";

    private static readonly TimeSpan Life = TimeSpan.FromSeconds(60);

    /// <summary>302 to the app host's <c>authorized</c>.</summary>
    public IResult Send(HttpContext context, AppEntry app, AccessSession session, string host, string returnTo, string appSessionHash, string? round = null, SignInProof proof = SignInProof.Known)
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
            Proof = proof,
            ExpiresAt = clock.GetUtcNow() + Life,
        });
        SecurityHeaders.NoStore(context.Response);
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        return app.App.Saas is not null
            ? Results.Redirect($"{urls.Access}{returnTo}{(returnTo.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{EntryParameter}={state}")
            : Results.Redirect($"{urls.UrlOf(host)}/cdn-cgi/access/authorized?nonce={id}&state={state}");
    }

    /// <summary>Takes a sign-in's word off a path and query; null when there is none.</summary>
    public static (string Target, string? Entry) Split(string raw)
    {
        var at = raw.LastIndexOf(EntryParameter + "=", StringComparison.Ordinal);
        return at > 0 && raw[at - 1] is '&' or '?' ? (raw[..(at - 1)], raw[(at + EntryParameter.Length + 1)..]) : (raw, null);
    }
}
