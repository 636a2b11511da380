using Gatehouse.Management.Http;
using Gatehouse.Management.Users;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Tokens;

/// <summary>What a person gave a client: an access token, a refresh token or a code.</summary>
/// <param name="Provider">Without its secret opened.</param>
internal sealed record GrantedFacts(
    long Id, OAuth2Provider Provider, ProviderApplication? Application, UserFacts User, IReadOnlyList<string> Scopes, DateTimeOffset ExpiresAt, bool IsRevoked);

/// <summary>Which of them a list holds; null means any.</summary>
internal sealed record GrantFilter(int? UserId, int? ProviderId);

/// <summary>Reads OAuth tokens and codes, and takes them back. People see and take back their own, superusers all.</summary>
internal sealed class GrantDirectory(GatehouseDb db, UserDirectory users, TimeProvider clock)
{
    public async Task<Slice<GrantedFacts>> TokensAsync(ApiCaller caller, OAuthTokenKind kind, GrantFilter filter, bool newestFirst, Paging paging, CancellationToken cancellationToken)
    {
        var rows = Joined(caller, filter).Join(db.OAuthTokens.AsNoTracking().Where(t => t.Kind == kind), g => g.Id, t => t.GrantId, (g, t) => new Row
        {
            Id = t.Id,
            ProviderId = g.ProviderId,
            UserId = g.UserId,
            Scopes = t.Scopes,
            ExpiresAt = t.ExpiresAt,
            IsRevoked = t.RevokedAt != null || g.RevokedAt != null || t.UsedAt != null,
        });
        var slice = await (newestFirst ? rows.OrderByDescending(r => r.Id) : rows.OrderBy(r => r.Id)).SliceAsync(paging, cancellationToken);
        return await DescribeAsync(slice, cancellationToken);
    }

    public async Task<Slice<GrantedFacts>> CodesAsync(ApiCaller caller, GrantFilter filter, bool newestFirst, Paging paging, CancellationToken cancellationToken)
    {
        var rows = Joined(caller, filter).Join(db.AuthorizationCodes.AsNoTracking(), g => g.Id, c => c.GrantId, (g, c) => new Row
        {
            Id = c.Id,
            ProviderId = g.ProviderId,
            UserId = g.UserId,
            Scopes = g.Scopes,
            ExpiresAt = c.ExpiresAt,
            IsRevoked = c.UsedAt != null || g.RevokedAt != null,
        });
        var slice = await (newestFirst ? rows.OrderByDescending(r => r.Id) : rows.OrderBy(r => r.Id)).SliceAsync(paging, cancellationToken);
        return await DescribeAsync(slice, cancellationToken);
    }

    public async Task<GrantedFacts?> TokenAsync(ApiCaller caller, OAuthTokenKind kind, long id, CancellationToken cancellationToken)
    {
        var row = await Joined(caller, new GrantFilter(null, null)).Join(db.OAuthTokens.AsNoTracking().Where(t => t.Id == id && t.Kind == kind), g => g.Id, t => t.GrantId, (g, t) => new Row
        {
            Id = t.Id,
            ProviderId = g.ProviderId,
            UserId = g.UserId,
            Scopes = t.Scopes,
            ExpiresAt = t.ExpiresAt,
            IsRevoked = t.RevokedAt != null || g.RevokedAt != null || t.UsedAt != null,
        }).SingleOrDefaultAsync(cancellationToken);
        return row is not null && (await DescribeAsync(new Slice<Row>([row], 1), cancellationToken)).Items is [var only] ? only : null;
    }

    public async Task<GrantedFacts?> CodeAsync(ApiCaller caller, long id, CancellationToken cancellationToken)
    {
        var row = await Joined(caller, new GrantFilter(null, null)).Join(db.AuthorizationCodes.AsNoTracking().Where(c => c.Id == id), g => g.Id, c => c.GrantId, (g, c) => new Row
        {
            Id = c.Id,
            ProviderId = g.ProviderId,
            UserId = g.UserId,
            Scopes = g.Scopes,
            ExpiresAt = c.ExpiresAt,
            IsRevoked = c.UsedAt != null || g.RevokedAt != null,
        }).SingleOrDefaultAsync(cancellationToken);
        return row is not null && (await DescribeAsync(new Slice<Row>([row], 1), cancellationToken)).Items is [var only] ? only : null;
    }

    /// <summary>Removes a token. A refresh token takes the whole grant with it (RFC 7009 §2.1). False: there is no such token to see.</summary>
    public async Task<bool> RemoveTokenAsync(ApiCaller caller, OAuthTokenKind kind, long id, CancellationToken cancellationToken)
    {
        if (await TokenAsync(caller, kind, id, cancellationToken) is null)
        {
            return false;
        }

        if (kind == OAuthTokenKind.Refresh)
        {
            var now = clock.GetUtcNow();
            await db.Grants.Where(g => db.OAuthTokens.Any(t => t.Id == id && t.GrantId == g.Id) && g.RevokedAt == null)
                .ExecuteUpdateAsync(g => g.SetProperty(x => x.RevokedAt, now), cancellationToken);
        }

        return await db.OAuthTokens.Where(t => t.Id == id).ExecuteDeleteAsync(cancellationToken) > 0;
    }

    /// <summary>Removes a code. False: there is no such code to see.</summary>
    public async Task<bool> RemoveCodeAsync(ApiCaller caller, long id, CancellationToken cancellationToken) =>
        await CodeAsync(caller, id, cancellationToken) is not null
        && await db.AuthorizationCodes.Where(c => c.Id == id).ExecuteDeleteAsync(cancellationToken) > 0;

    private IQueryable<OAuthGrant> Joined(ApiCaller caller, GrantFilter filter)
    {
        var grants = db.Grants.AsNoTracking();
        grants = caller.IsSuperuser ? grants : grants.Where(g => g.UserId == caller.UserId);
        grants = filter.UserId is { } user ? grants.Where(g => g.UserId == user) : grants;
        return filter.ProviderId is { } provider ? grants.Where(g => g.ProviderId == provider) : grants;
    }

    private async Task<Slice<GrantedFacts>> DescribeAsync(Slice<Row> slice, CancellationToken cancellationToken)
    {
        var ids = slice.Items.Select(r => r.ProviderId).Distinct().ToList();
        var providers = await db.Providers.AsNoTracking().Where(p => ids.Contains(p.Id)).ToDictionaryAsync(p => p.Id, cancellationToken);
        var applications = await db.ProviderApplications.AsNoTracking().Where(a => a.ProviderId != null && ids.Contains(a.ProviderId.Value)).ToListAsync(cancellationToken);
        var people = await users.FindManyAsync([.. slice.Items.Select(r => r.UserId).Distinct()], cancellationToken);
        return new Slice<GrantedFacts>(
            [
                .. slice.Items.Where(r => providers.ContainsKey(r.ProviderId) && people.ContainsKey(r.UserId)).Select(r => new GrantedFacts(
                    r.Id, providers[r.ProviderId], applications.Find(a => a.ProviderId == r.ProviderId), people[r.UserId], r.Scopes, r.ExpiresAt, r.IsRevoked)),
            ],
            slice.Total);
    }

    private sealed class Row
    {
        public long Id { get; init; }

        public int ProviderId { get; init; }

        public int UserId { get; init; }

        public List<string> Scopes { get; init; } = [];

        public DateTimeOffset ExpiresAt { get; init; }

        public bool IsRevoked { get; init; }
    }
}
