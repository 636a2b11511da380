using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Mfa;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Sessions;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn;

/// <summary>A browser whose session stands, and whose user is active.</summary>
/// <param name="User">Who acts: whom the person impersonates, if they do.</param>
/// <param name="Session">The session, of whoever signed in.</param>
internal sealed record SignedInBrowser(User User, AuthenticatedSession Session)
{
    /// <summary>The administrator who acts as <see cref="User"/>; null when they are themselves.</summary>
    public User? Impersonator { get; init; }

    /// <summary>Whether an administrator acts as <see cref="User"/>: then they see what that person sees, and change nothing of theirs.</summary>
    public bool IsImpersonating => User.Id != Session.UserId;
}

/// <summary>How a session is kept.</summary>
/// <param name="Life">Ends it at a fixed time; null lets it end with the browser or after a day without use.</param>
/// <param name="BoundTo">The network or place it may be used from (<see cref="PlaceBinding"/>); null means any.</param>
internal sealed record SessionTerms(TimeSpan? Life, string? BoundTo)
{
    /// <summary>What the run knows about authenticators; nothing where there was no run.</summary>
    public MfaState Mfa { get; init; } = new();
}

/// <summary>Finds, starts and ends the sessions of browsers. The cookie holds a random token; the database its hash.</summary>
internal sealed class BrowserSessions(
    GatehouseDb db,
    SignInEvents events,
    RememberedBrowsers remembered,
    Impersonators impersonators,
    IGeoReader places,
    TimeProvider clock)
{
    /// <summary>Name of the cookie: authentik's, with the prefix that makes browsers refuse it from any other host (RFC 6265bis §4.1.3.2).</summary>
    public const string Cookie = "__Host-authentik_session";

    private const int TokenLength = 64;

    // A browser session ends with the browser, and at the latest after a day without use (authentik: unauthenticated_age).
    private static readonly TimeSpan Idle = TimeSpan.FromDays(1);

    private static readonly SearchValues<char> TokenText = SearchValues.Create("0123456789abcdef");

    /// <summary>The key of the browser, signed in or not: the hash of its token. Null when it sent none that could be ours, or two.</summary>
    public static string? KeyOf(HttpRequest request)
    {
        // RFC 2965 cookies ($Version=1) are read by other rules elsewhere: whoever sends one hides a name from somebody.
        if (CookieValues.All(request, "$Version").Any())
        {
            return null;
        }

        return CookieValues.Only(request, Cookie) is { Length: TokenLength } token && !token.AsSpan().ContainsAnyExcept(TokenText) ? Hash(token) : null;
    }

    /// <summary>Gives a browser without a usable cookie a fresh anonymous one; returns the key either way.</summary>
    public static string EnsureKey(HttpContext context) => KeyOf(context.Request) ?? Hash(WriteToken(context.Response, null));

    /// <summary>The key that this answer's cookie stands for; null when the answer sets none.</summary>
    public static string? WrittenKey(HttpContext context) => context.Items[typeof(BrowserSessions)] as string;

    /// <summary>Whether <paramref name="user"/> may sign in with a browser: active, and a person.</summary>
    public static bool MaySignIn(User user) => user.IsActive && user.Type is UserType.Internal or UserType.External;

    /// <summary>The signed-in browser behind <paramref name="request"/>, or null.</summary>
    public async Task<SignedInBrowser?> FindAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (KeyOf(request) is not { } key)
        {
            return null;
        }

        var now = clock.GetUtcNow();
        var found = await (
            from session in db.AuthenticatedSessions.AsNoTracking()
            join original in db.Users.AsNoTracking() on session.UserId equals original.Id
            join user in db.Users.AsNoTracking() on session.ImpersonatedUserId ?? session.UserId equals user.Id
            where session.Id == key && session.ExpiresAt > now && user.IsActive && original.IsActive
            select new { user, original, session }).SingleOrDefaultAsync(cancellationToken);
        if (found is null || !IsWithin(found.session, ClientAddress.Of(request.HttpContext))
            || !await remembered.HoldsAsync(request.HttpContext, found.session, found.original, cancellationToken))
        {
            return null;
        }

        // One write a minute is enough to know when it was used, and keeps it alive.
        if (now - found.session.LastUsedAt > TimeSpan.FromMinutes(1))
        {
            var end = found.session.IsSliding ? now + Idle : found.session.ExpiresAt;
            await db.AuthenticatedSessions.Where(s => s.Id == key).ExecuteUpdateAsync(
                s => s.SetProperty(x => x.LastUsedAt, now).SetProperty(x => x.ExpiresAt, end), cancellationToken);
        }

        var browser = new SignedInBrowser(found.user, found.session) { Impersonator = found.user.Id == found.original.Id ? null : found.original };
        if (found.session.ImpersonatedUserId is null || await impersonators.MayAsync(db, found.session.UserId, cancellationToken))
        {
            return browser;
        }

        await EndImpersonationAsync(request.HttpContext, browser, cancellationToken);
        return new SignedInBrowser(found.original, found.session);
    }

    /// <summary>Starts a session under a new token (no fixation: whatever the browser held before is worthless) and sets the cookie.</summary>
    /// <param name="user">As read: null is returned when the password was changed, or the user deactivated, since. So no sign-in outlives either.</param>
    /// <param name="life">Ends the session at a fixed time; null lets it end with the browser or after a day without use.</param>
    public Task<AuthenticatedSession?> StartAsync(
        HttpContext context, User user, IReadOnlyList<string> amr, TimeSpan? life, CancellationToken cancellationToken) =>
        StartOnTermsAsync(context, user, amr, new SessionTerms(life, null), cancellationToken);

    /// <summary>The same, bound to a network when <paramref name="terms"/> say so.</summary>
    public async Task<AuthenticatedSession?> StartOnTermsAsync(
        HttpContext context, User user, IReadOnlyList<string> amr, SessionTerms terms, CancellationToken cancellationToken)
    {
        var life = terms.Life;
        var now = clock.GetUtcNow();
        var token = NewToken();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await TryMarkLoginAsync(user, now, cancellationToken))
        {
            return null;
        }

        var before = await LeaveAsync(context.Request, user, Hash(token), cancellationToken);
        var session = new AuthenticatedSession
        {
            Id = Hash(token),
            Uuid = before ?? Guid.CreateVersion7(),
            UserId = user.Id,
            AuthenticatedAt = now,
            Amr = [.. amr],
            LastAddress = ClientAddress.Of(context).ToString(),
            LastUserAgent = Cut(context.Request.Headers.UserAgent.ToString()),
            LastUsedAt = now,
            ExpiresAt = now + (life ?? Idle),
            IsSliding = life is null,
            IsRemembered = life is not null,
            BoundTo = terms.BoundTo,
        };
        db.AuthenticatedSessions.Add(session);
        string? proof = null;
        var proofRow = session.IsRemembered ? remembered.Begin(session, out proof) : null;
        if (proofRow is not null)
        {
            db.RememberedTokens.Add(proofRow);
        }

        var happened = events.Login(context, user, session, terms.Mfa);
        db.Events.Add(happened);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Entries().Where(e => e.Entity == session || e.Entity == happened || e.Entity == proofRow).ToList().ForEach(e => e.State = EntityState.Detached);
        events.Written();
        WriteToken(context.Response, token, life);
        if (proof is not null)
        {
            remembered.Write(context.Response, proof, session);
        }
        else
        {
            RememberedBrowsers.Clear(context);
        }

        return session;
    }

    /// <summary>
    /// Ends the session, its grants and so its tokens, and clears the cookie; within the caller's transaction or one of its own. What is
    /// returned, the browser has to load in frames.
    /// </summary>
    public async Task<IReadOnlyList<FrameLogout>> EndAsync(HttpContext context, AuthenticatedSession session, CancellationToken cancellationToken)
    {
        await using var own = db.Database.CurrentTransaction is null ? await db.Database.BeginTransactionAsync(cancellationToken) : null;
        var frames = await EndAsync(db.AuthenticatedSessions.Where(s => s.Id == session.Id), cancellationToken);
        var happened = await events.LogoutAsync(context, session, cancellationToken);
        db.Events.Add(happened);
        await db.SaveChangesAsync(cancellationToken);
        await (own?.CommitAsync(cancellationToken) ?? Task.CompletedTask);
        db.Entry(happened).State = EntityState.Detached;
        events.Written();
        DropWritten(context.Response, Cookie);
        context.Response.Cookies.Delete(Cookie, Options(null));
        RememberedBrowsers.Clear(context);
        return frames;
    }

    /// <summary>Ends every session of a user but <paramref name="kept"/>; null ends all.</summary>
    public Task EndOthersAsync(int userId, string? kept, CancellationToken cancellationToken) =>
        SessionEnd.RunForUserAsync(db, userId, kept, clock.GetUtcNow(), cancellationToken);

    /// <summary>Ends every session of a user but this one because they say so: what browsers remember of their second factors ends too.</summary>
    public async Task RevokeOthersAsync(HttpContext context, SignedInBrowser browser, CancellationToken cancellationToken)
    {
        var (user, kept) = (browser.User, browser.Session.Id);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var ended = await db.AuthenticatedSessions.Where(s => s.UserId == user.Id && s.Id != kept).Select(s => s.Uuid).ToListAsync(cancellationToken);
        await EndOthersAsync(user.Id, kept, cancellationToken);
        await RevokedAsync(context, user, ended, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        events.Written();
    }

    /// <summary>Ends one session of a user because they say so, by its public id. False when they have no such session.</summary>
    public async Task<bool> RevokeOneAsync(HttpContext context, User user, Guid uuid, CancellationToken cancellationToken)
    {
        var one = db.AuthenticatedSessions.Where(s => s.UserId == user.Id && s.Uuid == uuid);
        if (!await one.AnyAsync(cancellationToken))
        {
            return false;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await EndAsync(one, cancellationToken);
        await RevokedAsync(context, user, [uuid], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        events.Written();
        return true;
    }

    private async Task RevokedAsync(HttpContext context, User user, IEnumerable<Guid> ended, CancellationToken cancellationToken)
    {
        await SessionEnd.ForgetMfaAsync(db, [user.Id], cancellationToken);
        db.Events.AddRange(ended.Select(uuid => events.Did(
            context, EventActions.ModelDeleted, user, new JsonObject { ["model"] = EventRow.Target("authentik_core", "authenticatedsession", uuid.ToString("N"), "") })));
        await db.SaveChangesAsync(cancellationToken);
    }

    // As if they had ended it themselves, and told alike. Of requests that come at once, one tells.
    private async Task EndImpersonationAsync(HttpContext context, SignedInBrowser ended, CancellationToken cancellationToken)
    {
        var (impersonated, session) = (ended.User, ended.Session);
        await using var own = db.Database.CurrentTransaction is null ? await db.Database.BeginTransactionAsync(cancellationToken) : null;
        if (await db.AuthenticatedSessions.Where(s => s.Id == session.Id && s.ImpersonatedUserId == impersonated.Id)
            .ExecuteUpdateAsync(s => s.SetProperty(x => x.ImpersonatedUserId, (int?)null), cancellationToken) == 1)
        {
            var now = clock.GetUtcNow();
            await db.Grants.Where(g => g.SessionId == session.Id && g.UserId != session.UserId && g.RevokedAt == null)
                .ExecuteUpdateAsync(g => g.SetProperty(x => x.RevokedAt, now), cancellationToken);
            var happened = events.ImpersonationEnded(context, ended.Impersonator ?? impersonated, impersonated);
            db.Events.Add(happened);
            await db.SaveChangesAsync(cancellationToken);
            await (own?.CommitAsync(cancellationToken) ?? Task.CompletedTask);
            db.Entry(happened).State = EntityState.Detached;
            events.Written();
        }

        session.ImpersonatedUserId = null;
    }

    private bool IsWithin(AuthenticatedSession session, IPAddress address) => session.BoundTo is not { } bound || PlaceBinding.Holds(bound, address, places);

    // The version moves on, so that a change of the user that is being prepared sees the new session when it is prepared anew.
    private async Task<bool> TryMarkLoginAsync(User user, DateTimeOffset now, CancellationToken cancellationToken) =>
        await db.Users.Where(u => u.Id == user.Id && u.IsActive && u.PasswordHash == user.PasswordHash).ExecuteUpdateAsync(
            u => u.SetProperty(x => x.LastLoginAt, now).SetProperty(x => x.Version, x => x.Version + 1), cancellationToken) == 1;

    // Whoever proves again who they are keeps their session's public id and what they granted in it; anybody else has taken their place.
    private async Task<Guid?> LeaveAsync(HttpRequest request, User user, string newId, CancellationToken cancellationToken)
    {
        if (KeyOf(request) is not { } old
            || await db.AuthenticatedSessions.AsNoTracking().SingleOrDefaultAsync(s => s.Id == old, cancellationToken) is not { } before)
        {
            return null;
        }

        // What was granted while they acted as somebody else is that person's, and ends.
        if (before.UserId != user.Id || before.ImpersonatedUserId is not null || before.ExpiresAt <= clock.GetUtcNow())
        {
            await EndAsync(db.AuthenticatedSessions.Where(s => s.Id == old), cancellationToken);
            return null;
        }

        if (await db.AuthenticatedSessions.Where(s => s.Id == old).ExecuteDeleteAsync(cancellationToken) != 1)
        {
            return null; // another sign-in of this browser has taken it, or it was ended meanwhile
        }

        await db.Grants.Where(g => g.SessionId == old).ExecuteUpdateAsync(g => g.SetProperty(x => x.SessionId, newId), cancellationToken);
        return before.Uuid;
    }

    private Task<IReadOnlyList<FrameLogout>> EndAsync(IQueryable<AuthenticatedSession> sessions, CancellationToken cancellationToken) =>
        SessionEnd.RunAsync(db, sessions, clock.GetUtcNow(), cancellationToken);

    private static string NewToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenLength / 2));

    private static string WriteToken(HttpResponse response, string? token, TimeSpan? life = null)
    {
        token ??= NewToken();
        DropWritten(response, Cookie);
        response.Cookies.Append(Cookie, token, Options(life));
        response.HttpContext.Items[typeof(BrowserSessions)] = Hash(token);
        return token;
    }

    // An anonymous token may have been written earlier in the same answer; browsers get one Set-Cookie for a name (RFC 6265bis §5.7).
    internal static void DropWritten(HttpResponse response, string cookie)
    {
        var kept = response.Headers.SetCookie.Where(c => c is not null && !c.StartsWith(cookie + "=", StringComparison.Ordinal)).ToArray();
        response.Headers.SetCookie = kept;
    }

    internal static CookieOptions Options(TimeSpan? life) =>
        new() { HttpOnly = true, Secure = true, SameSite = SameSiteMode.Lax, Path = "/", IsEssential = true, MaxAge = life };

    internal static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private static string Cut(string text) => text.Length <= 512 ? text : text[..512];
}
