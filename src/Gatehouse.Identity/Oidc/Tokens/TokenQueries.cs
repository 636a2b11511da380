using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>What the token endpoints ask the database at every request. Translated once: building such a query anew costs more than running it.</summary>
internal sealed class TokenQueries
{
    private readonly Func<GatehouseDb, string, CancellationToken, Task<User?>> user = EF.CompileAsyncQuery(
        (GatehouseDb db, string key, CancellationToken cancellationToken) => db.Users.AsNoTracking().SingleOrDefault(u => u.UsernameKey == key));

    private readonly Func<GatehouseDb, string, CancellationToken, Task<RefreshFacts?>> refresh = EF.CompileAsyncQuery(
        (GatehouseDb db, string hash, CancellationToken cancellationToken) => (
            from row in db.OAuthTokens.AsNoTracking()
            join grant in db.Grants.AsNoTracking() on row.GrantId equals grant.Id
            join user in db.Users.AsNoTracking() on grant.UserId equals user.Id
            where row.Hash == hash && row.Kind == OAuthTokenKind.Refresh
            select new RefreshFacts { Row = row, Grant = grant, User = user, ConsentStands = grant.ConsentId == null || db.UserConsents.Any(c => c.Id == grant.ConsentId) }).SingleOrDefault());

    private readonly Func<GatehouseDb, string, OAuthTokenKind, DateTimeOffset, CancellationToken, Task<StandingFacts?>> standing = EF.CompileAsyncQuery(
        (GatehouseDb db, string hash, OAuthTokenKind kind, DateTimeOffset now, CancellationToken cancellationToken) => (
            from row in db.OAuthTokens.AsNoTracking()
            join grant in db.Grants.AsNoTracking() on row.GrantId equals grant.Id
            join user in db.Users.AsNoTracking() on grant.UserId equals user.Id
            where row.Hash == hash && row.Kind == kind && row.RevokedAt == null && row.ExpiresAt > now
                && grant.RevokedAt == null && grant.ExpiresAt > now && user.IsActive
                && (grant.ConsentId == null || db.UserConsents.Any(c => c.Id == grant.ConsentId))
                && (grant.ImpersonatorId == null || db.AuthenticatedSessions.Any(
                    s => s.Id == grant.SessionId && s.UserId == grant.ImpersonatorId && s.ImpersonatedUserId == grant.UserId && s.ExpiresAt > now))
            select new StandingFacts { Row = row, Grant = grant, User = user }).SingleOrDefault());

    /// <summary>The user whose name has this lookup form; null when nobody has.</summary>
    public Task<User?> UserAsync(GatehouseDb db, string key, CancellationToken cancellationToken) => user(db, key, cancellationToken);

    /// <summary>The refresh token with this hash, whatever has become of it; null when there is none.</summary>
    public Task<RefreshFacts?> RefreshAsync(GatehouseDb db, string hash, CancellationToken cancellationToken) => refresh(db, hash, cancellationToken);

    /// <summary>The token with this hash if it stands, with all that it stands on: grant, user, consent, and the session of whoever acts for them.</summary>
    public Task<StandingFacts?> StandingAsync(GatehouseDb db, string hash, OAuthTokenKind kind, DateTimeOffset now, CancellationToken cancellationToken) =>
        standing(db, hash, kind, now, cancellationToken);
}

/// <summary>A token with its grant and whose it is.</summary>
internal class StandingFacts
{
    public required OAuthToken Row { get; init; }

    public required OAuthGrant Grant { get; init; }

    public required User User { get; init; }
}

/// <summary>A refresh token, and whether the consent that it stands on is still there.</summary>
internal sealed class RefreshFacts : StandingFacts
{
    public required bool ConsentStands { get; init; }
}
