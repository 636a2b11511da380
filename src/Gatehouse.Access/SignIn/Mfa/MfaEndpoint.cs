using System.Globalization;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.SignIn.Approvals;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn.Mfa;

/// <summary>POST <c>/cdn-cgi/access/mfa</c>: the answer to a page about second factors, in the session that was asked; then the person goes on.</summary>
internal sealed partial class MfaEndpoint(
    ISnapshot<AccessTable> tables, OrgSessions orgSessions, MfaStates states, MfaProof proof, MfaEnrolment enrolment, MfaMemory memory, MfaChanges changes, MfaPages pages, MfaEvents events,
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
            MfaResult.Right right => await GoOnAsync(context, table, state, session, right.By),
            MfaResult.TooSoon soon => await pages.ShowAsync(
                context, table, session, errand, $"Too many wrong codes. Wait {Math.Ceiling(soon.Wait.TotalSeconds).ToString(CultureInfo.InvariantCulture)} seconds, and type the code that is shown then."),
            MfaResult.Refused refused => await RefuseAsync(context, table, state, app, session, errand, refused),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private Task<MfaResult> JudgeAsync(MfaState state, AccessSession session, IReadOnlyList<AccessAuthenticator> own, IFormCollection form, CancellationToken cancellationToken)
    {
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
        ? new MfaErrand(state.Allowed & (table.Organization.Mfa?.Allowed ?? MfaMethods.None), null, null) { Removes = state.Removes }
        : new MfaErrand(app.AfterSignIn.FirstOrDefault(p => p.Id == state.Way!.PolicyId)?.Mfa?.Allowed ?? state.Methods, state.Way, app); // an app comes from a way

    private async Task<IResult> GoOnAsync(HttpContext context, AccessTable table, MfaState state, AccessSession session, AccessAuthenticator by)
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

        await memory.KeepAsync(context, session, by);
        if (state.Way is not { } way)
        {
            return SeeOther(context, state.Step == MfaStep.Enrol || state.Removes is not null ? MfaPages.DevicesPath : MfaPages.AddPath);
        }

        return await entrance.ResumeAsync(context, table, way, session) ?? SeeOther(context, AppLogin.Url(urls, way.Host, way.ReturnTo, switchPerson: false));
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

    private static IResult SeeOther(HttpContext context, string to)
    {
        context.Response.Headers.Location = to;
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }

    [LoggerMessage(EventId = 3250, Level = LogLevel.Information, Message = "{Email} enrolled a second factor ({Kind} {Id})")]
    private partial void LogEnrolled(string email, MfaMethods kind, Guid id);

    [LoggerMessage(EventId = 3251, Level = LogLevel.Information, Message = "{Email} proved themselves by a second factor ({Kind} {Id})")]
    private partial void LogProved(string email, MfaMethods kind, Guid id);

    [LoggerMessage(EventId = 3252, Level = LogLevel.Warning, Message = "A second factor of {Email} was refused ({Kind}): {Reason}")]
    private partial void LogRefused(string email, MfaMethods kind, string reason);
}
