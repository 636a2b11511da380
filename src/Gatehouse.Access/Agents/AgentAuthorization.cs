using Gatehouse.Access.Gateway;
using Gatehouse.Access.Pages;
using Gatehouse.Access.SignIn;
using Gatehouse.Access.SignIn.Evaluation;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Agents;

/// <summary>The part of Managed OAuth that a person sees: a program asks, they sign in where they have to, and say yes or no (contract 1.14). Our own command line goes the same way.</summary>
internal sealed class AgentAuthorization(
    ISnapshot<AccessTable> tables, AgentStates states, OrgSessions orgSessions, IAccessSessions sessions, SignInDecision admission, ExternalEvaluations evaluations, Places places, DenialPage denial,
    PublicUrls urls, TimeProvider clock)
{
    /// <summary>On an app host: the way back from signing in.</summary>
    public const string ReturnPath = "/cdn-cgi/access/oauth/return";

    private const string RequestParameter = "request";
    private const int LongestState = 1024;
    private static readonly TimeSpan CodeLife = TimeSpan.FromSeconds(60);

    /// <summary>GET <c>/cdn-cgi/access/oauth/authorization</c> on the team domain.</summary>
    public IResult Begin(HttpContext context)
    {
        SecurityHeaders.NoStore(context.Response);
        var table = tables.Current;
        var query = context.Request.Query;
        if (query.Any(p => p.Value.Count > 1) || query["client_id"] is not [{ } id] || states.OpenClient(id) is not { } client
            || query["redirect_uri"] is not [{ } redirect] || !client.RedirectUris.Contains(redirect, StringComparer.Ordinal)
            || !table.AppsByAud.Values.Any(a => a.App.Agents is { } rules && AgentRedirects.Takes(rules, redirect)))
        {
            return SignInPages.BadLink(table); // never to an address that nobody registered
        }

        var state = query["state"].ToString();
        if (state.Length > LongestState || query["response_type"] is not ["code"])
        {
            return Refuse(redirect, "", state.Length > LongestState ? "invalid_request" : "unsupported_response_type");
        }

        if (query["code_challenge_method"] is not ["S256"] || query["code_challenge"] is not [{ Length: 43 } challenge] || !System.Buffers.Text.Base64Url.IsValid(challenge))
        {
            return Refuse(redirect, state, "invalid_request");
        }

        return AppOf(table, query["resource"].ToString()) is not var (app, host) || !Takes(app, client, redirect)
            ? Refuse(redirect, state, "invalid_target")
            : Ask(new AgentRequest
            {
                Aud = app.App.Aud,
                Host = host,
                ClientName = client.Name,
                ClientHash = AgentStates.HashOf(id),
                RedirectUri = redirect,
                State = state.Length == 0 ? null : state,
                Challenge = challenge,
                ExpiresAt = clock.GetUtcNow() + AgentRequest.Life,
            });
    }

    /// <summary>302 to the question on the team domain.</summary>
    public IResult Ask(AgentRequest request) => Results.Redirect($"{urls.Access}/cdn-cgi/access/oauth/consent?{RequestParameter}={states.SealRequest(request)}");

    /// <summary>GET of the way back: the person has signed in at the app, so the team domain knows them by now.</summary>
    public IResult Return(HttpContext context, AccessTable table, string host) =>
        context.Request.Query[RequestParameter] is [{ } text] && states.OpenRequest(text) is { } request && request.Host == host ? Ask(request) : SignInPages.BadLink(table);

    /// <summary>The app that a person signs in for who is to be asked about a program there; null when the way back is not of our making.</summary>
    public AppEntry? AppOfReturn(string returnTo, AccessTable table, string host) =>
        returnTo.IndexOf('=', StringComparison.Ordinal) is > 0 and var at && states.OpenRequest(returnTo[(at + 1)..]) is { } request && request.Host == host ? Find(table, request) : null;

    /// <summary>GET <c>/cdn-cgi/access/oauth/consent</c>: whose name it is to be, and the question.</summary>
    public async Task<IResult> ShowAsync(HttpContext context)
    {
        SecurityHeaders.NoStore(context.Response);
        var table = tables.Current;
        if (context.Request.Query[RequestParameter] is not [{ } text] || states.OpenRequest(text) is not { } request || Find(table, request) is not { } app)
        {
            return SignInPages.BadLink(table);
        }

        if (await orgSessions.FindAsync(context, table) is not { } session || !app.Takes(session.LoginMethodId))
        {
            return Results.Redirect(AppLogin.Url(urls, request.Host, $"{ReturnPath}?{RequestParameter}={text}", switchPerson: false));
        }

        if (await JudgeAsync(context, table, app, session, request) is { } refusal)
        {
            return refusal;
        }

        var asked = request.Asking(session.Nonce);
        return request.ClientHash.Length == 0 && app.App.SkipInterstitial && request.RedirectUri.Length > 0
            ? await GrantAsync(context, table, app, session, asked)
            : new PageResult<ConsentPage>(
                new Dictionary<string, object?>
                {
                    [nameof(ConsentPage.ClientName)] = request.ClientName,
                    [nameof(ConsentPage.AppName)] = app.App.Name,
                    [nameof(ConsentPage.AppHost)] = request.Host,
                    [nameof(ConsentPage.Email)] = session.Email,
                    [nameof(ConsentPage.Target)] = request.RedirectUri.Length == 0 ? "a code that you copy" : new Uri(request.RedirectUri).Authority,
                    [nameof(ConsentPage.Ticket)] = states.SealTicket(asked),
                    [nameof(ConsentPage.Brand)] = table.Organization.Name,
                },
                StatusCodes.Status200OK)
            {
                // Browsers hold the redirect that follows a form to this as well.
                FormTargets = request.RedirectUri.Length == 0 ? null : new Uri(request.RedirectUri).GetLeftPart(UriPartial.Authority),
            };
    }

    /// <summary>POST of the answer.</summary>
    public async Task<IResult> AnswerAsync(HttpContext context)
    {
        SecurityHeaders.NoStore(context.Response);
        var table = tables.Current;
        var form = await PostedForm.ReadAsync(context.Request, context.RequestAborted);
        if (!SameSite.IsOwn(context.Request, urls) || form?["ticket"] is not [{ } text] || states.OpenTicket(text) is not { } asked || Find(table, asked) is not { } app)
        {
            return SignInPages.BadLink(table);
        }

        // The very person who was asked, and nobody who has signed in since.
        if (await orgSessions.FindAsync(context, table) is not { } session || session.Nonce != asked.SessionNonce)
        {
            return SignInPages.Invalid(table, "session", "You are signed in as somebody else by now, or no more. Start again where you began.", null);
        }

        if (form["answer"] is not ["yes"])
        {
            return asked.RedirectUri.Length == 0 ? Page.Message(StatusCodes.Status200OK, "Refused", "The program gets nothing.", brand: table.Organization.Name) : Refuse(asked.RedirectUri, asked.State ?? "", "access_denied");
        }

        return await JudgeAsync(context, table, app, session, asked) ?? await GrantAsync(context, table, app, session, asked);
    }

    // Registering is the team domain's and asks for no app: one that takes no new clients must not get them by way of another that does.
    private static bool Takes(AppEntry app, AgentClient client, string redirect) =>
        app.App.Agents is { } rules && AgentRedirects.Takes(rules, redirect) && (rules.RegistrationEnabled || PackedApps.Has(client.Apps, app.App.Aud));

    private static AppEntry? Find(AccessTable table, AgentRequest request) =>
        table.AppsByAud.TryGetValue(request.Aud, out var app) && AppHosts.Serves(table, app, request.Host) && (request.ClientHash.Length == 0 || app.App.Agents is not null) ? app : null;

    // The app that a client names by its URL (RFC 8707). Such an app has no path, so the host alone tells.
    private static (AppEntry App, string Host)? AppOf(AccessTable table, string resource) =>
        System.Text.Ascii.IsValid(resource) && Uri.TryCreate(resource, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.UserInfo.Length == 0
        && RequestPath.TryParse("/", out var path, out _)
        && table.Apps.Find(uri.IdnHost, path, out var app) == AppMatch.One && app?.App.Agents is not null && AppHosts.Serves(table, app, uri.IdnHost)
            ? (app, uri.IdnHost)
            : null;

    // Null when they are admitted. An app that asks for a sign-in each time has nothing to give that lasts.
    private async Task<IResult?> JudgeAsync(HttpContext context, AccessTable table, AppEntry app, AccessSession session, AgentRequest request)
    {
        await evaluations.RefreshAsync(context, table, app, session);
        var visitor = places.Visitor(app, ClientAddress.Of(context), SessionIdentity.Of(session));
        var ruling = SignInDecision.Judge(app, visitor);
        if (ruling is Ruling.Admitted { Duration.Ticks: > 0, By: { } by })
        {
            // What the policy asks for besides its rules is asked for where people sign in.
            var now = clock.GetUtcNow();
            return by.OpenUntil(app.App.Id, visitor.Identity!, now) is not null && !by.AsksFactor(app.App.Id, visitor.Identity!, request.BegunAt, now) // a person was admitted
                ? null
                : Results.Redirect(AppLogin.Url(urls, request.Host, $"{ReturnPath}?{RequestParameter}={states.SealRequest(request)}", switchPerson: false));
        }

        var id = await admission.RecordLoginAsync(context, app, visitor, request.Host, "/");
        return ruling is Ruling.Admitted
            ? Page.Message(StatusCodes.Status403Forbidden, "Not for programs", $"{app.App.Name} asks for a sign-in with each visit, which a program can't do for you.", brand: table.Organization.Name)
            : denial.ForLogin(table, app, visitor, request.Host, "/", id);
    }

    // A session of its own: ending it, or using its code twice, ends nothing else of the person's. But it ends with the session it was granted in.
    private async Task<IResult> GrantAsync(HttpContext context, AccessTable table, AppEntry app, AccessSession session, AgentRequest asked)
    {
        var visitor = places.Visitor(app, ClientAddress.Of(context), SessionIdentity.Of(session));
        await admission.RecordLoginAsync(context, app, visitor, asked.Host, "/");
        var admitted = (Ruling.Admitted)SignInDecision.Judge(app, visitor); // as judged just now, under the same table
        var made = await sessions.StartUnderAsync(
            session.Nonce,
            SessionIdentity.Anew(session, ClientAddress.Of(context), asked.ClientHash.Length > 0 && app.App.Agents?.SessionDuration is { } own ? own : admitted.Duration, SessionDuration.Longest(table)),
            context.RequestAborted);
        if (made is null)
        {
            return SignInPages.Invalid(table, "session", "Your session has ended meanwhile. Start again where you began.", null);
        }

        var code = states.SealCode(new AgentGrant
        {
            Id = AgentStates.NewId(),
            SessionNonce = made.Nonce,
            Aud = asked.Aud,
            Host = asked.Host,
            ClientHash = asked.ClientHash,
            Epoch = app.App.TokenEpoch,
            RedirectUri = asked.RedirectUri,
            Challenge = asked.Challenge,
            ExpiresAt = clock.GetUtcNow() + CodeLife,
        });
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        return asked.RedirectUri.Length > 0
            ? Results.Redirect(With(asked.RedirectUri, $"code={code}", asked.State))
            : Page.Message(StatusCodes.Status200OK, "Copy this code", "Paste it where the program asks for it, within a minute. Give it to nobody.", [new("Code", code)], brand: table.Organization.Name);
    }

    private IResult Refuse(string redirect, string state, string code) => Results.Redirect(With(redirect, $"error={code}", state.Length == 0 ? null : state));

    // With the issuer, so that a client of several servers can tell whose answer it is (RFC 9207).
    private string With(string redirect, string answer, string? state) =>
        $"{redirect}{(redirect.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{answer}{(state is null ? "" : "&state=" + Uri.EscapeDataString(state))}&iss={Uri.EscapeDataString(urls.Access)}";
}
