using System.Globalization;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.SignIn;
using Gatehouse.Access.SignIn.Approvals;
using Gatehouse.Access.SignIn.Evaluation;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.Saas;

/// <summary>
/// GET and POST <c>/cdn-cgi/access/sso/oidc/{client_id}/authorization</c>: a person comes from a SaaS application to sign in. The application's
/// policies are asked each time.
/// </summary>
internal sealed partial class SaasAuthorization(
    ISnapshot<AccessTable> tables, OrgSessions orgSessions, IAccessSessions sessions, SealedStates states, SignInDecision admission, ExternalEvaluations evaluations, Places places,
    DenialPage denial, SaasStates grants, SaasTokens tokens, PublicUrls urls, TimeProvider clock, ILogger<SaasAuthorization> logger)
{
    private static readonly TimeSpan CodeLife = TimeSpan.FromSeconds(60);

    /// <summary>POST: the same question in a form. It is asked again in a query, so that a sign-in can come back to it.</summary>
    public async Task<IResult> PostAsync(HttpContext context, string clientId)
    {
        SecurityHeaders.NoStore(context.Response);
        if (SsoPaths.OidcApp(tables.Current, clientId) is null || await PostedForm.ReadAsync(context.Request, context.RequestAborted) is not { } form)
        {
            return SignInPages.BadLink(tables.Current);
        }

        var pairs = form.SelectMany(f => f.Value.Select(v => $"{Uri.EscapeDataString(f.Key)}={Uri.EscapeDataString(v ?? "")}"));
        context.Response.Headers.Location = $"{SsoPaths.IssuerOf(urls, clientId)}/authorization?{string.Join('&', pairs)}";
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }

    /// <summary>GET: a code or tokens, an error for the client, or the sign-in that is missing.</summary>
    public async Task<IResult> HandleAsync(HttpContext context, string clientId)
    {
        SecurityHeaders.NoStore(context.Response);
        var table = tables.Current;
        if (SsoPaths.OidcApp(table, clientId) is not { } app)
        {
            return SignInPages.NoApp(table);
        }

        var (target, ticket) = HandOff.Split(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        var query = ticket is null ? context.Request.Query : new QueryCollection(context.Request.Query.Where(p => p.Key != HandOff.EntryParameter).ToDictionary());
        if (SaasRequest.Read(app, query) is not { } read)
        {
            LogRefused(app.App.Name, "client_id or redirect_uri is not as registered, or a parameter came twice");
            return SignInPages.BadLink(table); // never to an address that nobody registered
        }

        if (read.Error is { } error)
        {
            return Refuse(read.Request, error);
        }

        if (SsoPaths.AppOf(table, target) != app)
        {
            return Refuse(read.Request, new SaasError("invalid_request", "the request is longer than 2048 characters"));
        }

        return await DecideAsync(context, table, read.Request, target, ticket);
    }

    private async Task<IResult> DecideAsync(HttpContext context, AccessTable table, SaasRequest request, string target, string? ticket)
    {
        var app = request.App;
        var session = await orgSessions.FindAsync(context, table);
        var entry = session is null ? null : await EnterAsync(app, session, target, ticket, context.RequestAborted);
        if (session is null || !app.Takes(session.LoginMethodId))
        {
            return ToLogin(request, target, anew: request.MustSignIn || request.MaxAge is not null, "login_required");
        }

        await evaluations.RefreshAsync(context, table, app, session);
        var visitor = places.Visitor(app, ClientAddress.Of(context), SessionIdentity.Of(session));
        if (SignInDecision.Judge(app, visitor) is not Ruling.Admitted admitted)
        {
            var id = await admission.RecordLoginAsync(context, app, visitor, urls.AccessHost, target);
            return request.IsSilent
                ? Refuse(request, new SaasError("access_denied", $"the policies do not admit this account ({id})"))
                : denial.ForLogin(table, app, visitor, urls.AccessHost, target, id);
        }

        if (!IsFreshEnough(request, session, admitted, entry))
        {
            return entry?.Proof == SignInProof.Answered ? Stale(context, table, request, session, target) : ToLogin(request, target, anew: true, "login_required");
        }

        // A purpose or an approval that is missing is asked for where people sign in.
        if (admitted.By.OpenUntil(app.App.Id, visitor.Identity!) is not { } open || open <= clock.GetUtcNow()) // a person was admitted
        {
            return ToLogin(request, target, anew: false, "interaction_required");
        }

        // On the way here from a sign-in it was kept already.
        if (entry is null)
        {
            await admission.RecordLoginAsync(context, app, visitor, urls.AccessHost, target);
        }

        return SaasIdentity.MissingOf(app, session) is { } missing
            ? Refuse(request, new SaasError("access_denied", $"the login method gave no value for the required claim {missing}"))
            : await GrantAsync(context, table, request, session, open);
    }

    // Whether the session is as young as the client, or the application, wants it.
    private bool IsFreshEnough(SaasRequest request, AccessSession session, Ruling.Admitted admitted, HandOffState? entry)
    {
        var age = clock.GetUtcNow() - session.SignedInAt;
        return entry?.Proof == SignInProof.Anew
            || (!request.MustSignIn && admitted.Duration > TimeSpan.Zero && (request.MaxAge is not { } most || age <= most));
    }

    // The login method was asked already, and would answer the same again, and so for ever.
    private IResult Stale(HttpContext context, AccessTable table, SaasRequest request, AccessSession session, string target)
    {
        var failure = SignInFailure.Stale(table, session.LoginMethodId, session.AuthenticatedAt);
        LogRefused(request.App.App.Name, $"{failure.Code}: {failure.Reason}");
        return SignInPages.Failed(table, failure, RayId.Of(context), LoginEndpoint.UrlOf(urls, request.App, target, anew: true));
    }

    // What the sign-in that led here says of it; null when none did. It counts once, for this very question and this session.
    private async Task<HandOffState?> EnterAsync(AppEntry app, AccessSession session, string target, string? ticket, CancellationToken cancellationToken) =>
        ticket is not null && states.OpenHandOff(ticket) is { } entry && entry.Aud == app.App.Aud && entry.Host == urls.AccessHost && entry.ReturnTo == target
        && entry.SessionNonce == session.Nonce && await sessions.TryBurnAsync(entry.Id, entry.ExpiresAt, cancellationToken)
            ? entry
            : null;

    private IResult ToLogin(SaasRequest request, string target, bool anew, string silent) => request.IsSilent
        ? Refuse(request, new SaasError(silent, "nobody may be asked, and somebody would have to be"))
        : Results.Redirect(LoginEndpoint.UrlOf(urls, request.App, target, anew));

    // A session of its own, which ends with the person's: a code that comes twice ends nothing else.
    private async Task<IResult> GrantAsync(HttpContext context, AccessTable table, SaasRequest request, AccessSession session, DateTimeOffset open)
    {
        var client = request.App.App.Saas!.Oidc!; // as found
        var now = clock.GetUtcNow();
        if ((request.WantsCode || request.WantsToken ? await StartAsync(context, client, session) : session) is not { } own)
        {
            return Refuse(request, new SaasError("login_required", "the session ended meanwhile"));
        }

        var grant = new SaasGrantState
        {
            Id = SaasStates.NewId(),
            Aud = request.App.App.Aud,
            Epoch = request.App.App.TokenEpoch,
            SessionNonce = own.Nonce,
            Scopes = [.. request.Scopes],
            SignedInAt = session.SignedInAt,
            RedirectUri = request.RedirectUri,
            Challenge = request.Challenge,
            WasProved = request.Challenge is not null,
            Nonce = request.Nonce,
            ExpiresAt = now + CodeLife,
        };
        var answer = new List<(string, string)>();
        var code = request.WantsCode ? grants.SealCode(grant) : null;

        // What nobody can renew or end apart from the person's session lives no longer than that.
        var life = new[] { client.AccessTokenLifetime, own.ExpiresAt - now, session.ExpiresAt - now, open - now }.Min();
        var access = request.WantsToken ? tokens.Access(table, request.App, own, request.Scopes, life) : null;
        if (code is not null)
        {
            answer.Add(("code", code));
        }

        if (access is not null)
        {
            answer.AddRange([("access_token", access), ("token_type", "Bearer"), ("expires_in", ((long)life.TotalSeconds).ToString(CultureInfo.InvariantCulture)), ("scope", string.Join(' ', request.Scopes))]);
        }

        if (request.WantsIdToken)
        {
            answer.Add(("id_token", tokens.Id(table, request.App, own, grant, request.Scopes, code, access)));
        }

        return Answer(context, request, answer);
    }

    private Task<AccessSession?> StartAsync(HttpContext context, SaasOidc client, AccessSession session) => sessions.StartUnderAsync(
        session.Nonce,
        SessionIdentity.Anew(session, ClientAddress.Of(context), client.May(SaasGrant.RefreshTokens) ? client.RenewableFor : client.AccessTokenLifetime + CodeLife, client.AccessTokenLifetime),
        context.RequestAborted);

    private IResult Refuse(SaasRequest request, SaasError error)
    {
        var reason = $"{error.Code}: {error.Text}";
        LogRefused(request.App.App.Name, reason);
        return Answer(null, request, [("error", error.Code), ("error_description", error.Text)]);
    }

    // With the issuer, so that a client of several servers can tell whose answer it is (RFC 9207).
    private IResult Answer(HttpContext? context, SaasRequest request, List<(string Name, string Value)> answer)
    {
        if (request.State is { } state)
        {
            answer.Add(("state", state));
        }

        answer.Add(("iss", SsoPaths.IssuerOf(urls, request.App.App.SsoId!))); // a SaaS application has one
        var text = string.Join('&', answer.Select(a => $"{a.Name}={Uri.EscapeDataString(a.Value)}"));
        context?.Response.Headers.Append("Referrer-Policy", "no-referrer");
        return Results.Redirect(request.RedirectUri + (request.InFragment ? '#' : request.RedirectUri.Contains('?', StringComparison.Ordinal) ? '&' : '?') + text);
    }

    [LoggerMessage(EventId = 3310, Level = LogLevel.Information, Message = "Sign-in for SaaS application '{Name}' refused: {Reason}")]
    private partial void LogRefused(string name, string reason);
}
