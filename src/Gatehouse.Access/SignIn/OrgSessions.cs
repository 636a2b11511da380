using Gatehouse.Access.Tokens;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>Finds the sessions that tokens stand for.</summary>
internal sealed class OrgSessions(TokenVerifier verifier, IAccessSessions sessions, ISnapshot<RevocationTable> revocations, TimeProvider clock)
{
    /// <summary>The live session of an org token in the team domain's cookies; the first good one when there are several.</summary>
    public async Task<AccessSession?> FindAsync(HttpContext context, AccessTable table)
    {
        foreach (var value in CookieValues.All(context.Request, AccessCookies.Authorization))
        {
            if (await verifier.VerifyAsync(value, table) is { Type: TokenType.Org, IdentityNonce: { } nonce }
                && await FindLiveAsync(nonce, context.RequestAborted) is { } session)
            {
                return session;
            }
        }

        return null;
    }

    /// <summary>The session when it may still open apps: neither ended nor past its time.</summary>
    public async Task<AccessSession?> FindLiveAsync(string nonce, CancellationToken cancellationToken) =>
        await FindKnownAsync(nonce, cancellationToken) is { } session && session.ExpiresAt > clock.GetUtcNow() ? session : null;

    /// <summary>The session unless it was ended; tokens that it gave may outlive its time.</summary>
    public async Task<AccessSession?> FindKnownAsync(string nonce, CancellationToken cancellationToken) =>
        revocations.Current.IsRevoked(nonce) ? null : await sessions.FindAsync(nonce, cancellationToken);
}
