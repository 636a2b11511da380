using Gatehouse.Model.Claims;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Sessions;

/// <summary>A client that a browser has to load in a frame, so that it ends what it has (OpenID Connect Front-Channel Logout).</summary>
/// <param name="LogoutUri">The client's address, without what is added to it.</param>
/// <param name="Sid">The <c>sid</c> that the client knows.</param>
public sealed record FrameLogout(int ProviderId, string LogoutUri, string Sid);

/// <summary>
/// The one place that ends browser sessions at Identity: the row goes, grants and with them every code and token are revoked, and each client
/// that wants to know gets a <see cref="LogoutNotice"/>, all in one transaction. What only a browser can tell is returned.
/// </summary>
public static class SessionEnd
{
    /// <summary>Ends <paramref name="sessions"/>, within the caller's transaction or one of its own.</summary>
    public static async Task<IReadOnlyList<FrameLogout>> RunAsync(
        GatehouseDb db, IQueryable<AuthenticatedSession> sessions, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var own = db.Database.CurrentTransaction is null ? await db.Database.BeginTransactionAsync(cancellationToken) : null;
        var ended = await sessions.AsNoTracking().Select(s => new { s.Id, s.Uuid }).ToListAsync(cancellationToken);
        var ids = ended.ConvertAll(s => s.Id);
        var uuids = ended.ConvertAll(s => s.Uuid);
        var frames = await EndAsync(
            db,
            db.AuthenticatedSessions.Where(s => ids.Contains(s.Id)),
            db.Grants.Where(g => g.SessionId != null && ids.Contains(g.SessionId)),
            db.SessionClients.Where(c => uuids.Contains(c.SessionUuid)),
            now,
            cancellationToken);
        await (own?.CommitAsync(cancellationToken) ?? Task.CompletedTask);
        return frames;
    }

    /// <summary>
    /// Ends every session of a user but the one whose id is <paramref name="kept"/> (null ends all), and tells the clients of sessions that ran
    /// out earlier too: they may still have one of their own. Within the caller's transaction or one of its own.
    /// </summary>
    public static async Task<IReadOnlyList<FrameLogout>> RunForUserAsync(GatehouseDb db, int userId, string? kept, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var own = db.Database.CurrentTransaction is null ? await db.Database.BeginTransactionAsync(cancellationToken) : null;
        var keptUuid = await db.AuthenticatedSessions.Where(s => s.Id == kept).Select(s => (Guid?)s.Uuid).SingleOrDefaultAsync(cancellationToken);
        var frames = await EndAsync(
            db,
            db.AuthenticatedSessions.Where(s => s.UserId == userId && s.Id != kept),
            db.Grants.Where(g => (g.UserId == userId || g.ImpersonatorId == userId) && g.SessionId != kept),
            db.SessionClients.Where(c => c.UserId == userId && c.SessionUuid != keptUuid),
            now,
            cancellationToken);
        await (own?.CommitAsync(cancellationToken) ?? Task.CompletedTask);
        return frames;
    }

    /// <summary>Ends what one client has in a session that goes on: its grants, and what it keeps itself.</summary>
    public static async Task<IReadOnlyList<FrameLogout>> RunForClientAsync(
        GatehouseDb db, AuthenticatedSession session, int providerId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var own = db.Database.CurrentTransaction is null ? await db.Database.BeginTransactionAsync(cancellationToken) : null;
        var frames = await EndAsync(
            db,
            db.AuthenticatedSessions.Where(s => false),
            db.Grants.Where(g => g.SessionId == session.Id && g.ProviderId == providerId),
            db.SessionClients.Where(c => c.SessionUuid == session.Uuid && c.ProviderId == providerId),
            now,
            cancellationToken);
        await (own?.CommitAsync(cancellationToken) ?? Task.CompletedTask);
        return frames;
    }

    /// <summary>
    /// Ends all sessions of a user but <paramref name="kept"/>, as <see cref="RunForUserAsync"/> does, prepared but not saved: for operations
    /// that save it together with its cause.
    /// </summary>
    public static async Task PrepareForUserAsync(GatehouseDb db, int userId, Guid? kept, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var sessions = await db.AuthenticatedSessions.Where(s => s.UserId == userId).ToListAsync(cancellationToken);
        var stays = sessions.Find(s => s.Uuid == kept)?.Id;
        db.AuthenticatedSessions.RemoveRange(sessions.Where(s => s.Id != stays));
        foreach (var grant in await db.Grants.Where(g => (g.UserId == userId || g.ImpersonatorId == userId) && g.RevokedAt == null).ToListAsync(cancellationToken))
        {
            if (stays is null || grant.SessionId != stays)
            {
                grant.RevokedAt = now;
            }
        }

        var told = db.SessionClients.Where(c => c.UserId == userId && c.SessionUuid != kept);
        var (notices, _) = await ReadAsync(db, told, now, cancellationToken);
        db.LogoutNotices.AddRange(notices);
        db.SessionClients.RemoveRange(await told.ToListAsync(cancellationToken));
    }

