using System.Net;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.SignIn.Approvals;
using Gatehouse.Access.SignIn.Evaluation;
using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn;

/// <summary>GET <c>/cdn-cgi/access/callback</c>: a person comes back from the login method.</summary>
internal sealed partial class CallbackEndpoint(
    ISnapshot<AccessTable> tables,
    SealedStates states,
    OrgSessions orgSessions,
    AnswerIssuer answerIssuer,
    CodeExchange exchange,
    IdTokenVerifier idTokens,
    IAccessSessions sessions,
    SignInDecision admission,
    HandOff handOff,
    ExternalEvaluations evaluations,
    Entrance entrance,
    Places places,
    DenialPage denial,
    TokenIssuer issuer,
    PublicUrls urls,
    ILogger<CallbackEndpoint> logger)
{
    /// <summary>Whose browser it is; what the provider says; what the policies say; then on to the app.</summary>
    public async Task<IResult> HandleAsync(HttpContext context)
    {
        var table = tables.Current;
        SecurityHeaders.NoStore(context.Response);
        var (state, refusal) = OpenState(context, table);
        if (state is null)
        {
            return refusal!; // the other half
        }

        if (!table.AppsByAud.TryGetValue(state.Aud, out var app) || !AppHosts.Serves(table, app, state.Host))
        {
            return SignInPages.NoApp(table);
        }

        if (table.LoginMethodsOf(app).FirstOrDefault(m => m.Method.Id == state.LoginMethodId) is not { } method)
        {
            return SignInPages.NoMethod(table, app);
        }

        var identity = await IdentifyAsync(context, table, method, state);
        if (identity.Value is not { } facts)
        {
            return Fail(context, table, state, identity.Failure!); // the other half
        }

        // Burnt only now: nothing is stored for somebody who has not proved who they are. The code itself is the provider's to burn.
        return await sessions.TryBurnAsync(state.Id, state.ExpiresAt, context.RequestAborted)
            ? await FinishAsync(context, table, app, state, facts)
            : Refused(context, table, "session", "this sign-in was used already", state);
    }

    private (LoginState? State, IResult? Refusal) OpenState(HttpContext context, AccessTable table)
    {
        if (context.Request.Query["state"] is not [{ } text] || states.OpenLogin(text, out var expired) is not { } state)
        {
            return (null, Refused(context, table, "session", "the state is not one that Access made", null));
        }

        if (!AccessCookies.Matches(context.Request, AccessCookies.Session, state.BrowserHash))
        {
            return (null, Refused(context, table, "session", "the sign-in was begun in another browser, or its cookie is gone", state));
        }

        return expired ? (null, Refused(context, table, "session", "the sign-in took longer than ten minutes", state)) : (state, null);
    }

    private async Task<Outcome<IdentityFacts>> IdentifyAsync(HttpContext context, AccessTable table, LoginMethodEntry method, LoginState state)
    {
        var query = context.Request.Query;
        if (answerIssuer.Fault(query, table, method) is { } fault)
        {
            return new SignInFailure(
                "issuer_mismatch",
                $"Coming back from {method.Method.Name}",
                "The answer is not from the login method that was asked",
                $"{method.Method.Name} was asked to sign you in, and what came back does not say that it is from there. Whoever runs this can compare the login method's issuer with what the provider's discovery document says.",
                fault,
                StatusCodes.Status403Forbidden);
        }

        if (query.ContainsKey("error"))
        {
            var word = JsonText.Plain(query["error"].ToString(), 60);
            return new SignInFailure(
                "provider_error",
                $"Signing in at {method.Method.Name}",
                $"{method.Method.Name} did not sign you in",
                word == "access_denied"
                    ? "It says that you declined, or that you may not use this application there (access_denied)."
                    : $"It says: {word}{(query["error_description"].ToString() is { Length: > 0 } more ? $" ({JsonText.Plain(more, 200)})" : "")}.",
                $"the provider sent error {word}",
                StatusCodes.Status403Forbidden);
        }

        if (query["code"] is not [{ Length: > 0 and <= 4096 } code])
        {
            return new SignInFailure(
                "code_missing", $"Coming back from {method.Method.Name}", "The sign-in came back without its code", "The login method sent neither a code nor an error.", "no single code", StatusCodes.Status400BadRequest);
        }

        var redeemed = await exchange.RedeemAsync(method, code, state.CodeVerifier, context.RequestAborted);
        if (redeemed.Value is not { } idToken)
        {
            return redeemed.Failure!; // the other half
        }

        var verified = await idTokens.VerifyAsync(method, idToken, state.Nonce, context.RequestAborted);
        return verified.Value is { } claims ? IdentityFacts.Read(method.Method, claims.Payload, TakesUnverified(method.Method)) : verified.Failure!; // the other half
    }

    // Our own Identity says "not verified" of everybody, as authentik does; its addresses are its administrators'.
    private bool TakesUnverified(LoginMethod method) =>
        method.AcceptsUnverifiedEmail || method.CertsUrl.StartsWith(urls.Identity + "/", StringComparison.Ordinal);

    private async Task<IResult> FinishAsync(HttpContext context, AccessTable table, AppEntry app, LoginState state, IdentityFacts facts)
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
        if (admitted.Duration == TimeSpan.Zero && !ProviderRedirect.IsFresh(state, facts))
        {
            return Fail(context, table, state, StaleSignIn(table, state, facts));
        }

        var session = await sessions.StartAsync(NewSession(table, facts, state.LoginMethodId, address, passed), context.RequestAborted);
        await EndFormerAsync(context, table);
        AccessCookies.Set(context, AccessCookies.Authorization, issuer.IssueOrg(table, session), session.ExpiresAt);
        return Entrance.AsksMore(admitted.By)
            ? await entrance.EnterAsync(context, table, new Way(app, admitted.By, state.Host, state.ReturnTo, state.AppSessionHash), session)
            : handOff.Send(context, app, session, state.Host, state.ReturnTo, state.AppSessionHash);
    }

    private static SignInFailure StaleSignIn(AccessTable table, LoginState state, IdentityFacts facts)
    {
        var name = table.LoginMethods.First(m => m.Method.Id == state.LoginMethodId).Method.Name; // it has just answered
        return new SignInFailure(
            "sign_in_stale",
            $"Signing in at {name}",
            "This application asks for a fresh sign-in",
            facts.AuthenticatedAt is null
                ? $"{name} did not say when you proved who you are (auth_time), and this application asks for a sign-in each time."
                : $"{name} let you pass with an earlier sign-in, and this application asks for a new one each time. Start again.",
            facts.AuthenticatedAt is { } at ? $"auth_time {at:O} is before the sign-in began" : "no auth_time",
            StatusCodes.Status403Forbidden);
    }

    // The new cookie takes the old one's place, so nobody could sign out of the old session any more: it would live on in the apps' cookies.
    private async Task EndFormerAsync(HttpContext context, AccessTable table)
    {
        foreach (var former in await orgSessions.FindAllAsync(context, table))
        {
            await sessions.RevokeAsync(former.Nonce, context.RequestAborted);
        }
    }

    private static NewAccessSession NewSession(AccessTable table, IdentityFacts facts, Guid method, IPAddress address, IReadOnlyList<string> passed) => new()
    {
        Email = facts.Email,
        Name = facts.Name,
        Subject = facts.Subject,
        ProviderSession = facts.ProviderSession,
        LoginMethodId = method,
        Claims = facts.Claims,
        GroupsJson = facts.GroupsJson,
        Amr = facts.Amr,
        Passed = passed,
        Address = address.ToString(),
        Duration = table.Organization.SessionDuration,
        LongestToken = SessionDuration.Longest(table),
    };

    private IResult Fail(HttpContext context, AccessTable table, LoginState state, SignInFailure failure)
    {
        var ray = RayId.Of(context);
        LogFailed(ray, failure.Code, failure.Step, failure.Reason);
        return SignInPages.Failed(table, failure, ray, AppLogin.Url(urls, state.Host, state.ReturnTo, switchPerson: true));
    }

    private IResult Refused(HttpContext context, AccessTable table, string what, string reason, LoginState? state)
    {
        var ray = RayId.Of(context);
        LogRefused(ray, reason);
        return SignInPages.Invalid(
            table, what, $"This page can't finish the sign-in: {reason}.", state is null ? null : (AppLogin.Url(urls, state.Host, state.ReturnTo, switchPerson: false), "Log in again"));
    }

    [LoggerMessage(EventId = 3202, Level = LogLevel.Information, Message = "Sign-in refused at the callback ({Ray}): {Reason}")]
    private partial void LogRefused(string ray, string reason);

    [LoggerMessage(EventId = 3203, Level = LogLevel.Warning, Message = "Sign-in failed ({Ray}, {Code}): {Step}: {Reason}")]
    private partial void LogFailed(string ray, string code, string step, string reason);
}
