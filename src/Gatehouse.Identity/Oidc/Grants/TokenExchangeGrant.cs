using System.Diagnostics.CodeAnalysis;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Queues;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Grants;

/// <summary>Exchanges an access token for one of another audience or of less scope (RFC 8693). The new one never lives longer, and never allows more.</summary>
internal sealed class TokenExchangeGrant(
    GatehouseDb db, GroupCommit commits, ClientDirectory clients, AccessTokens tokens, TokenIssuer issuer, ApplicationAccess access, TimeProvider clock)
{
    public const string GrantType = "urn:ietf:params:oauth:grant-type:token-exchange";

    private const string AccessTokenType = "urn:ietf:params:oauth:token-type:access_token";
    private const string JwtType = "urn:ietf:params:oauth:token-type:jwt";
    private const string ApiTokenType = "goauthentik.io/oauth/token-type/authentik_token";

    public async Task<TokenResult> ExchangeAsync(TokenRequest request, CancellationToken cancellationToken)
    {
        var form = request.Form;
        if (form["subject_token"] is not { } subjectToken || !IsTokenType(form["subject_token_type"]) || (form["requested_token_type"] is { } wanted && !IsTokenType(wanted)))
        {
            return TokenResult.InvalidRequest("subject_token is missing, or a token type is none that is exchanged here");
        }

        if (form["actor_token"] is null != form["actor_token_type"] is null)
        {
            return TokenResult.InvalidRequest("actor_token and actor_token_type go together");
        }

        if (form.Has("resource") || FindTarget(request) is not { Application: not null } target)
        {
            return new TokenResult.Refused(new OAuthRefusal(OAuthError.InvalidTarget, "The target is unknown, or does not trust this client.", "no such audience, or it does not federate the client"));
        }

        // Asked of the target too: through a client that need not bring a proof its tokens would be for whoever finds them.
        if (target.Provider.RequiresDpop && request.KeyThumbprint is null)
        {
            return new TokenResult.Refused(OAuthRefusal.InvalidProof("the target's tokens are bound to a key, and there is no proof of one"));
        }

        // Bound to a key it is no bearer token: this client would have to prove the key, and it is not the client's.
        if (await tokens.FindAccessAsync(subjectToken, cancellationToken) is not { } subject || subject.Access.Grant.KeyThumbprint is not null || !IsTrusted(request.Client, subject))
        {
            return TokenResult.InvalidGrant("the subject token does not stand, or is not of this client or one that it trusts");
        }

        string? actor = null;
        if (form["actor_token"] is { } actorToken)
        {
            if (await FindActorAsync(request.Client, actorToken, form["actor_token_type"], cancellationToken) is not { } acting)
            {
                return TokenResult.InvalidGrant("the actor token does not stand");
            }

            actor = await issuer.SubjectAsync(target, new Person(acting, []), cancellationToken);
        }

        return await IssueAsync(request, target, subject, actor, cancellationToken);
    }

    private static bool IsTokenType([NotNullWhen(true)] string? type) => type is AccessTokenType or JwtType;

    private static bool IsTrusted(Client client, StandingToken token) =>
        token.Row.ProviderId == client.Provider.Id || client.Provider.FederatedProviderIds.Contains(token.Row.ProviderId);

    // By client_id or application; without an audience the client asks for itself.
    private Client? FindTarget(TokenRequest request)
    {
        if (!request.Form.Has("audience"))
        {
            return request.Client;
        }

        if (request.Form["audience"] is not { } audience)
        {
            return null;
        }

        var target = clients.Find(audience) ?? clients.All.FirstOrDefault(c => Guid.TryParse(audience, out var id) && c.Application?.Id == id);
        return target is not null && (target.Provider.Id == request.Client.Provider.Id || target.Provider.FederatedProviderIds.Contains(request.Client.Provider.Id)) ? target : null;
    }

    private async Task<User?> FindActorAsync(Client client, string token, string? type, CancellationToken cancellationToken)
    {
        if (IsTokenType(type))
        {
            return await tokens.FindAccessAsync(token, cancellationToken) is { } found && found.Access.Grant is { KeyThumbprint: null, ImpersonatorId: null } && IsTrusted(client, found)
                ? found.Access.Person.User
                : null;
        }

        if (type != ApiTokenType)
        {
            return null;
        }

        var (hash, now) = (Digest.Of(token), clock.GetUtcNow());
        return await (
            from key in db.ApiTokens.AsNoTracking()
            join user in db.Users.AsNoTracking() on key.UserId equals user.Id
            where key.KeyHash == hash && key.Intent == TokenIntent.Api && user.IsActive && (key.ExpiresAt == null || key.ExpiresAt > now)
            select user).SingleOrDefaultAsync(cancellationToken);
    }

    private async Task<TokenResult> IssueAsync(TokenRequest request, Client target, StandingToken subject, string? actor, CancellationToken cancellationToken)
    {
        var (user, now) = (subject.Access.Person.User, clock.GetUtcNow());
        List<string> scopes = [.. GrantRows.ScopesOf(target, request.Form["scope"]).Where(s => subject.Row.Scopes.Contains(s) && s != ScopeNames.OfflineAccess)];
        if (!(await access.JudgeAsync(target, user.Id, AccessRequest.Of(request.Context, GrantType, scopes), cancellationToken)).IsPassing)
        {
            return TokenResult.InvalidGrant("the application's policies deny the user");
        }

        if (await issuer.KeysAsync(target, cancellationToken) is not { } keys)
        {
            return TokenResult.CannotSign();
        }

        var grant = new OAuthGrant
        {
            Id = Guid.CreateVersion7(now),
            ProviderId = target.Provider.Id,
            UserId = user.Id,
            ImpersonatorId = subject.Access.Grant.ImpersonatorId,
            SessionId = subject.Access.Grant.SessionId,
            SessionUuid = subject.Access.Grant.SessionUuid,
            Scopes = scopes,
            AuthenticatedAt = subject.Access.Grant.AuthenticatedAt,
            Amr = [.. subject.Access.Grant.Amr],
            KeyThumbprint = request.KeyThumbprint,
            ConsentId = subject.Access.Grant.ConsentId,
            Actor = actor ?? subject.Access.Grant.Actor,
            CreatedAt = now,
            ExpiresAt = subject.Row.ExpiresAt,
        };
        var row = issuer.AccessRow(target, grant, scopes, out var jti, endsBy: subject.Row.ExpiresAt);
        await commits.RunAsync(
            (d, _) =>
            {
                d.Grants.Add(grant);
                d.OAuthTokens.Add(row);
                return Task.FromResult(true);
            },
            cancellationToken);
        var person = await PersonReader.ReadAsync(db, user, target, scopes, cancellationToken);
        var granted = new GrantedAccess(target, grant, person, scopes);
        var life = row.ExpiresAt - now;
        return new TokenResult.Issued(new IssuedTokens
        {
            AccessToken = issuer.AccessTokenOf(keys, granted, await issuer.IdClaimsAsync(granted, life, cancellationToken), jti),
            TokenType = grant.KeyThumbprint is null ? "Bearer" : "DPoP",
            IssuedType = request.Form["requested_token_type"] ?? AccessTokenType,
            Life = life,
            Scopes = scopes,
        });
    }
}
