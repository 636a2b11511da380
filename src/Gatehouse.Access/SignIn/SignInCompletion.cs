using System.Net;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.SignIn.Approvals;
using Gatehouse.Access.SignIn.Evaluation;
using Gatehouse.Access.SignIn.Launcher;
using Gatehouse.Access.SignIn.Mfa;
using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn;

/// <summary>What follows when a login method has said who somebody is: the policies, the session, and on to the app.</summary>
internal sealed partial class SignInCompletion(
    OrgSessions orgSessions,
    IAccessSessions sessions,
    SignInDecision admission,
    HandOff handOff,
    ExternalEvaluations evaluations,
    Entrance entrance,
    Places places,
    LauncherTiles launcher,
    DenialPage denial,
    TokenIssuer issuer,
    PublicUrls urls,
    TimeProvider clock,
    ILogger<SignInCompletion> logger)
{
    /// <summary>Judges the person, and begins their session when they are admitted.</summary>
    public async Task<IResult> FinishAsync(HttpContext context, AccessTable table, AppEntry app, LoginState state, IdentityFacts facts)
    {
        var address = ClientAddress.Of(context);
        var passed = await evaluations.AskAsync(
            context, table, app, ExternalEvaluations.Identity(facts.Email, facts.Name, state.LoginMethodId, facts.Claims, facts.Amr, address.ToString()));
        var visitor = places.Visitor(app, address, new VisitorIdentity { Email = facts.Email, LoginMethodId = state.LoginMethodId, Claims = facts.Claims, Amr = facts.Amr, Passed = passed }) with { CommonName = state.CommonName };
        if (SignInDecision.Judge(app, visitor) is not Ruling.Admitted admitted)
        {
            return denial.ForLogin(table, app, visitor, state.Host, state.ReturnTo, await admission.RecordLoginAsync(context, app, visitor, state.Host, state.ReturnTo));
        }

        // Where more is asked, the decision is kept when that is answered.
        if (!Entrance.AsksMore(admitted.By))
        {
            await admission.RecordLoginAsync(context, app, visitor, state.Host, state.ReturnTo);
        }

        // The provider was asked for a fresh sign-in, but the question went through the person's own browser.
        var proof = ProviderRedirect.IsFresh(state, facts) ? SignInProof.Anew : SignInProof.Answered;
        if (admitted.Duration == TimeSpan.Zero && proof != SignInProof.Anew)
        {
            return Fail(context, table, state, SignInFailure.Stale(table, state.LoginMethodId, facts.AuthenticatedAt));
        }

        var session = await sessions.StartAsync(NewSession(table, facts, state, address, passed), context.RequestAborted);
        await EndFormerAsync(context, table, session);
        AccessCookies.Set(context, AccessCookies.Authorization, issuer.IssueOrg(table, session), session.ExpiresAt);
        return Entrance.AsksMore(admitted.By)
            ? await entrance.EnterAsync(context, table, new Way(app, admitted.By, state.Host, state.ReturnTo, state.AppSessionHash) { BegunAt = clock.GetUtcNow(), CommonName = state.CommonName, Proof = proof }, session)
            : handOff.Send(context, app, session, state.Host, state.ReturnTo, state.AppSessionHash, proof: proof);
    }

    // The new cookie takes the old one's place, so nobody could sign out of the old session any more: it would live on in the apps' cookies.
    // What programs were granted in it goes on if it is the same person.
    private async Task EndFormerAsync(HttpContext context, AccessTable table, AccessSession session)
    {
        foreach (var former in (await orgSessions.FindAllAsync(context, table)).Where(f => f.Nonce != session.Nonce))
        {
            await (former.UserId == session.UserId
                ? sessions.ReplaceAsync(former.Nonce, session.Nonce, context.RequestAborted)
                : sessions.RevokeAsync(former.Nonce, context.RequestAborted));
        }
    }

    private NewAccessSession NewSession(AccessTable table, IdentityFacts facts, LoginState state, IPAddress address, IReadOnlyList<string> passed) => new()
    {
        Email = facts.Email,
        Name = facts.Name,
        Subject = facts.Subject,
        ProviderSession = facts.ProviderSession,
        LoginMethodId = state.LoginMethodId,
        ClaimsJson = facts.ClaimsJson,
        GroupsJson = facts.GroupsJson,
        Amr = facts.Amr,
        AuthenticatedAt = AuthenticatedAt(facts),
        Passed = ProvedAt(state, facts) is { } at ? [.. passed, Passed.OfSignIn(at)] : passed,
        BegunBy = state.RoundTrip,
        Address = address.ToString(),
        Duration = table.Organization.SessionDuration,
        LongestToken = SessionDuration.Longest(table),
    };

    // When the person proved who they are, with what amr says. Who is let pass by a login method that does not say when may have done so a month ago; if it was
    // asked not to do that, its answer is of now, as far as anybody knows.
    private DateTimeOffset? ProvedAt(LoginState state, IdentityFacts facts) => AuthenticatedAt(facts) ?? (state.AsksAnew ? clock.GetUtcNow() : null);

    // A time to come is a clock that is fast.
    private DateTimeOffset? AuthenticatedAt(IdentityFacts facts) => facts.AuthenticatedAt is { } at && clock.GetUtcNow() is var now ? (at < now ? at : now) : null;

    /// <summary>Begins the session of somebody who signed in at the App Launcher, when any app would let them in.</summary>
    public async Task<IResult> FinishLauncherAsync(HttpContext context, AccessTable table, LoginState state, IdentityFacts facts)
    {
        var address = ClientAddress.Of(context);
        var passed = table.Launcher is { } own
            ? await evaluations.AskAsync(context, table, own, ExternalEvaluations.Identity(facts.Email, facts.Name, state.LoginMethodId, facts.Claims, facts.Amr, address.ToString()))
            : [];
        var who = new VisitorIdentity { Email = facts.Email, LoginMethodId = state.LoginMethodId, Claims = facts.Claims, Amr = facts.Amr, Passed = passed };
        var ray = RayId.Of(context);
        if (!launcher.Admits(table, address, who))
        {
            LogLauncher(ray, "no policy admits them");
            return denial.ForLauncher(table, facts.Email, ray, state.ReturnTo);
        }

        var session = await sessions.StartAsync(NewSession(table, facts, state, address, passed), context.RequestAborted);
        await EndFormerAsync(context, table, session);
        AccessCookies.Set(context, AccessCookies.Authorization, issuer.IssueOrg(table, session), session.ExpiresAt);
        LogLauncher(ray, "signed in");
        return Results.Redirect(OnwardOf(state));
    }

    /// <summary>Puts a session with what the login method says now in place of the one that asked. Whoever it was, it must be them still.</summary>
    public async Task<IResult> FinishRefreshAsync(HttpContext context, AccessTable table, LoginState state, IdentityFacts facts, string email)
    {
        var ray = RayId.Of(context);
        if (await orgSessions.FindAsync(context, table) is not { } former || former.Email != email || facts.Email != email)
        {
            LogRefresh(ray, "somebody else is signed in by now, here or at the login method");
            return SignInPages.Invalid(table, "session", "You are signed in as somebody else by now, here or at your login method. Nothing was changed.", null);
        }

        // Purposes, approvals and second factors stand; services outside are asked by the applications that name them.
        var passed = former.Passed.Where(p => !p.StartsWith(Passed.Evaluation, StringComparison.Ordinal) && !p.StartsWith(Passed.SignIn, StringComparison.Ordinal)).ToList();
        var session = await sessions.StartAsync(NewSession(table, facts, state, ClientAddress.Of(context), passed), context.RequestAborted);
        await EndFormerAsync(context, table, session);
        AccessCookies.Set(context, AccessCookies.Authorization, issuer.IssueOrg(table, session), session.ExpiresAt);
        LogRefresh(ray, "done");
        return Results.Redirect(OnwardOf(state));
    }

    /// <summary>
    /// Goes on with the session that this very round trip began, in the browser that began it: an answer of ours was lost on its way, or the page was loaded anew.
    /// Null when there is none, or it has ended since.
    /// </summary>
    public async Task<IResult?> FinishAgainAsync(HttpContext context, AccessTable table, LoginState state)
    {
        if (state.RoundTrip is not { } trip || await sessions.FindBegunByAsync(trip, context.RequestAborted) is not { } begun || await orgSessions.FindLiveAsync(begun.Nonce, context.RequestAborted) is not { } session)
        {
            return null;
        }

        await EndFormerAsync(context, table, session);
        AccessCookies.Set(context, AccessCookies.Authorization, issuer.IssueOrg(table, session), session.ExpiresAt);
        var ray = RayId.Of(context);
        LogAgain(ray);
        return Results.Redirect(OnwardOf(state));
    }

    /// <summary>Where the person wanted to go, who is signed in by now.</summary>
    public string OnwardOf(LoginState state) => state.RefreshOf is not null ? RefreshIdentityEndpoint.DoneUrl(urls)
        : state.IsLauncher ? urls.Access + (state.ReturnTo == MfaPages.AddPath ? MfaPages.AddPath : "/")
        : urls.UrlOf(state.Host) + state.ReturnTo;

    /// <summary>Where the sign-in begins again.</summary>
    public string Again(LoginState state, bool switchPerson) => state.RefreshOf is not null ? RefreshIdentityEndpoint.BeginUrl(urls) : state.IsLauncher ? urls.Access + LauncherEndpoint.PathTo(state.ReturnTo, switchPerson) : AppLogin.Url(urls, state.Host, state.ReturnTo, switchPerson);

    /// <summary>The page for a sign-in of which a step failed.</summary>
    public IResult Fail(HttpContext context, AccessTable table, LoginState state, SignInFailure failure)
    {
        var ray = RayId.Of(context);
        LogFailed(ray, failure.Code, failure.Step, failure.Reason);
        return SignInPages.Failed(table, failure, ray, Again(state, switchPerson: true));
    }

    [LoggerMessage(EventId = 3245, Level = LogLevel.Information, Message = "Sign-in at the App Launcher ({Ray}): {Outcome}")]
    private partial void LogLauncher(string ray, string outcome);

    [LoggerMessage(EventId = 3247, Level = LogLevel.Information, Message = "Identity asked for anew ({Ray}): {Outcome}")]
    private partial void LogRefresh(string ray, string outcome);

    [LoggerMessage(EventId = 3254, Level = LogLevel.Information, Message = "A sign-in that was finished came back, and goes on ({Ray})")]
    private partial void LogAgain(string ray);

    [LoggerMessage(EventId = 3203, Level = LogLevel.Warning, Message = "Sign-in failed ({Ray}, {Code}): {Step}: {Reason}")]
    private partial void LogFailed(string ray, string code, string step, string reason);
}
