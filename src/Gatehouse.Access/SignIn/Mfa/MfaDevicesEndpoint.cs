using Gatehouse.Access.Pages;
using Gatehouse.Access.SignIn.Launcher;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn.Mfa;

/// <summary><c>/cdn-cgi/access/mfa-devices</c> on the team domain: where people see, add and remove the second factors that they enrolled at Access.</summary>
internal sealed partial class MfaDevicesEndpoint(
    ISnapshot<AccessTable> tables, OrgSessions orgSessions, IAccessAuthenticators authenticators, MfaChanges changes, MfaPages pages, MfaStates states, MfaEvents events,
    PublicUrls urls, TimeProvider clock, ILogger<MfaDevicesEndpoint> logger)
{
    /// <summary>GET: the list, or the way to add one.</summary>
    public async Task<IResult> ShowAsync(HttpContext context)
    {
        SecurityHeaders.NoStore(context.Response);
        var table = tables.Current;
        if (await orgSessions.FindAsync(context, table) is not { } session)
        {
            return Results.Redirect(context.Request.Query.ContainsKey("add") ? "/?" + LauncherEndpoint.AddFactor : "/");
        }

        var own = await authenticators.ListAsync(session.UserId, context.RequestAborted);
        var allowed = table.Organization.Mfa?.Allowed ?? MfaMethods.None;
        return context.Request.Query["add"] is not [{ } kind] ? List(table, session, own, allowed)
            : await pages.ShowAsync(context, table, session, new MfaErrand(MfaWords.Of(kind) is var one && one != MfaMethods.None ? allowed & one : allowed, null, null));
    }

    /// <summary>POST: removes one, for somebody who has proved themselves in the last minutes by what is no weaker.</summary>
    public async Task<IResult> RemoveAsync(HttpContext context)
    {
        SecurityHeaders.NoStore(context.Response);
        var table = tables.Current;
        if (!SameSite.IsOwn(context.Request, urls) || await PostedForm.ReadAsync(context.Request, context.RequestAborted) is not { } form
            || form["state"] is not [{ } text] || states.Open(text) is not { Step: MfaStep.List } state
            || await orgSessions.FindAsync(context, table) is not { } session || session.Nonce != state.SessionNonce)
        {
            return SignInPages.Invalid(table, "session", "This page is older than ten minutes, or your session has ended.", null);
        }

        var own = await authenticators.ListAsync(session.UserId, context.RequestAborted);
        if (Guid.TryParse(form["id"], out var id) && own.FirstOrDefault(a => a.Id == id) is { } one)
        {
            if (!changes.Allows(one.Method, table, session, own))
            {
                return await pages.ShowAsync(context, table, session, new MfaErrand(MfaMethods.None, null, null) { Removes = one.Method });
            }

            if (await authenticators.RemoveAsync(session.UserId, id, context.RequestAborted) is { } removed)
            {
                await events.RemovedAsync(context, session, removed);
                LogRemoved(session.Email, removed.Method, removed.Id);
            }
        }

        return SeeOther.To(context, MfaPages.DevicesPath);
    }

    private PageResult<MfaDevicesPage> List(AccessTable table, AccessSession session, IReadOnlyList<AccessAuthenticator> own, MfaMethods allowed) => new(
        new Dictionary<string, object?>
        {
            [nameof(MfaDevicesPage.Email)] = session.Email,
            [nameof(MfaDevicesPage.Brand)] = table.Organization.Name,
            [nameof(MfaDevicesPage.Own)] = own,
            [nameof(MfaDevicesPage.MayAdd)] = allowed != MfaMethods.None,
            [nameof(MfaDevicesPage.State)] = states.Seal(new MfaState
            {
                Id = AccessCookies.NewValue(),
                SessionNonce = session.Nonce,
                Step = MfaStep.List,
                Methods = MfaMethods.None,
                Challenge = [],
                ExpiresAt = clock.GetUtcNow() + MfaStates.Life,
            }),
        },
        StatusCodes.Status200OK);

    [LoggerMessage(EventId = 3253, Level = LogLevel.Information, Message = "{Email} removed a second factor ({Kind} {Id})")]
    private partial void LogRemoved(string email, MfaMethods kind, Guid id);
}
