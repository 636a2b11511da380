using Gatehouse.Management.Http;
using Gatehouse.Management.Tokens;
using Gatehouse.Model.Sessions;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Sessions;

/// <summary>Which sessions a list holds; null means any.</summary>
internal sealed class SessionFilter
{
    public string? Username { get; init; }

    public string? Address { get; init; }

    public string? UserAgent { get; init; }

    public string? Search { get; init; }
}

/// <summary>Reads the browsers that are signed in: people see their own, superusers all.</summary>
internal sealed class SessionDirectory(GatehouseDb db, TimeProvider clock)
{
    public Task<AuthenticatedSession?> FindAsync(ApiCaller caller, Guid id, CancellationToken cancellationToken) =>
        Visible(caller).SingleOrDefaultAsync(s => s.Uuid == id, cancellationToken);

    public Task<Slice<AuthenticatedSession>> ListAsync(
        ApiCaller caller, SessionFilter filter, Func<IQueryable<AuthenticatedSession>, IQueryable<AuthenticatedSession>> order, Paging paging, CancellationToken cancellationToken)
    {
        var sessions = Visible(caller);
        sessions = filter.Username is { } username ? sessions.Where(s => db.Users.Any(u => u.Id == s.UserId && u.Username == username)) : sessions;
        sessions = filter.Address is { } address ? sessions.Where(s => s.LastAddress == address) : sessions;
        sessions = filter.UserAgent is { } agent ? sessions.Where(s => s.LastUserAgent == agent) : sessions;
        sessions = filter.Search is { Length: > 0 } text ? sessions.Search(text, s => s.LastAddress, s => s.LastUserAgent) : sessions;
        return order(sessions).SliceAsync(paging, cancellationToken);
    }

    private IQueryable<AuthenticatedSession> Visible(ApiCaller caller)
    {
        var now = clock.GetUtcNow();
        var sessions = db.AuthenticatedSessions.AsNoTracking().Where(s => s.ExpiresAt > now);
        return caller.IsSuperuser ? sessions : sessions.Where(s => s.UserId == caller.UserId);
    }
}
