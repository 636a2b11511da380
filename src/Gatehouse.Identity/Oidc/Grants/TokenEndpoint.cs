using System.Diagnostics;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Device;
using Gatehouse.Identity.Oidc.Proofs;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Grants;

/// <summary>POST /application/o/token/ (RFC 6749 §3.2).</summary>
internal sealed partial class TokenEndpoint(
    ClientAuthentication clients,
    AuthorizationCodeGrant codes,
    RefreshTokenGrant refreshes,
    ClientCredentialsGrant machines,
    DeviceCodeGrant devices,
    TokenExchangeGrant exchanges,
    DpopProofs proofs,
    WarningLog warnings,
    ILogger<TokenEndpoint> logger)
{
    private static readonly string[] Known =
    [
        "grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type",
        "username", "password", "device_code", "subject_token", "subject_token_type", "requested_token_type", "actor_token", "actor_token_type",
    ];

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

        var (presented, refusal) = PresentedCredentials.Read(context.Request, form);
        if (presented is null)
        {
            return (new TokenResult.Refused(refusal!), null); // one of the two
        }

        if (clients.Find(presented) is not { } client)
        {
            return (new TokenResult.Refused(OAuthRefusal.InvalidClient("no such client") with { IsBasicChallenge = presented.IsBasic }), null);
        }

        return (await RunAsync(new TokenRequest(client, form, context, KeyThumbprint: null), presented, cancellationToken), client);
    }

    // Machines may prove themselves where others prove the client, so what they bring is judged by its own rules.
    private async Task<TokenResult> RunAsync(TokenRequest request, PresentedCredentials presented, CancellationToken cancellationToken)
    {
        var (client, type) = (request.Client, request.Form["grant_type"]);
        MachineResult.Known? machine = null;
        if (type is ClientCredentialsGrant.GrantType or ClientCredentialsGrant.PasswordGrantType && client.Allows(type))
        {
            switch (await machines.IdentifyAsync(presented, request, cancellationToken))
            {
                case MachineResult.Refused refused:
                    return new TokenResult.Refused(refused.Refusal);
                case MachineResult.Known known:
                    machine = known;
                    break;
            }
        }
        else if (await clients.CheckAsync(presented, request.Context.Request, cancellationToken) is ClientResult.Refused refused)
        {
            return new TokenResult.Refused(refused.Refusal);
        }

        Cors.Allow(request.Context, client);
        warnings.Tell(client);
        if (GrantFault(client, type) is { } fault)
        {
            return fault;
        }

        // Only now: proofs of strangers must not fill the memory of used ones.
        switch (await proofs.CheckAsync(request.Context.Request, accessToken: null, cancellationToken))
        {
            case DpopResult.Refused refused:
                return new TokenResult.Refused(OAuthRefusal.InvalidProof(refused.Reason));
            case DpopResult.Absent when client.Provider.RequiresDpop:
                return new TokenResult.Refused(OAuthRefusal.InvalidProof("the client has to bring a proof"));
            case DpopResult.Proved proved:
                request = request with { KeyThumbprint = proved.Thumbprint };
                break;
        }

        return machine is not null ? await machines.IssueAsync(request, machine, cancellationToken) : await RedeemAsync(request, type, cancellationToken);
    }

    private static TokenResult.Refused? GrantFault(Client client, string? type) =>
        type is null ? TokenResult.InvalidRequest("grant_type is missing")
        : !client.Allows(type) ? TokenResult.InvalidGrant("grant_type_not_configured") // authentik's code for it, also for types nobody knows; RFC 6749 would say unauthorized_client
        : client.Application is null ? TokenResult.InvalidGrant("the provider belongs to no application")
        : null;

    private async Task<TokenResult> RedeemAsync(TokenRequest request, string? type, CancellationToken cancellationToken) => type switch
    {
        AuthorizationCodeGrant.GrantType => await codes.RedeemAsync(request, cancellationToken),
        RefreshTokenGrant.GrantType => await refreshes.RedeemAsync(request, cancellationToken),
        DeviceCodeGrant.GrantType => await devices.RedeemAsync(request, cancellationToken),
        TokenExchangeGrant.GrantType => await exchanges.ExchangeAsync(request, cancellationToken),
        _ => TokenResult.InvalidGrant("no tokens are issued for this grant type"), // implicit and hybrid belong to the authorization endpoint
    };

    private static JsonObject BodyOf(TokenResult.Issued issued)
    {
        var tokens = issued.Tokens;
        var body = new JsonObject
        {
            ["access_token"] = tokens.AccessToken,
            ["token_type"] = tokens.TokenType,
            ["scope"] = string.Join(' ', tokens.Scopes),
            ["expires_in"] = (long)tokens.Life.TotalSeconds,
        };
        if (tokens.IdToken is not null)
        {
            body["id_token"] = tokens.IdToken;
        }

        if (tokens.RefreshToken is not null)
        {
            body["refresh_token"] = tokens.RefreshToken;
        }

        if (tokens.IssuedType is not null)
        {
            body["issued_token_type"] = tokens.IssuedType;
        }

        return body;
    }

    [LoggerMessage(EventId = 2101, Level = LogLevel.Information, Message = "Token request refused: {Code}, client {ClientId} ({Reason})")]
    private partial void LogRefused(string code, string clientId, string reason);
}
