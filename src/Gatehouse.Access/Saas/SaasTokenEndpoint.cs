using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Access.Agents;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.SignIn;
using Gatehouse.Access.SignIn.Evaluation;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.Saas;

/// <summary>
/// POST <c>/cdn-cgi/access/sso/oidc/{client_id}/token</c>. Codes and refresh tokens are good once; one that comes twice, or to the wrong client, ends
/// the session it stands for.
/// </summary>
internal sealed partial class SaasTokenEndpoint(
    ISnapshot<AccessTable> tables, SaasStates grants, OrgSessions orgSessions, IAccessSessions sessions, SaasTokens tokens, ExternalEvaluations evaluations, Places places,
    TimeProvider clock, ILogger<SaasTokenEndpoint> logger)
{
    /// <summary>Trades a code or a refresh token for tokens.</summary>
    public async Task<IResult> HandleAsync(HttpContext context, string clientId)
    {
        SecurityHeaders.NoStore(context.Response);
        var table = tables.Current;
        if (SsoPaths.OidcApp(table, clientId) is not { } app)
        {
            return AgentAnswers.Error(StatusCodes.Status404NotFound, "invalid_client", "there is no such client");
        }

        SaasCors.Allow(context, app);
        if (await PostedForm.ReadAsync(context.Request, context.RequestAborted) is not { } form || form.Any(f => f.Value.Count > 1))
        {
            return AgentAnswers.Error(StatusCodes.Status400BadRequest, "invalid_request", "the body must be a form, with no field twice");
        }

        var proof = SaasClients.Check(app, context.Request, form, clock.GetUtcNow());
        if (proof == SaasClientProof.Wrong)
        {
            LogRefused(app.App.Name, "the client is not the one of this endpoint, or its secret is another");
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"Access\"";
            return AgentAnswers.Error(StatusCodes.Status401Unauthorized, "invalid_client", "the client is not the one of this endpoint, or its secret is another");
        }

        var client = app.App.Saas!.Oidc!; // as found
        return form["grant_type"].ToString() switch
        {
            "authorization_code" => await RedeemAsync(context, table, app, grants.OpenCode(form["code"].ToString()), proof, g => CodeFault(g, form, proof)),
            "refresh_token" when !client.May(SaasGrant.RefreshTokens) => AgentAnswers.Error(StatusCodes.Status400BadRequest, "unauthorized_client", "the application does not have refresh_tokens switched on"),
            "refresh_token" => await RenewAsync(context, table, app, grants.OpenRefresh(form["refresh_token"].ToString()), form["scope"].ToString(), proof),
            _ => AgentAnswers.Error(StatusCodes.Status400BadRequest, "unsupported_grant_type", "grant_type is authorization_code or refresh_token"),
        };
    }

    // RFC 7636 §4.6. A proof for a code that was asked for without one is a downgrade on the way (RFC 9700 §2.1.1).
    private static string? CodeFault(SaasGrantState code, IFormCollection form, SaasClientProof proof)
    {
        var verifier = form["code_verifier"].ToString();
        return code.RedirectUri != form["redirect_uri"].ToString() ? "redirect_uri is not the one that the code was sent to"
            : code.Challenge is null ? verifier.Length > 0 ? "the code was asked for without PKCE" : proof == SaasClientProof.None ? "without the client's secret the code must come with PKCE" : null
            : verifier.Length is < 43 or > 128 || !CryptographicOperations.FixedTimeEquals(
                Encoding.UTF8.GetBytes(Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(verifier)))), Encoding.UTF8.GetBytes(code.Challenge)) ? "code_verifier is missing or another"
            : null;
    }

    private Task<IResult> RenewAsync(HttpContext context, AccessTable table, AppEntry app, SaasGrantState? grant, string scope, SaasClientProof proof)
    {
        var asked = scope.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (grant is not null && asked.Except(grant.Scopes).Any())
        {
            return Task.FromResult(AgentAnswers.Error(StatusCodes.Status400BadRequest, "invalid_scope", "scope holds more than was granted")); // nothing is used up
        }

        return RedeemAsync(context, table, app, grant, proof, g => proof == SaasClientProof.None && !g.WasProved ? "this refresh token asks for the client's secret" : null, asked);
    }

    private async Task<IResult> RedeemAsync(HttpContext context, AccessTable table, AppEntry app, SaasGrantState? grant, SaasClientProof proof, Func<SaasGrantState, string?> faultOf, string[]? scopes = null)
    {
        if (grant is null)
        {
            return Invalid(app, "it is not one of Access's, or its time is over");
        }

        var isFirst = await sessions.TryBurnAsync(grant.Id, grant.ExpiresAt, context.RequestAborted);
        var fault = !isFirst ? "it was used already, so what came of it has ended"
            : grant.Aud != app.App.Aud ? "it is another client's"
            : grant.Epoch != app.App.TokenEpoch ? "all tokens of the application were ended"
            : faultOf(grant);
        if (fault is not null)
        {
            await sessions.RevokeAsync(grant.SessionNonce, context.RequestAborted);
            return Invalid(app, fault);
        }

        if (await orgSessions.FindLiveAsync(grant.SessionNonce, context.RequestAborted) is not { } session || !app.Takes(session.LoginMethodId))
        {
            return Invalid(app, "the session behind it has ended");
        }

        // Asked each time: the policies, or the groups of the person, may be others by now.
        await evaluations.RefreshAsync(context, table, app, session);
        var now = clock.GetUtcNow();
        var isRenewal = grant.RedirectUri.Length == 0;
        var visitor = places.Visitor(app, AddressOf(context, session, proof), SessionIdentity.Of(session));
        if (SignInDecision.Judge(app, visitor) is not Ruling.Admitted admitted || (isRenewal && admitted.Duration == TimeSpan.Zero)
            || admitted.By.OpenUntil(app.App.Id, visitor.Identity!, now) is not { } open) // a person was admitted
        {
            return Invalid(app, "the policies admit its person no more");
        }

        return SaasIdentity.MissingOf(app, visitor.Identity!) is not null ? Invalid(app, "a claim that the application requires is missing") : Issue(table, app, session, grant, open - now, scopes is [_, ..] ? scopes : null);
    }

    // A client with a secret is a server somewhere: rules about addresses are about the person's, where they signed in.
    private static IPAddress AddressOf(HttpContext context, AccessSession session, SaasClientProof proof) =>
        proof == SaasClientProof.None ? ClientAddress.Of(context) : IPAddress.TryParse(session.Address, out var address) ? address : IPAddress.None;

    private IResult Issue(AccessTable table, AppEntry app, AccessSession session, SaasGrantState grant, TimeSpan open, string[]? narrowed)
    {
        var client = app.App.Saas!.Oidc!; // as found
        var left = session.ExpiresAt - clock.GetUtcNow();
        var life = TimeSpan.FromTicks(Math.Min(client.AccessTokenLifetime.Ticks, Math.Min(left.Ticks, open.Ticks)));
        var scopes = narrowed ?? [.. grant.Scopes];
        var access = tokens.Access(table, app, session, scopes, life);
        var answer = new JsonObject
        {
            ["access_token"] = access,
            ["token_type"] = "Bearer",
            ["expires_in"] = (long)life.TotalSeconds,
            ["scope"] = string.Join(' ', scopes),
        };
        if (scopes.Contains("openid"))
        {
            answer["id_token"] = tokens.Id(table, app, session, grant, scopes, null, access);
        }

        if (client.May(SaasGrant.RefreshTokens))
        {
            answer["refresh_token"] = grants.SealRefresh(new SaasGrantState
            {
                Id = SaasStates.NewId(),
                Aud = grant.Aud,
                Epoch = grant.Epoch,
                SessionNonce = grant.SessionNonce,
                Scopes = grant.Scopes,
                SignedInAt = grant.SignedInAt,
                WasProved = grant.WasProved,
                ExpiresAt = session.ExpiresAt,
            });
        }

        return Results.Text(answer.ToJsonString(), "application/json");
    }

    private IResult Invalid(AppEntry app, string why)
    {
        LogRefused(app.App.Name, why);
        return AgentAnswers.Error(StatusCodes.Status400BadRequest, "invalid_grant", why);
    }

    [LoggerMessage(EventId = 3311, Level = LogLevel.Information, Message = "Token request of SaaS application '{Name}' refused: {Reason}")]
    private partial void LogRefused(string name, string reason);
}
