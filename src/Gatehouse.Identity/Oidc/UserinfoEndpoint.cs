using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Proofs;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc;

/// <summary>/application/o/userinfo/ (OpenID Connect Core §5.3, RFC 6750, RFC 9449 §7). Looks at the token only, never at a cookie.</summary>
internal sealed partial class UserinfoEndpoint(AccessTokens tokens, TokenIssuer issuer, ScopeClaims scopeClaims, DpopProofs proofs, OAuthEvents events, ILogger<UserinfoEndpoint> logger)
{
    private const string Bearer = "Bearer";
    private const string Dpop = "DPoP";

    public async Task<IResult> HandleAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var (token, scheme, fault) = await ReadTokenAsync(context.Request, cancellationToken);
        if (fault is not null)
        {
            return Refuse(StatusCodes.Status400BadRequest, Bearer, OAuthError.InvalidRequest, fault);
        }

        if (token is null)
        {
            return new JsonAnswer(StatusCodes.Status401Unauthorized, body: null) { Challenge = Bearer }; // RFC 6750 §3.1: no code for who sent nothing
        }

        if (await tokens.FindAccessAsync(token, cancellationToken) is not { } standing)
        {
            if (await tokens.FindRevokedAsync(token, cancellationToken) is { } revoked)
            {
                events.RevokedTokenUsed(revoked.Client, revoked.Person.User, context);
            }

            return Refuse(StatusCodes.Status401Unauthorized, scheme, OAuthError.InvalidToken, "The access token is invalid, expired or revoked");
        }

        Cors.Allow(context, standing.Access.Client);
        if (await ProofFaultAsync(context.Request, token, scheme, standing, cancellationToken) is { } unproved)
        {
            return Refuse(StatusCodes.Status401Unauthorized, Dpop, OAuthError.InvalidToken, unproved);
        }

        if (!standing.Row.Scopes.Contains(ScopeNames.OpenId))
        {
            return Refuse(StatusCodes.Status403Forbidden, scheme, OAuthError.InsufficientScope, "The access token lacks the scope openid");
        }

        return await AnswerAsync(standing, cancellationToken);
    }

    private async Task<IResult> AnswerAsync(StandingToken standing, CancellationToken cancellationToken)
    {
        var client = standing.Access.Client;
        var body = new JsonObject { ["sub"] = await issuer.SubjectAsync(client, standing.Access.Person, cancellationToken) };
        await scopeClaims.AddAsync(body, standing.Access, cancellationToken);
        if (standing.Access.Grant.Nonce is { } nonce)
        {
            body["nonce"] = nonce;
        }

        if (!client.WantsSignedUserinfo)
        {
            return new JsonAnswer(StatusCodes.Status200OK, body);
        }

        // OpenID Connect Core §5.3.2: signed answers say whose they are and for whom.
        return await issuer.KeysAsync(client, cancellationToken) is { } keys
            ? new JwtAnswer(issuer.SignedUserinfo(keys, client, body))
            : Refuse(StatusCodes.Status401Unauthorized, Bearer, OAuthError.InvalidToken, "The provider can not sign");
    }

    // A bound token counts with the proof of its key only, and an unbound one is nobody's to prove.
    private async Task<string?> ProofFaultAsync(HttpRequest request, string token, string scheme, StandingToken standing, CancellationToken cancellationToken)
    {
        var bound = standing.Claims?["cnf"]?["jkt"]?.GetValue<string>();
        if (bound is null)
        {
            return scheme == Dpop ? "The access token is not bound to a key" : null;
        }

        if (scheme != Dpop)
        {
            return "The access token is bound to a key: send it with the scheme DPoP and a proof";
        }

        return await proofs.CheckAsync(request, token, cancellationToken) switch
        {
            DpopResult.Proved proved when proved.Thumbprint == bound => null,
            DpopResult.Refused refused => $"The proof is invalid: {refused.Reason}",
            _ => "The proof is missing, or of another key",
        };
    }

    // Header, or form of a POST. Not the query: URLs end up in logs (RFC 9700 §4.3.2).
    private static async Task<(string? Token, string Scheme, string? Fault)> ReadTokenAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.Query.ContainsKey("access_token"))
        {
            return (null, Bearer, "The access token must not stand in the URL");
        }

        var headers = request.Headers.Authorization;
        if (headers.Count > 1)
        {
            return (null, Bearer, "More than one Authorization header");
        }

        var form = HttpMethods.IsPost(request.Method) ? await OAuthParameters.OfFormAsync(request, cancellationToken) : null;
        var posted = form?.Has("access_token") == true;
        if (headers.Count == 0)
        {
            return posted && form!["access_token"] is null ? (null, Bearer, "The access token is empty or was sent twice") : (form?["access_token"], Bearer, null); // posted: there is a form
        }

        if (posted)
        {
            return (null, Bearer, "The access token was sent in two ways");
        }

        foreach (var scheme in (ReadOnlySpan<string>)[Bearer, Dpop])
        {
            if (headers[0] is { } header && header.StartsWith(scheme + " ", StringComparison.OrdinalIgnoreCase))
            {
                return (header[(scheme.Length + 1)..].Trim(), scheme, null);
            }
        }

        return (null, Bearer, null);
    }

    private JsonAnswer Refuse(int status, string scheme, string code, string description)
    {
        LogRefused(code, description);
        var algorithms = scheme == Dpop ? $", algs=\"{string.Join(' ', PublicJwk.Algorithms)}\"" : "";
        return new JsonAnswer(status, body: null) { Challenge = $"{scheme} error=\"{code}\", error_description=\"{description}\"{algorithms}" };
    }

    [LoggerMessage(EventId = 2110, Level = LogLevel.Information, Message = "Userinfo refused: {Code} ({Reason})")]
    private partial void LogRefused(string code, string reason);
}
