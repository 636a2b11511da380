using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Mfa;

/// <summary>
/// Where proofs are kept: in the session, which the gateway looks at, and for the browser, since a proof may count for longer than a session lasts. The
/// browser's cookie opens nothing by itself: it counts for a person who has signed in there.
/// </summary>
internal sealed class MfaMemory(IAccessAuthenticators authenticators, IAccessSessions sessions, TimeProvider clock)
{
    /// <summary>Names the browser; team domain. Cloudflare's CF_Device with a prefix that browsers take from this very host only.</summary>
    public const string Cookie = "__Host-CF_Device";

    private const int MostEntries = 16;
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(10);

    /// <summary>Keeps a proof that was given just now; where each entry asks, <paramref name="entered"/> is the app that it was given for.</summary>
    public async Task KeepAsync(HttpContext context, AccessSession session, AccessAuthenticator by, Guid? entered)
    {
        var now = clock.GetUtcNow();
        var browser = AccessCookies.Keep(context, Cookie, SameSiteMode.None, now + MfaDemand.Longest); // sign-ins by SAML come back from another site
        if (await authenticators.RememberAsync(
            new RememberedProof { DeviceHash = AccessCookies.HashOf(browser), UserId = session.UserId, Method = by.Method, AuthenticatorId = by.Id, At = now }, context.RequestAborted))
        {
            await PassAsync(session, by.Method, now, entered, context.RequestAborted);
        }
    }

    /// <summary>Brings what the person proved in this browser before into the session.</summary>
    public async Task RecallAsync(HttpContext context, AccessSession session)
    {
        if (CookieValues.Only(context.Request, Cookie) is not { } browser)
        {
            return;
        }

        foreach (var proof in await authenticators.RecallAsync(session.UserId, AccessCookies.HashOf(browser), context.RequestAborted))
        {
            if (!(MomentOf(session, proof.Method) >= proof.At))
            {
                await PassAsync(session, proof.Method, proof.At, null, context.RequestAborted);
            }
        }
    }

    /// <summary>Whether the person proved themselves in this session in the last minutes by one of that kind.</summary>
    public bool IsRecent(AccessSession session, MfaMethods method) => MomentOf(session, method) + Recent > clock.GetUtcNow();

    /// <summary>Whether the person is known to have proved who they are in the last minutes: an open browser, here or at the login method, is not enough to enrol the first authenticator.</summary>
    public bool IsFresh(AccessSession session) => session.Passed.Max(Passed.SignInOf) + Recent > clock.GetUtcNow();

    // The last proof of a kind, and those for one entry each: what came of an entry stands by its own.
    private async Task PassAsync(AccessSession session, MfaMethods method, DateTimeOffset at, Guid? entered, CancellationToken cancellationToken)
    {
        var begin = Passed.OfMfa(method);
        var entries = session.Passed.Where(p => p.StartsWith(begin, StringComparison.Ordinal) && Passed.MfaOf(p) is null).TakeLast(MostEntries);
        List<string> passed = [Passed.OfMfa(method, at), .. entries];
        if (entered is { } app)
        {
            passed.Add(Passed.OfEntry(method, at, app));
        }

        await sessions.PassAsync(session.Nonce, begin, passed, cancellationToken);
        session.Pass(begin, passed);
    }

    private static DateTimeOffset? MomentOf(AccessSession session, MfaMethods method) =>
        session.Passed.Select(Passed.MfaOf).Where(p => p?.Method == method).Max(p => p?.At);
}