    /// <summary>
    /// Has every browser forget the second factors of these users that it remembers: whoever ends sessions by hand may have lost a device.
    /// Within the caller's transaction, if there is one.
    /// </summary>
    public static Task ForgetMfaAsync(GatehouseDb db, IReadOnlyCollection<int> userIds, CancellationToken cancellationToken) =>
        db.Users.Where(u => userIds.Contains(u.Id)).ExecuteUpdateAsync(
            u => u.SetProperty(x => x.MfaEpoch, x => x.MfaEpoch + 1).SetProperty(x => x.Version, x => x.Version + 1), cancellationToken);

    /// <summary>Ends these sessions as <see cref="RunAsync"/> does, prepared but not saved.</summary>
    public static async Task PrepareAsync(GatehouseDb db, IReadOnlyCollection<AuthenticatedSession> sessions, DateTimeOffset now, CancellationToken cancellationToken)
    {
        List<string> ids = [.. sessions.Select(s => s.Id)];
        List<Guid> uuids = [.. sessions.Select(s => s.Uuid)];
        foreach (var grant in await db.Grants.Where(g => g.SessionId != null && ids.Contains(g.SessionId) && g.RevokedAt == null).ToListAsync(cancellationToken))
        {
            grant.RevokedAt = now;
        }

        var told = db.SessionClients.Where(c => uuids.Contains(c.SessionUuid));
        var (notices, _) = await ReadAsync(db, told, now, cancellationToken);
        db.LogoutNotices.AddRange(notices);
        db.SessionClients.RemoveRange(await told.ToListAsync(cancellationToken));
        db.AuthenticatedSessions.RemoveRange(sessions);
    }

    /// <summary>Remembers that <paramref name="userId"/> (whom the client knows: the impersonated, if any) went to a client in a session. Before the client gets anything: it must be told of the end, whatever happens in between.</summary>
    public static Task RememberClientAsync(GatehouseDb db, AuthenticatedSession session, int userId, int providerId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var end = (now + SessionClient.Memory).ToUnixTimeMilliseconds();
        return db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO session_clients ("SessionUuid", "ProviderId", "UserId", "KeptUntil") VALUES ({session.Uuid}, {providerId}, {userId}, {end})
            ON CONFLICT ("SessionUuid", "ProviderId", "UserId") DO UPDATE SET "KeptUntil" = excluded."KeptUntil"
            """,
            cancellationToken);
    }

    // The order in which sign-ins take the same rows.
    private static async Task<IReadOnlyList<FrameLogout>> EndAsync(
        GatehouseDb db,
        IQueryable<AuthenticatedSession> sessions,
        IQueryable<Model.Tokens.OAuthGrant> grants,
        IQueryable<SessionClient> clients,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        await sessions.ExecuteDeleteAsync(cancellationToken);
        await grants.Where(g => g.RevokedAt == null).ExecuteUpdateAsync(g => g.SetProperty(x => x.RevokedAt, now), cancellationToken);
        var (notices, frames) = await ReadAsync(db, clients, now, cancellationToken);
        await clients.ExecuteDeleteAsync(cancellationToken);
        foreach (var notice in notices)
        {
            // Not through the change tracker: what else the caller has in it is not for us to save.
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO logout_notices ("Id", "ProviderId", "Subject", "Sid", "NextAt", "Attempts", "ExpiresAt")
                VALUES ({notice.Id}, {notice.ProviderId}, {notice.Subject}, {notice.Sid}, {notice.NextAt.ToUnixTimeMilliseconds()}, 0, {notice.ExpiresAt.ToUnixTimeMilliseconds()})
                """,
                cancellationToken);
        }

        return frames;
    }

    private static async Task<(List<LogoutNotice> Notices, List<FrameLogout> Frames)> ReadAsync(
        GatehouseDb db, IQueryable<SessionClient> clients, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // As stored, not as a change that is being prepared has them: the client knows the subject of before.
        var told = await (
            from client in clients.AsNoTracking()
            join provider in db.Providers.AsNoTracking() on client.ProviderId equals provider.Id
            join user in db.Users.AsNoTracking() on client.UserId equals user.Id
            where provider.LogoutUri != ""
            select new { client.SessionUuid, client.ProviderId, provider.LogoutUri, provider.LogoutMethod, provider.SubMode, User = user }).ToListAsync(cancellationToken);
        if (told.Count == 0)
        {
            return ([], []);
        }

        var installId = await db.InstallIdAsync(cancellationToken);
        return (
            told.FindAll(c => c.LogoutMethod == LogoutMethod.Backchannel).ConvertAll(c => new LogoutNotice
            {
                Id = Guid.CreateVersion7(now),
                ProviderId = c.ProviderId,
                Subject = Subjects.Of(c.User, c.SubMode, installId),
                Sid = SessionNames.Of(c.SessionUuid),
                NextAt = now,
                ExpiresAt = now + LogoutNotice.Life,
            }),
            told.FindAll(c => c.LogoutMethod == LogoutMethod.Frontchannel).ConvertAll(c => new FrameLogout(c.ProviderId, c.LogoutUri, SessionNames.Of(c.SessionUuid))).Distinct().ToList());
    }
}
