using Gatehouse.Access.Saas;
using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Access.SignIn.Saml;
using Gatehouse.Access.SignIn.Testing;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Gatehouse.Access.SignIn;

/// <summary>GET <c>/cdn-cgi/access/callback</c>: a person comes back from the login method.</summary>
internal sealed partial class CallbackEndpoint(
    ISnapshot<AccessTable> tables,
    SealedStates states,
    AnswerIssuer answerIssuer,
    ProviderIdentities identities,
    SamlIdentities saml,
    IAccessSessions sessions,
    SignInCompletion completion,
    SignInTurns turns,
    PublicUrls urls,
    TimeProvider clock,
    ILogger<CallbackEndpoint> logger)
{
    private static readonly TimeSpan LongestFinish = TimeSpan.FromMinutes(1);

    // Who somebody is, once it is known that this browser asked.
    private delegate Task<Outcome<IdentityFacts>> Identify(AccessTable table, LoginMethodEntry method, LoginState state);

    /// <summary>Whose browser it is; what the provider says; what the policies say; then on to the app.</summary>
    public Task<IResult> HandleAsync(HttpContext context) => HandleAsync(
        context, context.Request.Query["state"], context.Request.Query["code"], AccessCookies.Session, (table, method, state) => IdentifyAsync(context, table, method, state));

    /// <summary>The same for a response by SAML, which the provider's page posts.</summary>
    public Task<IResult> HandlePostAsync(HttpContext context, IFormCollection form) => HandleAsync(
        context,
        form["RelayState"],
        StringValues.Empty, // what was posted is good once, whoever posts it again
        AccessCookies.SamlSession,
        async (_, method, state) => method.Saml is not null && form[PostedCallback.ResponseField] is [{ } posted]
            ? await saml.FindAsync(method, posted, state, context.RequestAborted)
            : WrongWay(method, "a SAML response for a login method of another type, or more than one"));

    private async Task<IResult> HandleAsync(HttpContext context, StringValues sent, StringValues answer, string cookie, Identify identify)
    {
        var table = tables.Current;
        SecurityHeaders.NoStore(context.Response);
        var (state, refusal) = OpenState(context, table, sent, cookie);
        if (state is null)
        {
            return refusal!; // the other half
        }

        if (state.IsTest)
        {
            return await TestAsync(context, table, state, identify);
        }

        state.RoundTrip = answer is [{ Length: > 0 } one] ? AccessCookies.HashOf($"{state.Id}\n{one}") : null;

        // The provider takes its code once, so what began is finished for a browser that has gone away, and the same browser comes back to that.
        using var turn = await turns.TakeAsync(state.Id, context.RequestAborted);
        using var limit = new CancellationTokenSource(LongestFinish, clock);
        var browserAborted = context.RequestAborted;
        context.RequestAborted = limit.Token;
        try
        {
            return state.IsLauncher || state.RefreshOf is not null ? await WithoutAppAsync(context, table, state, identify) : await ForAppAsync(context, table, state, identify);
        }
        finally
        {
            context.RequestAborted = browserAborted;
        }
    }

    private async Task<IResult> ForAppAsync(HttpContext context, AccessTable table, LoginState state, Identify identify)
    {
        if (!table.AppsByAud.TryGetValue(state.Aud, out var app) || !SsoPaths.IsEntrance(table, urls, app, state.Host, state.ReturnTo))
        {
            return SignInPages.NoApp(table);
        }

        if (table.LoginMethodsOf(app).FirstOrDefault(m => m.Method.Id == state.LoginMethodId) is not { } method)
        {
            return SignInPages.NoMethod(table, app);
        }

        if (await completion.FinishAgainAsync(context, table, state) is { } again)
        {
            return again;
        }

        var identity = await identify(table, method, state);
        if (identity.Value is not { } facts)
        {
            return await FailAsync(context, table, state, identity.Failure!); // the other half
        }

        // Burnt only now: nothing is stored for somebody who has not proved who they are. The code itself is the provider's to burn.
        return await sessions.TryBurnAsync(state.Id, state.ExpiresAt, context.RequestAborted)
            ? await completion.FinishAsync(context, table, app, state, facts)
            : await completion.FinishAgainAsync(context, table, state) ?? Refused(context, table, "session", "this sign-in was used already", state);
    }

    private async Task<IResult> TestAsync(HttpContext context, AccessTable table, LoginState state, Identify identify)
    {
        if (table.LoginMethods.FirstOrDefault(m => m.Method.Id == state.LoginMethodId) is not { } method
            || !await sessions.TryBurnAsync(state.Id, state.ExpiresAt, context.RequestAborted))
        {
            return SignInPages.Invalid(table, "session", "This test was finished already, or its login method is gone.", null);
        }

        state.Trace = new SignInTrace();
        return TestEndpoint.Finish(table, method, state.Trace, await identify(table, method, state));
    }

    private async Task<IResult> WithoutAppAsync(HttpContext context, AccessTable table, LoginState state, Identify identify)
    {
        if (table.LoginMethods.FirstOrDefault(m => m.Method.Id == state.LoginMethodId) is not { } method || (state.IsLauncher && table.Launcher?.Takes(state.LoginMethodId) == false))
        {
            return SignInPages.BadLink(table);
        }

        if (await completion.FinishAgainAsync(context, table, state) is { } again)
        {
            return again;
        }

        var identity = await identify(table, method, state);
        if (identity.Value is not { } facts)
        {
            return await FailAsync(context, table, state, identity.Failure!); // the other half
        }

        return await sessions.TryBurnAsync(state.Id, state.ExpiresAt, context.RequestAborted)
            ? state.RefreshOf is { } email ? await completion.FinishRefreshAsync(context, table, state, facts, email) : await completion.FinishLauncherAsync(context, table, state, facts)
            : await completion.FinishAgainAsync(context, table, state) ?? Refused(context, table, "session", "this sign-in was used already", state);
    }

    // Another node may have been first with the same answer.
    private async Task<IResult> FailAsync(HttpContext context, AccessTable table, LoginState state, SignInFailure failure) =>
        await completion.FinishAgainAsync(context, table, state) ?? completion.Fail(context, table, state, failure);

    private (LoginState? State, IResult? Refusal) OpenState(HttpContext context, AccessTable table, StringValues sent, string cookie)
    {
        if (sent is not [{ } text] || states.OpenLogin(text, out var expired) is not { } state)
        {
            return (null, Refused(context, table, "session", "the state is not one that Access made; a sign-in begins here, at an application, and not at the provider", null));
        }

        if (!AccessCookies.Matches(context.Request, cookie, state.BrowserHash))
        {
            return (null, Refused(context, table, "session", "the sign-in was begun in another browser, or its cookie is gone", state));
        }

        return expired ? (null, Refused(context, table, "session", "the sign-in took longer than ten minutes", state)) : (state, null);
    }

    private static SignInFailure WrongWay(LoginMethodEntry method, string reason) => new(
        "wrong_way", $"Coming back from {method.Method.Name}", "The sign-in came back another way than it went", "Start again.", reason, StatusCodes.Status400BadRequest);

    private async Task<Outcome<IdentityFacts>> IdentifyAsync(HttpContext context, AccessTable table, LoginMethodEntry method, LoginState state)
    {
        if (method.Saml is not null)
        {
            return WrongWay(method, "a login method by SAML answers with a post");
        }

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

        return await identities.FindAsync(method, code, state, context.RequestAborted);
    }

    private IResult Refused(HttpContext context, AccessTable table, string what, string reason, LoginState? state)
    {
        var ray = RayId.Of(context);
        LogRefused(ray, reason);
        return SignInPages.Invalid(
            table, what, $"This page can't finish the sign-in: {reason}.", state is null or { IsTest: true } ? null : (completion.Again(state, switchPerson: false), "Log in again"));
    }

    [LoggerMessage(EventId = 3202, Level = LogLevel.Information, Message = "Sign-in refused at the callback ({Ray}): {Reason}")]
    private partial void LogRefused(string ray, string reason);
}
