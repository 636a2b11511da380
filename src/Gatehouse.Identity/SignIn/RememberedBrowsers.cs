using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Sessions;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SignIn;

/// <summary>
/// The second cookie of sessions whose cookie outlives the browser. It changes every hour of use: of two who use copies of it, the slower comes
/// with a former one, and the session ends for both.
/// </summary>
internal sealed partial class RememberedBrowsers(GatehouseDb db, SignInEvents events, ISecretBox box, TimeProvider clock, ILogger<RememberedBrowsers> logger)
{
    /// <summary>Name of the cookie; bound to the host as that of the session is.</summary>
    public const string Cookie = "__Host-authentik_remember";

    private const int TokenLength = 64;

    // Each address and browser that comes with a token is offered another one; more than a few are nobody's roaming.
    private const int MostOffered = 8;

    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    // For requests that were under way when the new token was used for the first time.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    /// <summary>A first token, and its row, to be saved with the session.</summary>
    public RememberedToken Begin(AuthenticatedSession session, out string token)
    {
        token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenLength / 2));
        return new RememberedToken { Hash = BrowserSessions.Hash(token), SessionId = session.Id, FirstUsedAt = clock.GetUtcNow() };
    }

    /// <summary>Sets the cookie.</summary>
    public void Write(HttpResponse response, string token, AuthenticatedSession session)
    {
        var life = session.ExpiresAt - clock.GetUtcNow();
        BrowserSessions.DropWritten(response, Cookie);
        response.Cookies.Append(Cookie, token, BrowserSessions.Options(life));
    }

    /// <summary>Clears the cookie, if the browser has one.</summary>
    public static void Clear(HttpContext context)
    {
        BrowserSessions.DropWritten(context.Response, Cookie);
        if (CookieValues.All(context.Request, Cookie).Any())
        {
            context.Response.Cookies.Delete(Cookie, BrowserSessions.Options(null));
        }
    }

    /// <summary>Whether the browser shows what <paramref name="session"/> wants beside its cookie. A former token ends the session.</summary>
    /// <param name="user">Whose session it is.</param>
    public async Task<bool> HoldsAsync(HttpContext context, AuthenticatedSession session, User user, CancellationToken cancellationToken)
    {
        if (!session.IsRemembered)
        {
            return true;
        }

        // Without it the cookie of the session opens nothing, but proves no theft either: browsers drop cookies.
        if (CookieValues.Only(context.Request, Cookie) is not { Length: TokenLength } token)
        {
            return false;
        }

        var (hash, now) = (BrowserSessions.Hash(token), clock.GetUtcNow());
        switch (await db.RememberedTokens.AsNoTracking().SingleOrDefaultAsync(t => t.Hash == hash && t.SessionId == session.Id, cancellationToken))
        {
            case { ReplacedAt: null, FirstUsedAt: null }:
                return await AdvanceAsync(context, session, token, now, cancellationToken);
            case { ReplacedAt: null, FirstUsedAt: { } since }:
                if (now - since >= Every)
                {
                    await OfferAsync(context, session, token, hash, cancellationToken);
                }

                return true;
            case { ReplacedAt: { } replaced, FirstUsedAt: var used } when now - replaced <= Grace:
                if (used is null)
                {
                    // The browser was offered two, and the answer with this one came after it had used the other.
                    await OfferAsync(context, session, token, hash, cancellationToken);
                }

                return true;
            default:
                await EndAsync(context, session, user, now, cancellationToken);
                return false;
        }
    }

    // The new token counts from its first use, not from its making: an answer that never arrived must lock nobody out.
    private async Task<bool> AdvanceAsync(HttpContext context, AuthenticatedSession session, string token, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var hash = BrowserSessions.Hash(token);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // One after the other: of several that were offered, the first takes the place.
        if (await db.AuthenticatedSessions.Where(s => s.Id == session.Id).ExecuteUpdateAsync(s => s.SetProperty(x => x.LastUsedAt, now), cancellationToken) != 1)
        {
            return false;
        }

        var tokens = db.RememberedTokens.Where(t => t.SessionId == session.Id);
        var isFirst = await tokens.Where(t => t.Hash == hash && t.FirstUsedAt == null && t.ReplacedAt == null).ExecuteUpdateAsync(t => t.SetProperty(x => x.FirstUsedAt, now), cancellationToken) == 1;
        if (isFirst)
        {
            // What is not known any more is taken for a former one all the same.
            var forgotten = now - Grace;
            await tokens.Where(t => t.ReplacedAt != null && t.ReplacedAt < forgotten).ExecuteDeleteAsync(cancellationToken);
            await tokens.Where(t => t.Hash != hash && t.ReplacedAt == null).ExecuteUpdateAsync(t => t.SetProperty(x => x.ReplacedAt, now), cancellationToken);
        }

        var isReplaced = !isFirst && await tokens.AnyAsync(t => t.Hash == hash && t.ReplacedAt != null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (isReplaced)
        {
            await OfferAsync(context, session, token, hash, cancellationToken);
        }
        else if (isFirst && !context.Response.HasStarted)
        {
            Write(context.Response, token, session); // once more: an answer that offered another one may have come since
        }

        return true;
    }

    // Requests of one browser side by side are offered the same token; somebody elsewhere with a copy of the cookie gets another one. Nobody is
    // ever offered none: whoever comes from everywhere drives out what waits, so that a token that was driven out ends the session when it is used.
    private async Task OfferAsync(HttpContext context, AuthenticatedSession session, string token, string hash, CancellationToken cancellationToken)
    {
        var request = context.Request;
        var offered = db.RememberedTokens.Where(t => t.SessionId == session.Id && t.FirstUsedAt == null && t.ReplacedAt == null);
        if (context.Response.HasStarted)
        {
            return;
        }

        var seed = Encoding.UTF8.GetBytes($"{token}\n{ClientAddress.Of(context)}\n{request.Headers.UserAgent}");
        var next = Convert.ToHexStringLower(HMACSHA256.HashData(box.DeriveKey("identity remembered browser v1"), seed));
        var nextHash = BrowserSessions.Hash(next);
        if (await offered.CountAsync(t => t.Hash != nextHash, cancellationToken) >= MostOffered)
        {
            await offered.Where(t => t.Hash != nextHash).ExecuteDeleteAsync(cancellationToken);
        }

        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO remembered_tokens ("Hash", "SessionId") SELECT {nextHash}, {session.Id}
            WHERE EXISTS (SELECT 1 FROM remembered_tokens WHERE "Hash" = {hash} AND ("ReplacedAt" IS NULL OR "FirstUsedAt" IS NULL))
            ON CONFLICT DO NOTHING
            """,
            cancellationToken);

        if (await offered.AnyAsync(t => t.Hash == nextHash, cancellationToken))
        {
            Write(context.Response, next, session);
        }
    }

    private async Task EndAsync(HttpContext context, AuthenticatedSession session, User user, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.AuthenticatedSessions.Where(s => s.Id == session.Id && s.ExpiresAt > now).ExecuteUpdateAsync(s => s.SetProperty(x => x.ExpiresAt, now), cancellationToken) != 1)
        {
            return; // signed out, or signed in anew, meanwhile
        }

        await SessionEnd.RunAsync(db, db.AuthenticatedSessions.Where(s => s.Id == session.Id), now, cancellationToken);
        var happened = events.CookieCopied(context, user, session);
        db.Events.Add(happened);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.Entry(happened).State = EntityState.Detached;
        events.Written();
        LogCopied(user.Id, session.Uuid);
    }

    [LoggerMessage(EventId = 2218, Level = LogLevel.Warning, Message = "A former cookie of user {UserId}'s session {Session} was used: it was copied. The session has ended")]
    private partial void LogCopied(int userId, Guid session);
}
