using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc;

/// <summary>POST /application/o/introspect/ (RFC 7662) and /application/o/revoke/ (RFC 7009).</summary>
internal sealed partial class TokenStatusEndpoints(
    GatehouseDb db, ClientAuthentication clients, AccessTokens tokens, TokenIssuer issuer, TimeProvider clock, ILogger<TokenStatusEndpoints> logger)
{
    /// <summary>Says whether a token of the caller stands. All that is not so looks the same.</summary>
    public async Task<IResult> IntrospectAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var inactive = new JsonAnswer(StatusCodes.Status200OK, new JsonObject { ["active"] = false });
        if (await OAuthParameters.OfFormAsync(context.Request, cancellationToken) is not { } form || form["token"] is not { } token
            || await clients.AuthenticateAsync(context.Request, form, cancellationToken) is not ClientResult.Known { Client: var client }
            || client.Provider.ClientType == ClientType.Public
            || await FindAsync(token, cancellationToken) is not { } standing || !MayAsk(client, standing))
        {
            return inactive;
        }

        var body = standing.Claims ?? await issuer.BaseClaimsAsync(standing.Access, standing.Row.ExpiresAt - clock.GetUtcNow(), cancellationToken);
        body["active"] = true;
        body["scope"] = string.Join(' ', standing.Row.Scopes);
        body["client_id"] = standing.Access.Client.Provider.ClientId;
        body["token_type"] = body.ContainsKey("cnf") ? "DPoP" : "Bearer";
        return new JsonAnswer(StatusCodes.Status200OK, body);
    }

    /// <summary>Ends a token: an access token alone, a refresh token with all that came of the same grant (RFC 7009 §2.1).</summary>
    public async Task<IResult> RevokeAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (await OAuthParameters.OfFormAsync(context.Request, cancellationToken) is not { } form)
        {
            return JsonAnswer.Refused(context, OAuthRefusal.InvalidRequest("the body is no application/x-www-form-urlencoded form"), StatusCodes.Status400BadRequest);
        }

        if (await clients.AuthenticateAsync(context.Request, form, cancellationToken) is not ClientResult.Known { Client: var client })
        {
            return JsonAnswer.Refused(
                context, OAuthRefusal.InvalidClient("client authentication failed") with { IsBasicChallenge = context.Request.Headers.Authorization.Count > 0 }, StatusCodes.Status401Unauthorized);
        }

        Cors.Allow(context, client);
        if (form["token"] is { } token && await FindAsync(token, cancellationToken) is { Row: var row } && row.ProviderId == client.Provider.Id)
        {
            var now = clock.GetUtcNow();
            _ = row.Kind == OAuthTokenKind.Refresh
                ? await GrantRows.RevokeAsync(db, row.GrantId, now, cancellationToken)
                : await db.OAuthTokens.Where(t => t.Hash == row.Hash).ExecuteUpdateAsync(t => t.SetProperty(x => x.RevokedAt, now), cancellationToken);
            LogRevoked(client.Provider.ClientId, row.Kind);
        }

        return new JsonAnswer(StatusCodes.Status200OK, []);
    }

    // Its own, or one of a provider that trusts the caller (authentik's federation).
    private static bool MayAsk(Client client, StandingToken standing) =>
        standing.Row.ProviderId == client.Provider.Id || standing.Access.Client.Provider.FederatedProviderIds.Contains(client.Provider.Id);

    // JWTs have dots, refresh tokens are hex.
    private async Task<StandingToken?> FindAsync(string token, CancellationToken cancellationToken) => token.Contains('.', StringComparison.Ordinal)
        ? await tokens.FindAccessAsync(token, cancellationToken)
        : await tokens.FindRefreshAsync(token, cancellationToken);

    [LoggerMessage(EventId = 2111, Level = LogLevel.Information, Message = "Client {ClientId} revoked a token ({Kind})")]
    private partial void LogRevoked(string clientId, OAuthTokenKind kind);
}
