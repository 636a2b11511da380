using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn;

/// <summary>A browser whose session stands, and whose user is active.</summary>
internal sealed record SignedInBrowser(User User, AuthenticatedSession Session);

/// <summary>Finds, starts and ends the sessions of browsers. The cookie holds a random token; the database its hash.</summary>
internal sealed class BrowserSessions(GatehouseDb db, TimeProvider clock)
{
    /// <summary>Name of the cookie; authentik's.</summary>
    public const string Cookie = "authentik_session";

    // A browser session ends with the browser, and at the latest after a day without use (authentik: unauthenticated_age).
    private static readonly TimeSpan Idle = TimeSpan.FromDays(1);

    /// <summary>The key of the browser, signed in or not: the hash of its token. Null when it sent none, or two.</summary>
    public static string? KeyOf(HttpRequest request) =>
        CookieValues.Only(request, Cookie) is { Length: >= 32 and <= 128 } token ? Hash(token) : null;

    /// <summary>Gives a browser without a usable cookie a fresh anonymous one; returns the key either way.</summary>
    public static string EnsureKey(HttpContext context) => KeyOf(context.Request) ?? Hash(WriteToken(context.Response));

    /// <summary>The signed-in browser behind <paramref name="request"/>, or null.</summary>
    public async Task<SignedInBrowser?> FindAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (KeyOf(request) is not { } key)
        {
            return null;
        }

        var now = clock.GetUtcNow();
        var found = await (
            from session in db.AuthenticatedSessions
            join user in db.Users on session.UserId equals user.Id
            where session.Id == key && session.ExpiresAt > now && user.IsActive
            select new { user, session }).SingleOrDefaultAsync(cancellationToken);
        if (found is null)
        {
            return null;
        }

        // One write a minute is enough to know when it was used, and keeps it alive.
        if (now - found.session.LastUsedAt > TimeSpan.FromMinutes(1))
        {
            await db.AuthenticatedSessions.Where(s => s.Id == key).ExecuteUpdateAsync(
                s => s.SetProperty(x => x.LastUsedAt, now).SetProperty(x => x.ExpiresAt, now + Idle), cancellationToken);
        }

        return new SignedInBrowser(found.user, found.session);
    }

    /// <summary>Starts a session under a new token (no fixation: whatever the browser held before is worthless) and sets the cookie.</summary>
    public async Task<AuthenticatedSession> StartAsync(HttpContext context, User user, IReadOnlyList<string> amr, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (KeyOf(context.Request) is { } old)
        {
            await db.AuthenticatedSessions.Where(s => s.Id == old).ExecuteDeleteAsync(cancellationToken);
        }

        var session = new AuthenticatedSession
        {
            Id = Hash(WriteToken(context.Response)),
            Uuid = Guid.CreateVersion7(),
            UserId = user.Id,
            AuthenticatedAt = now,
            Amr = [.. amr],
            LastAddress = ClientAddress.Of(context).ToString(),
            LastUserAgent = Cut(context.Request.Headers.UserAgent.ToString()),
            LastUsedAt = now,
            ExpiresAt = now + Idle,
        };
        db.AuthenticatedSessions.Add(session);
        await db.SaveChangesAsync(cancellationToken);
        return session;
    }

    /// <summary>Ends the session, its grants and so its tokens, and clears the cookie.</summary>
    public async Task EndAsync(HttpContext context, AuthenticatedSession session, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await db.Grants.Where(g => g.SessionId == session.Id && g.RevokedAt == null)
            .ExecuteUpdateAsync(g => g.SetProperty(x => x.RevokedAt, now), cancellationToken);
        await db.AuthenticatedSessions.Where(s => s.Id == session.Id).ExecuteDeleteAsync(cancellationToken);
        context.Response.Cookies.Delete(Cookie, Options());
    }

    private static string WriteToken(HttpResponse response)
    {
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        response.Cookies.Append(Cookie, token, Options());
        return token;
    }

    private static CookieOptions Options() => new() { HttpOnly = true, Secure = true, SameSite = SameSiteMode.Lax, Path = "/", IsEssential = true };

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private static string Cut(string text) => text.Length <= 512 ? text : text[..512];
}
