using Gatehouse.Access.Tokens;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>Finds the sessions that tokens stand for.</summary>
internal sealed class OrgSessions(TokenVerifier verifier, IAccessSessions sessions, ISnapshot<RevocationTable> revocations, TimeProvider clock)
{
    /// <summary>
    /// The live session of an org token in the team domain's cookies. Those of different people count as none: a host beside this one can
    /// plant its own person's cookie here, and choosing would be luck.
    /// </summary>
    public async Task<AccessSession?> FindAsync(HttpContext context, AccessTable table)
    {
        var found = await FindAllAsync(context, table);
        return found.Count > 0 && found.TrueForAll(s => s.UserId == found[0].UserId) ? found[0] : null;
    }

    /// <summary>The live sessions of all org tokens in the team domain's cookies.</summary>
    public async Task<List<AccessSession>> FindAllAsync(HttpContext context, AccessTable table)
    {
        var found = new List<AccessSession>();
        foreach (var value in TokenCandidates.Of(CookieValues.All(context.Request, AccessCookies.Authorization)))
        {
            if (await verifier.VerifyAsync(value, table) is { Type: TokenType.Org, IdentityNonce: { } nonce }
                && await FindLiveAsync(nonce, context.RequestAborted) is { } session)
            {
                found.Add(session);
            }
        }

        return found;
    }

    /// <summary>The session when it may still open apps: neither ended nor past its time.</summary>
    public async Task<AccessSession?> FindLiveAsync(string nonce, CancellationToken cancellationToken) =>
        await FindKnownAsync(nonce, cancellationToken) is { } session && session.ExpiresAt > clock.GetUtcNow() ? session : null;

    /// <summary>The session unless it was ended; tokens that it gave may outlive its time.</summary>
    public async Task<AccessSession?> FindKnownAsync(string nonce, CancellationToken cancellationToken) =>
        revocations.Current.IsRevoked(nonce) ? null : await sessions.FindAsync(nonce, cancellationToken);
}
