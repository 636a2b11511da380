using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>A token that stands, with what it stands on.</summary>
/// <param name="Claims">The claims of an access token; null for a refresh token, which is opaque.</param>
internal sealed record StandingToken(OAuthToken Row, GrantedAccess Access, JsonObject? Claims);

/// <summary>Finds issued tokens again: signature, row, grant, user and application must all stand.</summary>
internal sealed class AccessTokens(GatehouseDb db, TokenQueries queries, ClientDirectory clients, TokenVerifier verifier, Impersonators impersonators, TimeProvider clock)
{
    // 64 random bytes as hex; anything else is no refresh token and costs no query.
    private const int RefreshTokenLength = 128;

    /// <summary>The access token in <paramref name="token"/>, or null.</summary>
    public async Task<StandingToken?> FindAccessAsync(string token, CancellationToken cancellationToken)
    {
        if (await verifier.OpenAsync(token, cancellationToken) is not { } signed || verifier.Read(signed) is not { } unproven || unproven.Id is not { Length: 64 } jti
            || await FindRowAsync(Digest.Of(jti), OAuthTokenKind.Access, cancellationToken) is not { } found
            || await verifier.VerifyAsync(unproven, found.Access.Client, mayBeExpired: false, cancellationToken) is not { } jwt)
        {
            return null;
        }

        return found with { Claims = PayloadOf(jwt) };
    }

    /// <summary>The refresh token in <paramref name="token"/>, or null. One that was exchanged already does not stand.</summary>
    public async Task<StandingToken?> FindRefreshAsync(string token, CancellationToken cancellationToken) =>
        token.Length == RefreshTokenLength
        && await FindRowAsync(Digest.Of(token), OAuthTokenKind.Refresh, cancellationToken) is { Row.UsedAt: null } found
            ? found
            : null;

    /// <summary>Whose the access token in <paramref name="token"/> was, when it or its grant was revoked before its end; else null. Its id alone is looked at: nobody else knows it.</summary>
    public async Task<GrantedAccess?> FindRevokedAsync(string token, CancellationToken cancellationToken)
    {
        if (await verifier.OpenAsync(token, cancellationToken) is not { } signed || verifier.Read(signed)?.Id is not { Length: 64 } jti)
        {
            return null;
        }

        var (hash, now) = (Digest.Of(jti), clock.GetUtcNow());
        var found = await (
            from row in db.OAuthTokens.AsNoTracking()
            join grant in db.Grants.AsNoTracking() on row.GrantId equals grant.Id
            join user in db.Users.AsNoTracking() on grant.UserId equals user.Id
            where row.Hash == hash && row.Kind == OAuthTokenKind.Access && row.ExpiresAt > now && (row.RevokedAt != null || grant.RevokedAt != null)
            select new { row, grant, user }).SingleOrDefaultAsync(cancellationToken);
        return found is not null && clients.Find(found.row.ProviderId) is { } client
            ? new GrantedAccess(client, found.grant, new Person(found.user, []), found.row.Scopes)
            : null;
    }

    private async Task<StandingToken?> FindRowAsync(string hash, OAuthTokenKind kind, CancellationToken cancellationToken)
    {
        var found = await queries.StandingAsync(db, hash, kind, clock.GetUtcNow(), cancellationToken);
        if (found is null || clients.Find(found.Row.ProviderId) is not { Application: not null } client
            || !await impersonators.MayAsync(db, found.Grant.ImpersonatorId, cancellationToken))
        {
            return null;
        }

        var person = await PersonReader.ReadAsync(db, found.User, client, found.Row.Scopes, cancellationToken);
        return new StandingToken(found.Row, new GrantedAccess(client, found.Grant, person, found.Row.Scopes), Claims: null);
    }

    private static JsonObject? PayloadOf(JsonWebToken jwt) =>
        JsonNode.Parse(Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Decode(jwt.EncodedPayload)) as JsonObject;
}
