using System.Diagnostics;
using System.Globalization;
using Gatehouse.Access.SignIn;
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
    ISnapshot<AccessTable> tables, SaasEntrance entrance, IAccessSessions sessions, SaasStates grants, SaasTokens tokens, PublicUrls urls, TimeProvider clock, ILogger<SaasAuthorization> logger)
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
        return SeeOther.To(context, $"{SsoPaths.IssuerOf(urls, clientId)}/authorization?{string.Join('&', pairs)}");
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
        var demand = new SaasDemand(request.App, target, ticket) { IsSilent = request.IsSilent, MustSignIn = request.MustSignIn, MaxAge = request.MaxAge };
        return await entrance.DecideAsync(context, table, demand) switch
        {
            SaasRuling.Shown shown => shown.Result,
            SaasRuling.Silent silent => Refuse(request, new SaasError(CodeOf(silent.Why), silent.Reason)),
            SaasRuling.Incomplete incomplete => Refuse(request, new SaasError("access_denied", $"the login method gave no value for the required claim {incomplete.Missing}")),
            SaasRuling.Open open => await GrantAsync(context, table, request, open),
            _ => throw new UnreachableException(),
        };
    }

    private static string CodeOf(SaasSilence silence) => silence switch
    {
        SaasSilence.SignIn => "login_required",
        SaasSilence.Question => "interaction_required",
        SaasSilence.Denied => "access_denied",
        _ => throw new UnreachableException(),
    };

    // A session of its own, which ends with the person's: a code that comes twice ends nothing else.
    private async Task<IResult> GrantAsync(HttpContext context, AccessTable table, SaasRequest request, SaasRuling.Open open)
    {
        var session = open.Session;
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
        var life = new[] { client.AccessTokenLifetime, own.ExpiresAt - now, open.Until - now }.Min();
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
