using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.SignIn;
using Gatehouse.Access.SignIn.Evaluation;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.Agents;

/// <summary>
/// POST <c>/cdn-cgi/access/oauth/token</c> and <c>/revoke</c>. An access token is an app token in another dress: the gateway checks it in memory, as it
/// checks cookies. Codes and refresh tokens are good once; one that comes twice ends the session it stands for.
/// </summary>
internal sealed partial class AgentTokens(
    ISnapshot<AccessTable> tables, AgentStates states, OrgSessions orgSessions, IAccessSessions sessions, TokenIssuer issuer, TokenVerifier verifier,
    ExternalEvaluations evaluations, Places places, PublicUrls urls, TimeProvider clock, ILogger<AgentTokens> logger)
{
    /// <summary>The client id of our own command line, which is nobody's to register.</summary>
    public const string OwnClient = "gatehouse-cli";

    /// <summary>Trades a code or a refresh token for an access token.</summary>
    public async Task<IResult> TokenAsync(HttpContext context)
    {
        SecurityHeaders.NoStore(context.Response);
        if (await PostedForm.ReadAsync(context.Request, context.RequestAborted) is not { } form || form.Any(f => f.Value.Count > 1))
        {
            return AgentAnswers.Error(StatusCodes.Status400BadRequest, "invalid_request", "the body must be a form, with no field twice");
        }

        if (ClientOf(context.Request, form) is not { } client)
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"Access\"";
            return AgentAnswers.Error(StatusCodes.Status401Unauthorized, "invalid_client", "the client is not known, or its secret is another");
        }

        var grant = form["grant_type"].ToString() switch
        {
            "authorization_code" => OpenCode(form, client),
            "refresh_token" when client.Length > 0 => states.OpenRefresh(form["refresh_token"].ToString()) is { } refresh && refresh.ClientHash == client ? refresh : null,
            "refresh_token" => null,
            _ => new AgentGrant { Id = "", SessionNonce = "", Aud = "", Host = "", ClientHash = "", Epoch = 0, ExpiresAt = default },
        };
        return grant is null ? Invalid("it is not one of this client's, or its time is over")
            : grant.Id.Length == 0 ? AgentAnswers.Error(StatusCodes.Status400BadRequest, "unsupported_grant_type", "grant_type is authorization_code or refresh_token")
            : await RedeemAsync(context, grant);
    }

    /// <summary>Ends what a token stands for (RFC 7009): a program gives back what it was granted. Whatever it is that came, the answer is 200.</summary>
    public async Task<IResult> RevokeAsync(HttpContext context)
    {
        SecurityHeaders.NoStore(context.Response);
        if (await PostedForm.ReadAsync(context.Request, context.RequestAborted) is not { } form || form["token"] is not [{ Length: > 0 } token])
        {
            return AgentAnswers.Error(StatusCodes.Status400BadRequest, "invalid_request", "the body must be a form with one token");
        }

        if (ClientOf(context.Request, form) is not { } client)
        {
            return AgentAnswers.Error(StatusCodes.Status401Unauthorized, "invalid_client", "the client is not known, or its secret is another");
        }

        var nonce = states.OpenRefresh(token) is { } grant && grant.ClientHash == client ? grant.SessionNonce
            : token.StartsWith(AgentToken.Prefix, StringComparison.Ordinal) ? await GrantedAsync(token[AgentToken.Prefix.Length..], context.RequestAborted)
            : null;
        if (nonce is not null)
        {
            await sessions.RevokeAsync(nonce, context.RequestAborted);
        }

        return Results.Ok();
    }

    // Whoever is shown a person's own token, as origins are, ends nothing by it in this dress.
    private async Task<string?> GrantedAsync(string token, CancellationToken cancellationToken)
    {
        var table = tables.Current;
        return await verifier.VerifyAsync(token, table) is { IdentityNonce: { } nonce } facts && table.AppsByAud.TryGetValue(facts.Audience, out var app)
            && facts.IsEnough(app) && await orgSessions.FindKnownAsync(nonce, cancellationToken) is { ParentNonce: not null }
                ? nonce
                : null;
    }

    private AgentGrant? OpenCode(IFormCollection form, string client) =>
        states.OpenCode(form["code"].ToString()) is { } code && code.ClientHash == client && code.RedirectUri == form["redirect_uri"].ToString()
        && form["code_verifier"] is [{ Length: >= 43 and <= 128 } proof]
        && CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(proof)))), Encoding.UTF8.GetBytes(code.Challenge ?? ""))
            ? code
            : null;

    private async Task<IResult> RedeemAsync(HttpContext context, AgentGrant grant)
    {
        var table = tables.Current;
        if (!await sessions.TryBurnAsync(grant.Id, grant.ExpiresAt, context.RequestAborted))
        {
            LogTwice(grant.Host);
            await sessions.RevokeAsync(grant.SessionNonce, context.RequestAborted);
            return Invalid("it was used already, so what came of it has ended");
        }

        var isOwn = grant.ClientHash.Length == 0;
        if (!table.AppsByAud.TryGetValue(grant.Aud, out var app) || !AppHosts.Serves(table, app, grant.Host) || (!isOwn && app.App.Agents is null)
            || await orgSessions.FindLiveAsync(grant.SessionNonce, context.RequestAborted) is not { } session)
        {
            return Invalid("the session behind it has ended, or the application takes no programs any more");
        }

        if (grant.Epoch != app.App.TokenEpoch)
        {
            return Invalid("all tokens of the application were ended");
        }

        // Asked each time: the policies, or the groups of the person, may be others by now.
        await evaluations.RefreshAsync(context, table, app, session);
        var now = clock.GetUtcNow();
        var visitor = places.Visitor(app, ClientAddress.Of(context), SessionIdentity.Of(session));
        if (SignInDecision.Judge(app, visitor) is not Ruling.Admitted { Duration.Ticks: > 0 } admitted
            || admitted.By.OpenUntil(app.App.Id, visitor.Identity!, now) is not { } open) // a person was admitted
        {
            return Invalid("the policies admit its person no more");
        }

        var wanted = isOwn ? admitted.Duration : app.App.Agents!.AccessTokenLifetime; // others are there, as seen above
        return Issue(table, app, session, grant, open - now < wanted ? open - now : wanted, isOwn);
    }

    private IResult Issue(AccessTable table, AppEntry app, AccessSession session, AgentGrant grant, TimeSpan wanted, bool isOwn)
    {
        var left = session.ExpiresAt - clock.GetUtcNow();
        var life = left < wanted ? left : wanted;
        var token = issuer.IssueApp(table, app, grant.Host, session, life);
        var answer = new JsonObject
        {
            ["access_token"] = isOwn ? token : AgentToken.Prefix + token,
            ["token_type"] = "bearer",
            ["expires_in"] = (long)life.TotalSeconds,
            ["resource"] = urls.UrlOf(grant.Host) + "/",
        };
        if (!isOwn)
        {
            answer["refresh_token"] = states.SealRefresh(new AgentGrant
            {
                Id = AgentStates.NewId(),
                SessionNonce = grant.SessionNonce,
                Aud = grant.Aud,
                Host = grant.Host,
                ClientHash = grant.ClientHash,
                Epoch = grant.Epoch,
                ExpiresAt = session.ExpiresAt,
            });
        }

        return Results.Text(answer.ToJsonString(), "application/json");
    }

    // The hash of its id; empty for our own. Null when it is not who it says. A secret comes in one way only.
    private string? ClientOf(HttpRequest request, IFormCollection form)
    {
        var (id, secret) = (form["client_id"].ToString(), form["client_secret"] is [{ } posted] ? posted : null);
        if (request.Headers.Authorization is [{ } header])
        {
            if (secret is not null || BasicCredentials.Read(header) is not var (user, password) || (id.Length > 0 && id != user))
            {
                return null;
            }

            (id, secret) = (user, password);
        }

        if (id == OwnClient)
        {
            return secret is null ? "" : null;
        }

        return states.OpenClient(id) is { } client && Fits(client.SecretHash, secret) ? AgentStates.HashOf(id) : null;
    }

    private static bool Fits(string? hash, string? secret) => hash is null
        ? secret is null
        : secret is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(AgentStates.HashOf(secret)), Encoding.UTF8.GetBytes(hash));

    private static IResult Invalid(string why) => AgentAnswers.Error(StatusCodes.Status400BadRequest, "invalid_grant", why);

    [LoggerMessage(EventId = 3301, Level = LogLevel.Warning, Message = "A code or refresh token of a program for {Host} came a second time; its session was ended")]
    private partial void LogTwice(string host);
}
