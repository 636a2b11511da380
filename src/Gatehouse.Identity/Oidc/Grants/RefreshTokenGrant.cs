using Gatehouse.Identity.Oidc.Authorize;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Grants;

/// <summary>Exchanges a refresh token (RFC 6749 §6). It is used once; a second use means that two hold it, and ends the grant (RFC 9700 §4.14).</summary>
internal sealed class RefreshTokenGrant(GatehouseDb db, ApplicationAccess applications, SigningKeys keys, TokenIssuer issuer, TimeProvider clock)
{
    public const string GrantType = "refresh_token";

    public async Task<TokenResult> RedeemAsync(Client client, OAuthParameters form, CancellationToken cancellationToken)
    {
        if (form["refresh_token"] is not { } token)
        {
            return TokenResult.InvalidGrant("no refresh token was sent");
        }

        if (await keys.ForAsync(client, cancellationToken) is not { } signer)
        {
            return TokenResult.CannotSign();
        }

        if (await applications.IsLostAsync(client, Digest.Of(token), cancellationToken))
        {
            return TokenResult.InvalidGrant("the person may no longer use the application");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = clock.GetUtcNow();
        if (await FindAsync(Digest.Of(token), cancellationToken) is not { } found)
        {
            return TokenResult.InvalidGrant("no such refresh token");
        }

        // Another client's attempt must not burn it: that client could end sessions that are not its own.
        if (Fault(client, found, now) is { } fault)
        {
            return TokenResult.InvalidGrant(fault);
        }

        if (Narrow(found.Row.Scopes, form["scope"]) is not { } scopes || !GrantRows.MayRefresh(client, scopes))
        {
            return new TokenResult.Refused(new OAuthRefusal(
                OAuthError.InvalidScope, "The scope goes beyond what was granted, or lacks offline_access.", "scope wider than granted, or without offline_access"));
        }

        var rotates = Rotates(client, found.Row, now);
        if (found.Row.UsedAt is not null || (rotates && !await UseUpAsync(found.Row.Hash, now, cancellationToken)))
        {
            await GrantRows.RevokeAsync(db, found.Grant.Id, now, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return TokenResult.InvalidGrant("the refresh token was used before; its grant is revoked");
        }

        var person = await PersonReader.ReadAsync(db, found.User, PersonReader.NeedsGroups(client, scopes), cancellationToken);
        var access = issuer.AccessRow(client, found.Grant, scopes, out var jti);
        string? refreshToken = null;
        var refresh = rotates ? issuer.RefreshRow(client, found.Grant, found.Row.Scopes, out refreshToken) : found.Row;
        db.OAuthTokens.AddRange(rotates ? [access, refresh] : [access]);
        await db.SaveChangesAsync(cancellationToken);
        await OutliveAsync(found.Grant.Id, access, refresh, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new TokenResult.Issued(
            await issuer.SignAsync(signer, new GrantedAccess(client, found.Grant, person, scopes), jti, refreshToken, cancellationToken));
    }

    private static string? Fault(Client client, Found found, DateTimeOffset now) => found switch
    {
        _ when found.Row.ProviderId != client.Provider.Id => "the refresh token was issued to another client",
        _ when found.Row.ExpiresAt <= now => "the refresh token has expired",
        _ when found.Row.RevokedAt is not null => "the refresh token was revoked",
        _ when found.Grant.RevokedAt is not null => "the grant was revoked",
        _ when !found.User.IsActive => "the user is inactive",
        _ => null,
    };

    // Asked scopes must all have been granted; null when one was not. The new refresh token keeps them all.
    private static List<string>? Narrow(List<string> granted, string? asked)
    {
        if (asked is null)
        {
            return granted;
        }

        var wanted = asked.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return Array.TrueForAll(wanted, granted.Contains) ? [.. granted.Where(wanted.Contains)] : null;
    }

    private static bool Rotates(Client client, OAuthToken row, DateTimeOffset now)
    {
        var threshold = ValidityPeriod.Parse(client.Provider.RefreshTokenThreshold);
        return threshold == TimeSpan.Zero || row.ExpiresAt - now < threshold;
    }

    private async Task<bool> UseUpAsync(string hash, DateTimeOffset now, CancellationToken cancellationToken) =>
        await db.OAuthTokens.Where(t => t.Hash == hash && t.UsedAt == null)
            .ExecuteUpdateAsync(t => t.SetProperty(x => x.UsedAt, now), cancellationToken) == 1;

    // The cleaner takes ended grants and their tokens away: a grant lasts as long as the last of them.
    private Task<int> OutliveAsync(Guid grantId, OAuthToken access, OAuthToken refresh, CancellationToken cancellationToken)
    {
        var end = access.ExpiresAt > refresh.ExpiresAt ? access.ExpiresAt : refresh.ExpiresAt;
        return db.Grants.Where(g => g.Id == grantId && g.ExpiresAt < end).ExecuteUpdateAsync(g => g.SetProperty(x => x.ExpiresAt, end), cancellationToken);
    }

    private async Task<Found?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        var found = await (
            from row in db.OAuthTokens.AsNoTracking()
            join grant in db.Grants.AsNoTracking() on row.GrantId equals grant.Id
            join user in db.Users.AsNoTracking() on grant.UserId equals user.Id
            where row.Hash == hash && row.Kind == OAuthTokenKind.Refresh
            select new { row, grant, user }).SingleOrDefaultAsync(cancellationToken);
        return found is null ? null : new Found(found.row, found.grant, found.user);
    }

    private sealed record Found(OAuthToken Row, OAuthGrant Grant, User User);
}
