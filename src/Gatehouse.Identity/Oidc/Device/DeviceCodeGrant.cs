using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Queues;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Device;

/// <summary>Exchanges a device code for tokens once somebody has agreed (RFC 8628 §3.4).</summary>
internal sealed class DeviceCodeGrant(GatehouseDb db, GroupCommit commits, TokenIssuer issuer, ApplicationAccess access, Impersonators impersonators, TimeProvider clock)
{
    public const string GrantType = "urn:ietf:params:oauth:grant-type:device_code";

    // RFC 8628 §3.5: who asks too often waits this much longer from then on.
    private const int SlowerBy = 5;

    public async Task<TokenResult> RedeemAsync(TokenRequest request, CancellationToken cancellationToken)
    {
        if (request.Form["device_code"] is not { } code)
        {
            return TokenResult.InvalidGrant("no device code was sent");
        }

        if (await issuer.KeysAsync(request.Client, cancellationToken) is not { } keys)
        {
            return TokenResult.CannotSign();
        }

        var hash = Digest.Of(code);
        if (await commits.RunAsync((d, stopping) => PollAsync(d, request, hash, stopping), cancellationToken) is { } waits)
        {
            return waits;
        }

        if (await FindAsync(hash, cancellationToken) is not var (grant, user, sessionStands) || Fault(grant, user, sessionStands) is not null)
        {
            return TokenResult.InvalidGrant("the grant was revoked, its user is inactive, or the session it was given in has ended");
        }

        if (!await impersonators.MayAsync(db, grant.ImpersonatorId, cancellationToken))
        {
            return TokenResult.InvalidGrant("whoever acted as the person may not do so any more");
        }

        // Access may have been taken away since somebody agreed.
        if (!(await access.JudgeAsync(request.Client, user.Id, AccessRequest.Of(request.Context, GrantType, grant.Scopes), cancellationToken)).IsPassing)
        {
            return TokenResult.InvalidGrant("the application's policies deny the user");
        }

        var issued = await commits.RunAsync((d, stopping) => IssueAsync(d, request, hash, grant, stopping), cancellationToken);
        if (issued is null)
        {
            return TokenResult.InvalidGrant("the device code was used before");
        }

        grant.KeyThumbprint = request.KeyThumbprint;
        var person = await PersonReader.ReadAsync(db, user, request.Client, grant.Scopes, cancellationToken);
        return new TokenResult.Issued(await issuer.SignAsync(
            keys, new GrantedAccess(request.Client, grant, person, grant.Scopes), issued.Jti, issued.RefreshToken, cancellationToken));
    }

    // What to tell a device that has to wait; null when somebody has agreed.
    private async Task<TokenResult?> PollAsync(GatehouseDb db, TokenRequest request, string hash, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var providerId = request.Client.Provider.Id;
        if (await db.DeviceCodes.SingleOrDefaultAsync(c => c.Hash == hash && c.ProviderId == providerId, cancellationToken) is not { } code || code.UsedAt is not null)
        {
            return TokenResult.InvalidGrant("no such device code of this client, or it was used");
        }

        if (code.ExpiresAt <= now)
        {
            return Refused(OAuthError.ExpiredToken, "The device code has expired. Begin again.");
        }

        if (code.GrantId is not null)
        {
            return null;
        }

        var isEarly = now < code.NextPollAt;
        code.Interval += isEarly ? SlowerBy : 0;
        code.NextPollAt = now.AddSeconds(code.Interval);
        return isEarly
            ? Refused(OAuthError.SlowDown, $"Ask once in {code.Interval} seconds.")
            : Refused(OAuthError.AuthorizationPending, "Nobody has agreed yet.");
    }

    private static TokenResult.Refused Refused(string code, string text) => new(new OAuthRefusal(code, text, "the device has to wait, or begin again"));

    private static string? Fault(OAuthGrant grant, User user, bool sessionStands) => grant switch
    {
        { RevokedAt: not null } => "revoked",
        _ when !user.IsActive => "inactive",
        _ when !sessionStands => "no session",
        _ => null,
    };

    private async Task<(OAuthGrant Grant, User User, bool SessionStands)?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var found = await (
            from code in db.DeviceCodes.AsNoTracking()
            join grant in db.Grants.AsNoTracking() on code.GrantId equals grant.Id
            join user in db.Users.AsNoTracking() on grant.UserId equals user.Id
            where code.Hash == hash
            select new
            {
                grant,
                user,
                stands = db.AuthenticatedSessions.Any(
                    s => s.Id == grant.SessionId && s.ExpiresAt > now && (grant.ImpersonatorId == null || s.ImpersonatedUserId == grant.UserId)),
            }).SingleOrDefaultAsync(cancellationToken);
        return found is null ? null : (found.grant, found.user, found.stands);
    }

    private async Task<Made?> IssueAsync(GatehouseDb db, TokenRequest request, string hash, OAuthGrant grant, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (await db.DeviceCodes.Where(c => c.Hash == hash && c.UsedAt == null).ExecuteUpdateAsync(c => c.SetProperty(x => x.UsedAt, now), cancellationToken) != 1)
        {
            return null;
        }

        var row = issuer.AccessRow(request.Client, grant, grant.Scopes, out var jti);
        db.OAuthTokens.Add(row);
        string? refreshToken = null;
        var end = row.ExpiresAt;
        if (GrantRows.MayRefresh(request.Client, grant.Scopes))
        {
            var refresh = issuer.RefreshRow(request.Client, grant, grant.Scopes, out refreshToken);
            db.OAuthTokens.Add(refresh);
            end = refresh.ExpiresAt > end ? refresh.ExpiresAt : end;
        }

        var key = request.KeyThumbprint;
        await db.Grants.Where(g => g.Id == grant.Id).ExecuteUpdateAsync(g => g.SetProperty(x => x.ExpiresAt, end).SetProperty(x => x.KeyThumbprint, key), cancellationToken);
        return new Made(jti, refreshToken);
    }

    // A class, so that its secrets are never printed.
    private sealed class Made(string jti, string? refreshToken)
    {
        public string Jti => jti;

        public string? RefreshToken => refreshToken;
    }
}
