using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Gatehouse.Store.Queues;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Grants;

/// <summary>Exchanges a refresh token (RFC 6749 §6). It is used once; a second use means that two hold it, and ends the grant (RFC 9700 §4.14).</summary>
internal sealed class RefreshTokenGrant(GatehouseDb db, TokenQueries queries, GroupCommit commits, TokenIssuer issuer, ApplicationAccess access, OAuthEvents events, TimeProvider clock)
{
    public const string GrantType = "refresh_token";

    public async Task<TokenResult> RedeemAsync(TokenRequest request, CancellationToken cancellationToken)
    {
        var (client, form) = (request.Client, request.Form);
        if (form["refresh_token"] is not { } token)
        {
            return TokenResult.InvalidGrant("no refresh token was sent");
        }

        if (await issuer.KeysAsync(client, cancellationToken) is not { } keys)
        {
            return TokenResult.CannotSign();
        }

        var now = clock.GetUtcNow();
        if (await queries.RefreshAsync(db, Digest.Of(token), cancellationToken) is not { } found)
        {
            return TokenResult.InvalidGrant("no such refresh token");
        }

        // Another client's attempt must not burn it: that client could end sessions that are not its own.
        if (Fault(request, found, now) is { } fault)
        {
            return TokenResult.InvalidGrant(fault);
        }

        if (Narrow(found.Row.Scopes, form["scope"]) is not { } scopes || !GrantRows.MayRefresh(client, scopes))
        {
            return new TokenResult.Refused(new OAuthRefusal(
                OAuthError.InvalidScope, "The scope goes beyond what was granted, or lacks offline_access.", "scope wider than granted, or without offline_access"));
        }

        if (!(await access.JudgeAsync(client, found.User.Id, AccessRequest.Of(request.Context, GrantType, scopes), cancellationToken)).IsPassing)
        {
            return TokenResult.InvalidGrant("the application's policies deny the user");
        }

        var rotated = await commits.RunAsync((d, stopping) => RotateAsync(d, client, found, scopes, now, stopping), cancellationToken);
        if (rotated.IsReuse)
        {
            events.RefreshTokenReused(request, found.User);
        }

        if (rotated.Fault is { } broken)
        {
            return TokenResult.InvalidGrant(broken);
        }

        var person = await PersonReader.ReadAsync(db, found.User, client, scopes, cancellationToken);
        return new TokenResult.Issued(
            await issuer.SignAsync(keys, new GrantedAccess(client, found.Grant, person, scopes), rotated.Jti, rotated.RefreshToken, cancellationToken));
    }

    private static string? Fault(TokenRequest request, RefreshFacts found, DateTimeOffset now) => found switch
    {
        _ when found.Row.ProviderId != request.Client.Provider.Id => "the refresh token was issued to another client",
        _ when found.Row.ExpiresAt <= now => "the refresh token has expired",
        _ when found.Row.RevokedAt is not null => "the refresh token was revoked",
        _ when found.Grant.RevokedAt is not null => "the grant was revoked",
        _ when !found.ConsentStands => "the consent it stands on was taken back",
        _ when !found.User.IsActive => "the user is inactive",
        _ when found.Grant.ImpersonatorId is not null => "the grant was given while an administrator acted as the person",
        _ when found.Grant.KeyThumbprint != request.KeyThumbprint && found.Grant.KeyThumbprint is not null => "the grant is bound to another key, or the proof of it is missing",
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

    private async Task<Rotated> RotateAsync(GatehouseDb db, Client client, RefreshFacts found, List<string> scopes, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var rotates = Rotates(client, found.Row, now);
        if (found.Row.UsedAt is not null || (rotates && !await UseUpAsync(db, found.Row.Hash, now, cancellationToken)))
        {
            await GrantRows.RevokeAsync(db, found.Grant.Id, now, cancellationToken);
            return new Rotated("the refresh token was used before; its grant is revoked") { IsReuse = true };
        }

        var access = issuer.AccessRow(client, found.Grant, scopes, out var jti);
        string? refreshToken = null;
        var refresh = rotates ? issuer.RefreshRow(client, found.Grant, found.Row.Scopes, out refreshToken) : found.Row;

        // The cleaner takes ended grants and their tokens away: a grant lasts as long as the last of them.
        var end = new[] { access.ExpiresAt, refresh.ExpiresAt, found.Grant.ExpiresAt }.Max();
        if (await db.Grants.Where(g => g.Id == found.Grant.Id && g.RevokedAt == null).ExecuteUpdateAsync(g => g.SetProperty(x => x.ExpiresAt, end), cancellationToken) != 1)
        {
            return new Rotated("the grant was revoked in between");
        }

        db.OAuthTokens.AddRange(rotates ? [access, refresh] : [access]);
        return new Rotated(null) { Jti = jti, RefreshToken = refreshToken };
    }

    private static async Task<bool> UseUpAsync(GatehouseDb db, string hash, DateTimeOffset now, CancellationToken cancellationToken) =>
        await db.OAuthTokens.Where(t => t.Hash == hash && t.UsedAt == null)
            .ExecuteUpdateAsync(t => t.SetProperty(x => x.UsedAt, now), cancellationToken) == 1;

    // A class, so that its secrets are never printed.
    private sealed class Rotated(string? fault)
    {
        public string? Fault => fault;

        public bool IsReuse { get; init; }

        public string Jti { get; init; } = "";

        public string? RefreshToken { get; init; }
    }
}
