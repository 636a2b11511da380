using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Queues;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Grants;

/// <summary>Exchanges a code for tokens (RFC 6749 §4.1.3).</summary>
internal sealed class AuthorizationCodeGrant(
    GatehouseDb db, GroupCommit commits, RedirectUris redirects, TokenIssuer issuer, Impersonators impersonators, OAuthEvents events, TimeProvider clock)
{
    public const string GrantType = "authorization_code";

    public async Task<TokenResult> RedeemAsync(TokenRequest request, CancellationToken cancellationToken)
    {
        var (client, form) = (request.Client, request.Form);
        if (form["code"] is not { } code)
        {
            return TokenResult.InvalidGrant("no code was sent");
        }

        if (form["redirect_uri"] is not { } redirectUri || redirects.Fault(redirectUri, client.Provider, RedirectUriType.Authorization) is not null)
        {
            // authentik's code for it; RFC 6749 would say invalid_grant.
            return new TokenResult.Refused(OAuthRefusal.InvalidClient("the redirect URI is missing or not registered"));
        }

        if (await issuer.KeysAsync(client, cancellationToken) is not { } keys)
        {
            return TokenResult.CannotSign();
        }

        // One transaction, begun by the write: a second redeemer waits here, and finds the code used and the tokens saved.
        var redeemed = await commits.RunAsync((d, stopping) => RedeemAsync(d, request, Digest.Of(code), redirectUri, stopping), cancellationToken);
        if (redeemed.Fault is { } fault)
        {
            if (redeemed is { IsReuse: true, User: { } owner })
            {
                events.CodeReused(request, owner);
            }

            return TokenResult.InvalidGrant(fault);
        }

        var (grant, user) = (redeemed.Grant!, redeemed.User!); // without a fault
        var person = await PersonReader.ReadAsync(db, user, client, grant.Scopes, cancellationToken);
        return new TokenResult.Issued(
            await issuer.SignAsync(keys, new GrantedAccess(client, grant, person, grant.Scopes), redeemed.Jti, redeemed.RefreshToken, cancellationToken));
    }

    // What it finds wrong is kept too: the code is burnt all the same, since somebody has it who should not.
    private async Task<Redeemed> RedeemAsync(GatehouseDb db, TokenRequest request, string hash, string redirectUri, CancellationToken cancellationToken)
    {
        var (client, now) = (request.Client, clock.GetUtcNow());
        var isFirst = await db.AuthorizationCodes.Where(c => c.Hash == hash && c.UsedAt == null)
            .ExecuteUpdateAsync(c => c.SetProperty(x => x.UsedAt, now), cancellationToken) == 1;
        if (await FindAsync(db, hash, now, cancellationToken) is not { } found)
        {
            return new Redeemed("no such code");
        }

        if (!isFirst)
        {
            await GrantRows.RevokeAsync(db, found.Grant.Id, now, cancellationToken);
            return new Redeemed("the code was used before; its grant is revoked") { IsReuse = true, User = found.User };
        }

        if (Fault(request, redirectUri, found, now) is { } fault)
        {
            return new Redeemed(fault);
        }

        if (!await impersonators.MayAsync(db, found.Grant.ImpersonatorId, cancellationToken))
        {
            return new Redeemed("whoever acted as the person may not do so any more");
        }

        if (request.KeyThumbprint is { } thumbprint)
        {
            found.Grant.KeyThumbprint = thumbprint;
            await db.Grants.Where(g => g.Id == found.Grant.Id).ExecuteUpdateAsync(g => g.SetProperty(x => x.KeyThumbprint, thumbprint), cancellationToken);
        }

        db.OAuthTokens.Add(issuer.AccessRow(client, found.Grant, found.Grant.Scopes, out var jti));
        string? refreshToken = null;
        if (GrantRows.MayRefresh(client, found.Grant.Scopes))
        {
            db.OAuthTokens.Add(issuer.RefreshRow(client, found.Grant, found.Grant.Scopes, out refreshToken));
        }

        return new Redeemed(null) { Grant = found.Grant, User = found.User, Jti = jti, RefreshToken = refreshToken };
    }

    private static string? Fault(TokenRequest request, string redirectUri, Found found, DateTimeOffset now) => found switch
    {
        _ when found.Code.ProviderId != request.Client.Provider.Id => "the code was issued to another client",
        _ when found.Code.ExpiresAt <= now => "the code has expired",
        _ when found.Grant.RevokedAt is not null => "the grant was revoked",
        _ when !found.User.IsActive => "the user is inactive",
        _ when !found.SessionStands => "the session it was given in has ended",
        _ when found.Code.RedirectUri != redirectUri => "the redirect URI is not the one of the authorization request",
        _ when found.Code.KeyThumbprint is { } pinned && pinned != request.KeyThumbprint => "the key is not the one that the authorization request named",
        _ => Pkce.Fault(found.Code.CodeChallenge, request.Form["code_verifier"]),
    };

    private static async Task<Found?> FindAsync(GatehouseDb db, string hash, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var found = await (
            from code in db.AuthorizationCodes.AsNoTracking()
            join grant in db.Grants.AsNoTracking() on code.GrantId equals grant.Id
            join user in db.Users.AsNoTracking() on grant.UserId equals user.Id
            where code.Hash == hash
            select new
            {
                code,
                grant,
                user,
                stands = db.AuthenticatedSessions.Any(
                    s => s.Id == grant.SessionId && s.ExpiresAt > now && (grant.ImpersonatorId == null || s.ImpersonatedUserId == grant.UserId)),
            }).SingleOrDefaultAsync(cancellationToken);
        return found is null ? null : new Found(found.code, found.grant, found.user, found.stands);
    }

    private sealed record Found(AuthorizationCode Code, OAuthGrant Grant, User User, bool SessionStands);

    // A class, so that its secrets are never printed.
    private sealed class Redeemed(string? fault)
    {
        public string? Fault => fault;

        public bool IsReuse { get; init; }

        public OAuthGrant? Grant { get; init; }

        public User? User { get; init; }

        public string Jti { get; init; } = "";

        public string? RefreshToken { get; init; }
    }
}
