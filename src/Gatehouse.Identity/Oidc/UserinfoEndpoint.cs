using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc;

/// <summary>/application/o/userinfo/ (OpenID Connect Core §5.3, RFC 6750). Looks at the token only, never at a cookie.</summary>
internal sealed partial class UserinfoEndpoint(AccessTokens tokens, TokenIssuer issuer, ScopeClaims scopeClaims, ILogger<UserinfoEndpoint> logger)
{
    public async Task<IResult> HandleAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var (token, fault) = await ReadTokenAsync(context.Request, cancellationToken);
        if (fault is not null)
        {
            return Refuse(StatusCodes.Status400BadRequest, OAuthError.InvalidRequest, fault);
        }

        if (token is null)
        {
            return new JsonAnswer(StatusCodes.Status401Unauthorized, body: null) { Challenge = "Bearer" }; // RFC 6750 §3.1: no code for who sent nothing
        }

        if (await tokens.FindAccessAsync(token, cancellationToken) is not { } standing)
        {
            return Refuse(StatusCodes.Status401Unauthorized, OAuthError.InvalidToken, "The access token is invalid, expired or revoked");
        }

        Cors.Allow(context, standing.Access.Client);
        if (!standing.Row.Scopes.Contains(ScopeNames.OpenId))
        {
            return Refuse(StatusCodes.Status403Forbidden, OAuthError.InsufficientScope, "The access token lacks the scope openid");
        }

        var body = new JsonObject { ["sub"] = await issuer.SubjectAsync(standing.Access.Client, standing.Access.Person, cancellationToken) };
        await scopeClaims.AddAsync(body, standing.Access, cancellationToken);
        if (standing.Access.Grant.Nonce is { } nonce)
        {
            body["nonce"] = nonce;
        }

        return new JsonAnswer(StatusCodes.Status200OK, body);
    }

    // Header, or form of a POST. Not the query: URLs end up in logs (RFC 9700 §4.3.2).
    private static async Task<(string? Token, string? Fault)> ReadTokenAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.Query.ContainsKey("access_token"))
        {
            return (null, "The access token must not stand in the URL");
        }

        var headers = request.Headers.Authorization;
        if (headers.Count > 1)
        {
            return (null, "More than one Authorization header");
        }

        var form = HttpMethods.IsPost(request.Method) ? await OAuthParameters.OfFormAsync(request, cancellationToken) : null;
        var posted = form?.Has("access_token") == true;
        if (headers.Count == 0)
        {
            return posted && form!["access_token"] is null ? (null, "The access token is empty or was sent twice") : (form?["access_token"], null); // posted: there is a form
        }

        if (posted)
        {
            return (null, "The access token was sent in two ways");
        }

        return headers[0] is { } header && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? (header["Bearer ".Length..].Trim(), null)
            : (null, null);
    }

    private JsonAnswer Refuse(int status, string code, string description)
    {
        LogRefused(code, description);
        return new JsonAnswer(status, body: null) { Challenge = $"Bearer error=\"{code}\", error_description=\"{description}\"" };
    }

    [LoggerMessage(EventId = 2110, Level = LogLevel.Information, Message = "Userinfo refused: {Code} ({Reason})")]
    private partial void LogRefused(string code, string reason);
}
