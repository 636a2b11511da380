using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Grants;

/// <summary>Exchanges a code for tokens (RFC 6749 §4.1.3).</summary>
internal sealed class AuthorizationCodeGrant(GatehouseDb db, RedirectUris redirects, SigningKeys keys, TokenIssuer issuer, TimeProvider clock)
{
    public const string GrantType = "authorization_code";

    public async Task<TokenResult> RedeemAsync(Client client, OAuthParameters form, CancellationToken cancellationToken)
    {
        if (form["code"] is not { } code)
        {
            return TokenResult.InvalidGrant("no code was sent");
        }

        if (form["redirect_uri"] is not { } redirectUri || redirects.Fault(redirectUri, client.Provider, RedirectUriType.Authorization) is not null)
        {
            // authentik's code for it; RFC 6749 would say invalid_grant.
            return new TokenResult.Refused(OAuthRefusal.InvalidClient("the redirect URI is missing or not registered"));
        }

        if (await keys.ForAsync(client, cancellationToken) is not { } signer)
        {
            return TokenResult.CannotSign();
        }

        // One transaction, begun by the write: a second redeemer waits here, and finds the code used and the tokens saved.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var hash = Digest.Of(code);
        var isFirst = await db.AuthorizationCodes.Where(c => c.Hash == hash && c.UsedAt == null)
            .ExecuteUpdateAsync(c => c.SetProperty(x => x.UsedAt, now), cancellationToken) == 1;
        if (await FindAsync(hash, cancellationToken) is not { } found)
        {
            return TokenResult.InvalidGrant("no such code");
        }

        if (!isFirst)
        {
            await GrantRows.RevokeAsync(db, found.Grant.Id, now, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return TokenResult.InvalidGrant("the code was used before; its grant is revoked");
        }

        if (Fault(client, form, redirectUri, found, now) is { } fault)
        {
            await transaction.CommitAsync(cancellationToken); // burnt all the same: somebody has it who should not
            return TokenResult.InvalidGrant(fault);
        }

        var person = await PersonReader.ReadAsync(db, found.User, PersonReader.NeedsGroups(client, found.Grant.Scopes), cancellationToken);
        db.OAuthTokens.Add(issuer.AccessRow(client, found.Grant, found.Grant.Scopes, out var jti));
        string? refreshToken = null;
        if (GrantRows.MayRefresh(client, found.Grant.Scopes))
        {
            db.OAuthTokens.Add(issuer.RefreshRow(client, found.Grant, found.Grant.Scopes, out refreshToken));
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new TokenResult.Issued(
            await issuer.SignAsync(signer, new GrantedAccess(client, found.Grant, person, found.Grant.Scopes), jti, refreshToken, cancellationToken));
    }

    private static string? Fault(Client client, OAuthParameters form, string redirectUri, Found found, DateTimeOffset now) => found switch
    {
        _ when found.Code.ProviderId != client.Provider.Id => "the code was issued to another client",
        _ when found.Code.ExpiresAt <= now => "the code has expired",
        _ when found.Grant.RevokedAt is not null => "the grant was revoked",
        _ when !found.User.IsActive => "the user is inactive",
        _ when !found.SessionStands => "the session it was given in has ended",
        _ when found.Code.RedirectUri != redirectUri => "the redirect URI is not the one of the authorization request",
        _ => Pkce.Fault(found.Code.CodeChallenge, form["code_verifier"]),
    };

    private async Task<Found?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        var found = await (
            from code in db.AuthorizationCodes.AsNoTracking()
            join grant in db.Grants.AsNoTracking() on code.GrantId equals grant.Id
            join user in db.Users.AsNoTracking() on grant.UserId equals user.Id
            where code.Hash == hash
            select new { code, grant, user, stands = db.AuthenticatedSessions.Any(s => s.Id == grant.SessionId) }).SingleOrDefaultAsync(cancellationToken);
        return found is null ? null : new Found(found.code, found.grant, found.user, found.stands);
    }

    private sealed record Found(AuthorizationCode Code, OAuthGrant Grant, User User, bool SessionStands);
}
