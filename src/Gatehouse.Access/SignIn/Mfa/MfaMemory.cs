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

    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(10);

    /// <summary>Keeps a proof that was given just now.</summary>
    public async Task KeepAsync(HttpContext context, AccessSession session, AccessAuthenticator by)
    {
        var now = clock.GetUtcNow();
        await PassAsync(session, by.Method, now, context.RequestAborted);
        var browser = AccessCookies.Keep(context, Cookie, SameSiteMode.None, now + MfaDemand.Longest); // sign-ins by SAML come back from another site
        await authenticators.RememberAsync(
            new RememberedProof { DeviceHash = AccessCookies.HashOf(browser), UserId = session.UserId, Method = by.Method, AuthenticatorId = by.Id, At = now }, context.RequestAborted);
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
                await PassAsync(session, proof.Method, proof.At, context.RequestAborted);
            }
        }
    }

    /// <summary>Whether the person proved themselves in this session in the last minutes by one of that kind.</summary>
    public bool IsRecent(AccessSession session, MfaMethods method) => MomentOf(session, method) + Recent > clock.GetUtcNow();

    /// <summary>Whether the person is known to have proved who they are in the last minutes: an open browser, here or at the login method, is not enough to enrol the first authenticator.</summary>
    public bool IsFresh(AccessSession session) => session.Passed.Max(Passed.SignInOf) + Recent > clock.GetUtcNow();

    private async Task PassAsync(AccessSession session, MfaMethods method, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var (begin, passed) = (Passed.OfMfa(method), Passed.OfMfa(method, at));
        await sessions.PassAsync(session.Nonce, begin, [passed], cancellationToken);
        session.Passed = [.. session.Passed.Where(p => !p.StartsWith(begin, StringComparison.Ordinal)), passed];
    }

    private static DateTimeOffset? MomentOf(AccessSession session, MfaMethods method) =>
        session.Passed.Select(Passed.MfaOf).Where(p => p?.Method == method).Max(p => p?.At);
}
