using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Proofs;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Providers;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>POST /application/o/par/ (RFC 9126 §2): takes an authorization request from an authenticated client, and gives a name for it.</summary>
internal sealed partial class PushedRequestEndpoint(
    ClientAuthentication clients, AuthorizeValidator validator, PushedRequests pushed, DpopProofs proofs, PushThrottle throttle, OAuthEvents events, ILogger<PushedRequestEndpoint> logger)
{
    // What a row may hold: more than any request has that stands.
    private const int LongestQuery = 16 * 1024;
    private static readonly string[] Credentials = ["client_secret", "client_assertion", "client_assertion_type"];

    public async Task<IResult> HandleAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (await OAuthParameters.OfFormAsync(context.Request, cancellationToken) is not { } form)
        {
            return Refuse(context, OAuthRefusal.InvalidRequest("the body is no application/x-www-form-urlencoded form"));
        }

        if (await clients.AuthenticateAsync(context.Request, form, cancellationToken) is not ClientResult.Known { Client: var client } known)
        {
            var refused = OAuthRefusal.InvalidClient("client authentication failed") with { IsBasicChallenge = context.Request.Headers.Authorization.Count > 0 };
            return Refuse(context, refused, StatusCodes.Status401Unauthorized);
        }

        Cors.Allow(context, client);
        if (client.Provider.ClientType == ClientType.Public && throttle.Begin(Guess.NetworkOf(ClientAddress.Of(context))) is { } wait)
        {
            context.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            return Refuse(context, new OAuthRefusal(OAuthError.SlowDown, "Too many requests from this address.", "throttled"), StatusCodes.Status429TooManyRequests);
        }

        if (form.Has("request_uri"))
        {
            return Refuse(context, OAuthRefusal.InvalidRequest("a pushed request holds no request_uri (RFC 9126 §2.1)"));
        }

        var (query, fault) = await QueryAsync(context, form, client, cancellationToken);
        if (query is null)
        {
            return Refuse(context, fault!); // one of the two
        }

        switch (validator.CheckPushed(known.Client, OAuthParameters.OfQuery(query), query))
        {
            case AuthorizeCheck.Refused { Reply: { Error: { } error, Description: { } description } }:
                return Refuse(context, new OAuthRefusal(error, description, description));
            case AuthorizeCheck.BadRedirectUri bad:
                events.BadRedirectUri(client, bad.Offered, bad.Reason, context);
                return Refuse(context, OAuthRefusal.InvalidRequest($"the redirect_uri can't be used: {bad.Reason}"));
            case AuthorizeCheck.Stands:
                var uri = await pushed.AddAsync(client, query, cancellationToken);
                return new JsonAnswer(StatusCodes.Status201Created, new JsonObject { ["request_uri"] = uri, ["expires_in"] = (long)PushedRequests.Life.TotalSeconds });
            default:
                throw new UnreachableException();
        }
    }

    // The form without credentials, as the query it would have been. A proof binds the code to its key (RFC 9449 §10.1).
    private async Task<(string? Query, OAuthRefusal? Refusal)> QueryAsync(HttpContext context, OAuthParameters form, Client client, CancellationToken cancellationToken)
    {
        var posted = new QueryBuilder(context.Request.Form
            .Where(f => !Credentials.Contains(f.Key) && f.Key != "client_id" && f.Key is not (RoundMarkers.Login or RoundMarkers.Consent or RoundMarkers.Account or AuthorizeQuery.Declined))
            .SelectMany(f => f.Value, (f, value) => KeyValuePair.Create(f.Key, value ?? "")))
        {
            { "client_id", client.Provider.ClientId },
        };
        switch (await proofs.CheckAsync(context.Request, accessToken: null, cancellationToken))
        {
            case DpopResult.Refused refused:
                return (null, OAuthRefusal.InvalidProof(refused.Reason));
            case DpopResult.Proved proved when form["dpop_jkt"] is { } named && named != proved.Thumbprint:
                return (null, OAuthRefusal.InvalidProof("dpop_jkt names another key than the proof"));
            case DpopResult.Proved proved when !form.Has("dpop_jkt"):
                posted.Add("dpop_jkt", proved.Thumbprint);
                break;
        }

        var query = posted.ToString().TrimStart('?');
        return query.Length > LongestQuery ? (null, OAuthRefusal.InvalidRequest("the request is too long")) : (query, null);
    }

    private JsonAnswer Refuse(HttpContext context, OAuthRefusal refusal, int status = StatusCodes.Status400BadRequest)
    {
        LogRefused(refusal.Code, refusal.Reason);
        return JsonAnswer.Refused(context, refusal, status);
    }

    [LoggerMessage(EventId = 2126, Level = LogLevel.Information, Message = "Pushed authorization request refused: {Code} ({Reason})")]
    private partial void LogRefused(string code, string reason);
}
