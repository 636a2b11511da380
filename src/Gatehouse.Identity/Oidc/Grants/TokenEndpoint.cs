using System.Diagnostics;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Grants;

/// <summary>POST /application/o/token/ (RFC 6749 §3.2).</summary>
internal sealed partial class TokenEndpoint(
    ClientAuthentication clients, AuthorizationCodeGrant codes, RefreshTokenGrant refreshes, WarningLog warnings, ILogger<TokenEndpoint> logger)
{
    private static readonly string[] Known =
        ["grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type"];

    public async Task<IResult> HandleAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var (result, client) = await RunAsync(context, cancellationToken);
        if (result is TokenResult.Refused { Refusal: var refusal })
        {
            LogRefused(refusal.Code, client?.Provider.ClientId ?? "-", refusal.Reason);
        }

        return result switch
        {
            TokenResult.Issued issued => new JsonAnswer(StatusCodes.Status200OK, BodyOf(issued)),
            TokenResult.Refused refused => JsonAnswer.Refused(
                context, refused.Refusal, refused.Refusal.IsBasicChallenge ? StatusCodes.Status401Unauthorized : StatusCodes.Status400BadRequest),
            _ => throw new UnreachableException(),
        };
    }

    private async Task<(TokenResult Result, Client? Client)> RunAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (await OAuthParameters.OfFormAsync(context.Request, cancellationToken) is not { } form)
        {
            return (TokenResult.InvalidRequest("the body is no application/x-www-form-urlencoded form"), null);
        }

        if (form.FirstRepeated(Known) is { } name)
        {
            return (TokenResult.InvalidRequest($"{name} was sent more than once"), null);
        }

        switch (await clients.AuthenticateAsync(context.Request, form, cancellationToken))
        {
            case ClientResult.Refused refused:
                return (new TokenResult.Refused(refused.Refusal), null);
            case ClientResult.Known { Client: var client }:
                Cors.Allow(context, client);
                warnings.Tell(client);
                return (await RedeemAsync(client, form, cancellationToken), client);
            default:
                throw new UnreachableException();
        }
    }

    private async Task<TokenResult> RedeemAsync(Client client, OAuthParameters form, CancellationToken cancellationToken)
    {
        if (form["grant_type"] is not { } type)
        {
            return TokenResult.InvalidRequest("grant_type is missing");
        }

        // authentik's code for it, also for types nobody knows; RFC 6749 would say unauthorized_client.
        if (!client.Provider.GrantTypes.Contains(type))
        {
            return TokenResult.InvalidGrant("grant_type_not_configured");
        }

        if (client.Application is null)
        {
            return TokenResult.InvalidGrant("the provider belongs to no application");
        }

        return type switch
        {
            AuthorizationCodeGrant.GrantType => await codes.RedeemAsync(client, form, cancellationToken),
            RefreshTokenGrant.GrantType => await refreshes.RedeemAsync(client, form, cancellationToken),
            _ => TokenResult.InvalidGrant("grant type not supported"),
        };
    }

    private static JsonObject BodyOf(TokenResult.Issued issued)
    {
        var tokens = issued.Tokens;
        var body = new JsonObject
        {
            ["access_token"] = tokens.AccessToken,
            ["token_type"] = "Bearer",
            ["scope"] = string.Join(' ', tokens.Scopes),
            ["expires_in"] = (long)tokens.Life.TotalSeconds,
            ["id_token"] = tokens.IdToken,
        };
        if (tokens.RefreshToken is not null)
        {
            body["refresh_token"] = tokens.RefreshToken;
        }

        return body;
    }

    [LoggerMessage(EventId = 2101, Level = LogLevel.Information, Message = "Token request refused: {Code}, client {ClientId} ({Reason})")]
    private partial void LogRefused(string code, string clientId, string reason);
}
