using Gatehouse.Management.Http;
using Gatehouse.Model.Audit;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Sessions;
using Gatehouse.Store;
using Gatehouse.Store.Authenticators;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.AccessUsers;

/// <summary>Reads the people whom Access knows, their sessions and their failed sign-ins.</summary>
internal sealed class AccessUserDirectory(GatehouseDb db, TimeProvider clock)
{
    private const int MostListed = 100;

    public Task<AccessUser?> FindAsync(Guid id, CancellationToken cancellationToken) => db.AccessUsers.AsNoTracking().SingleOrDefaultAsync(u => u.Id == id, cancellationToken);

    public Task<Slice<AccessUser>> ListAsync(string? email, string? name, string? search, Paging paging, CancellationToken cancellationToken)
    {
        var users = db.AccessUsers.AsNoTracking();
        users = email is null ? users : users.Where(u => u.Email == email);
        users = name is null ? users : users.Where(u => u.Name == name);
        users = search is null ? users : users.Search(search, u => u.Email, u => u.Name);
        return users.OrderBy(u => u.CreatedAt).ThenBy(u => u.Id).SliceAsync(paging, cancellationToken);
    }

    /// <summary>The sessions that still open apps, the newest first.</summary>
    public Task<List<AccessSession>> SessionsAsync(AccessUser user, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return db.AccessSessions.AsNoTracking().Where(s => s.UserId == user.Id && s.RevokedAt == null && s.ExpiresAt > now)
            .OrderByDescending(s => s.CreatedAt).Take(MostListed).ToListAsync(cancellationToken);
    }

    /// <summary>One session of theirs, ended ones included.</summary>
    public Task<AccessSession?> SessionAsync(AccessUser user, string nonce, CancellationToken cancellationToken) =>
        db.AccessSessions.AsNoTracking().SingleOrDefaultAsync(s => s.UserId == user.Id && s.Nonce == nonce, cancellationToken);

    /// <summary>The sign-in that brought what is known of them.</summary>
    public Task<AccessSession?> LastAsync(AccessUser user, CancellationToken cancellationToken) =>
        db.AccessSessions.AsNoTracking().Where(s => s.UserId == user.Id).OrderByDescending(s => s.CreatedAt).FirstOrDefaultAsync(cancellationToken);

    /// <summary>The second factors that they enrolled at Access, the oldest first.</summary>
    public async Task<IReadOnlyList<AccessAuthenticator>> AuthenticatorsAsync(AccessUser user, CancellationToken cancellationToken) =>
        [.. (await AccessAuthenticatorRows.ListAsync(db, user.Id, cancellationToken)).OrderBy(a => a.CreatedAt).ThenBy(a => a.Id)];

    /// <summary>Sign-ins of theirs that an app admitted, the newest first, since <paramref name="since"/>.</summary>
    public Task<List<DecisionRecord>> AdmittedAsync(AccessUser user, DateTimeOffset since, CancellationToken cancellationToken) =>
        LoginsOf(user, allowed: true).Where(d => d.At >= since).OrderByDescending(d => d.At).Take(MostListed).ToListAsync(cancellationToken);

    /// <summary>Sign-ins of theirs that an app refused, the newest first.</summary>
    public Task<List<DecisionRecord>> RefusedAsync(AccessUser user, CancellationToken cancellationToken) =>
        LoginsOf(user, allowed: false).OrderByDescending(d => d.At).Take(MostListed).ToListAsync(cancellationToken);

    private IQueryable<DecisionRecord> LoginsOf(AccessUser user, bool allowed) =>
        db.Decisions.AsNoTracking().Where(d => d.Email == user.Email && d.Allowed == allowed && d.Action == "login");
}
