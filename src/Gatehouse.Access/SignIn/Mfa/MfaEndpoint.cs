using System.Globalization;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.SignIn.Approvals;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn.Mfa;

/// <summary>POST <c>/cdn-cgi/access/mfa</c>: the answer to a page about second factors, in the session that was asked; then the person goes on.</summary>
internal sealed partial class MfaEndpoint(
    ISnapshot<AccessTable> tables, OrgSessions orgSessions, MfaStates states, MfaProof proof, MfaEnrolment enrolment, MfaMemory memory, MfaChanges changes, MfaTries tries, MfaPages pages, MfaEvents events,
    IAccessAuthenticators authenticators, SignInDecision admission, Entrance entrance, Places places, PublicUrls urls, ILogger<MfaEndpoint> logger)
{
    /// <summary>Judges the answer.</summary>
    public async Task<IResult> AnswerAsync(HttpContext context)
    {
        SecurityHeaders.NoStore(context.Response);
        var table = tables.Current;
        if (!SameSite.IsOwn(context.Request, urls) || await PostedForm.ReadAsync(context.Request, context.RequestAborted) is not { } form
            || form["state"] is not [{ } text] || states.Open(text) is not { Step: not MfaStep.List } state
            || await orgSessions.FindAsync(context, table) is not { } session || session.Nonce != state.SessionNonce)
        {
            return SignInPages.Invalid(table, "session", "This page is older than ten minutes, or your session has ended.", null);
        }

        var app = state.Way is { } way ? table.AppsByAud.GetValueOrDefault(way.Aud) : null;
        if (state.Way is not null && app is null)
        {
            return SignInPages.NoApp(table);
        }

        var errand = ErrandOf(table, state, app);
        var own = await authenticators.ListAsync(session.UserId, context.RequestAborted);
        if (state.Step == MfaStep.Enrol && MfaWords.Of(form["answer"].ToString()) is var kind && kind != MfaMethods.None && !changes.Allows(kind, table, session, own))
        {
            return await pages.ShowAsync(context, table, session, errand); // they have one by now, or the time for it is over
        }

        return await JudgeAsync(state, session, own, form, context.RequestAborted) switch
        {
            MfaResult.Right right => await GoOnAsync(context, table, state, session, errand, right.By),
            MfaResult.TooSoon soon => await pages.ShowAsync(
                context, table, session, errand, $"Too many wrong answers. Wait {Math.Ceiling(soon.Wait.TotalSeconds).ToString(CultureInfo.InvariantCulture)} seconds, and try again; a code must be the one that is shown then."),
            MfaResult.Refused refused => await RefuseAsync(context, table, state, app, session, errand, refused),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private Task<MfaResult> JudgeAsync(MfaState state, AccessSession session, IReadOnlyList<AccessAuthenticator> own, IFormCollection form, CancellationToken cancellationToken)
    {
        // Codes of an app are counted with it.
        if (state.Step == MfaStep.Prove && !(form["answer"] == "totp" && own.Any(a => a is AccessTotp)) && tries.Begin(session) is { } wait)
        {
            return Task.FromResult<MfaResult>(new MfaResult.TooSoon(wait));
        }

        var (code, credential, name) = (form["code"].ToString(), form["credential"].ToString(), form["name"].ToString());
        return (state.Step, form["answer"].ToString()) switch
        {
            (MfaStep.Prove, "totp") => proof.CodeAsync(state, own, code, cancellationToken),
            (MfaStep.Prove, "key") => proof.KeyAsync(state, session, own, credential, cancellationToken),
            (MfaStep.Enrol, "totp") => enrolment.AppAsync(state, session, code, name, cancellationToken),
            (MfaStep.Enrol, "biometrics") => enrolment.KeyAsync(state, session, MfaMethods.Biometrics, credential, name, cancellationToken),
            (MfaStep.Enrol, "security_key") => enrolment.KeyAsync(state, session, MfaMethods.SecurityKey, credential, name, cancellationToken),
            _ => Task.FromResult<MfaResult>(new MfaResult.Refused(MfaMethods.Totp, "an answer that was not asked for", "Choose one of the ways below.")),
        };
    }

    // What the app asks for now, not when the page was made.
    private static MfaErrand ErrandOf(AccessTable table, MfaState state, AppEntry? app) => app is null
        ? new MfaErrand(state.Allowed & (table.Organization.Mfa?.Allowed ?? MfaMethods.None), null, null) { Removes = state.Removes, Secret = state.Secret }
        : new MfaErrand(MfaMethods.None, state.Way, app) { Secret = state.Secret } is var errand && PolicyOf(errand)?.Mfa is { } demand ? errand with { Allowed = demand.Allowed } : errand with { Allowed = state.Methods };

    private static CompiledPolicy? PolicyOf(MfaErrand errand) => errand.App?.AfterSignIn.FirstOrDefault(p => p.Id == errand.Way?.PolicyId);

    private async Task<IResult> GoOnAsync(HttpContext context, AccessTable table, MfaState state, AccessSession session, MfaErrand errand, AccessAuthenticator by)
    {
        if (state.Step == MfaStep.Enrol)
        {
            await events.EnrolledAsync(context, session, by);
            LogEnrolled(session.Email, by.Method, by.Id);
        }
        else
        {
            LogProved(session.Email, by.Method, by.Id);
        }

        tries.Forget(session);
        var asksEachTime = PolicyOf(errand)?.Mfa is { Duration.Ticks: 0 };
        await memory.KeepAsync(context, session, by, asksEachTime ? errand.App?.App.Id : null);
        if (state.Way is not { } way)
        {
            return SeeOther.To(context, state.Step == MfaStep.Enrol || state.Removes is not null ? MfaPages.DevicesPath : MfaPages.AddPath);
        }

        var next = await entrance.ResumeAsync(context, table, way, session) ?? Results.Redirect(AppLogin.Url(urls, way.Host, way.ReturnTo, switchPerson: false));
        return next is RedirectHttpResult { Url: var to } ? GoOn(context, table, to) : next;
    }

    // No redirect: browsers hold all that follow a form to the page's list (CSP form-action), and the way may lead to a program on this machine, or wherever the
    // app sends people.
    private static IResult GoOn(HttpContext context, AccessTable table, string to)
    {
        context.Response.Headers["Refresh"] = "0; url=" + to;
        return Page.Message(StatusCodes.Status200OK, "It is you", "You are on your way. If nothing happens, go on by hand.", action: (to, "Go on"), brand: table.Organization.Name);
    }

    private async Task<IResult> RefuseAsync(HttpContext context, AccessTable table, MfaState state, AppEntry? app, AccessSession session, MfaErrand errand, MfaResult.Refused refused)
    {
        LogRefused(session.Email, refused.Method, refused.Reason);
        if (refused.Cloned is { } key)
        {
            events.Cloned(context, session, key);
        }

        if (state.Step == MfaStep.Prove)
        {
            events.Failed(context, session, refused.Method, refused.Reason);
            if (app is not null && state.Way is { } way)
            {
                var visitor = places.Visitor(app, ClientAddress.Of(context), SessionIdentity.Of(session)) with { CommonName = way.CommonName };
                admission.RecordWithoutFactor(context, app, visitor, way, refused.Reason);
            }
        }

        return await pages.ShowAsync(context, table, session, errand, refused.Advice);
    }

    [LoggerMessage(EventId = 3250, Level = LogLevel.Information, Message = "{Email} enrolled a second factor ({Kind} {Id})")]
    private partial void LogEnrolled(string email, MfaMethods kind, Guid id);

    [LoggerMessage(EventId = 3251, Level = LogLevel.Information, Message = "{Email} proved themselves by a second factor ({Kind} {Id})")]
    private partial void LogProved(string email, MfaMethods kind, Guid id);

    [LoggerMessage(EventId = 3252, Level = LogLevel.Warning, Message = "A second factor of {Email} was refused ({Kind}): {Reason}")]
    private partial void LogRefused(string email, MfaMethods kind, string reason);
}
