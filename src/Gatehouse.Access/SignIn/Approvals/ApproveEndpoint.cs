using Gatehouse.Access.Pages;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn.Approvals;

/// <summary><c>/cdn-cgi/access/approve</c> on the team domain: the page behind the link that an approver was sent. Looking changes nothing; only a posted answer does.</summary>
internal sealed partial class ApproveEndpoint(IApprovals approvals, SealedStates states, ILogger<ApproveEndpoint> logger)
{
    // What the page offers, in minutes; the last is the longest there is.
    private static readonly int[] Lives = [30, 60, 4 * 60, 8 * 60, 24 * 60];

    /// <summary>Shows who asks for what.</summary>
    public async Task<IResult> ShowAsync(HttpContext context, AccessTable table)
    {
        if (context.Request.Query["state"] is not [{ } text] || await FindAsync(context, table, text) is not { } found)
        {
            return Gone(table);
        }

        return new PageResult<ApprovePage>(
            new Dictionary<string, object?>
            {
                [nameof(ApprovePage.AppName)] = found.App.App.Name,
                [nameof(ApprovePage.Requester)] = found.Request.Email,
                [nameof(ApprovePage.Purpose)] = found.Request.Purpose,
                [nameof(ApprovePage.Brand)] = table.Organization.Name,
                [nameof(ApprovePage.Lives)] = Lives,
                [nameof(ApprovePage.State)] = text,
            },
            StatusCodes.Status200OK);
    }

    /// <summary>Takes the answer.</summary>
    public async Task<IResult> AnswerAsync(HttpContext context, AccessTable table)
    {
        if (await PostedForm.ReadAsync(context.Request, context.RequestAborted) is not { } form || form["state"] is not [{ } text] || await FindAsync(context, table, text) is not { } found)
        {
            return Gone(table);
        }

        var (request, app, policy, approver) = found;
        TimeSpan? life = form["answer"] is ["approve"] && int.TryParse(form["minutes"], out var minutes) && Lives.Contains(minutes) ? TimeSpan.FromMinutes(minutes) : null;
        if (life is null && form["answer"] is not ["refuse"])
        {
            return SignInPages.Invalid(table, "answer", "The answer is neither an approval for one of the times offered nor a refusal.", null);
        }

        var answered = await approvals.AnswerAsync(
            request.Id, approver, life, given => ApprovalDesk.IsEnough(policy, app.Scope, request.Email, given), context.RequestAborted);
        if (answered is null)
        {
            return Gone(table);
        }

        LogAnswered(request.Id, approver, life is null ? "refused" : "approved");
        return Page.Message(
            StatusCodes.Status200OK,
            life is null ? "Refused" : answered.ApprovedUntil is null ? "Approved; others have to approve as well" : "Approved",
            life is null ? $"{request.Email} is not let into {app.App.Name}." : $"{request.Email} may enter {app.App.Name}" + (answered.ApprovedUntil is null ? " when enough people have approved." : "."),
            brand: table.Organization.Name);
    }

    // The request, while it can be answered and the approver still is one.
    private async Task<Found?> FindAsync(HttpContext context, AccessTable table, string text)
    {
        SecurityHeaders.NoStore(context.Response);
        if (states.OpenApprover(text) is not { } state || await approvals.FindWaitingAsync(state.RequestId, context.RequestAborted) is not { } request)
        {
            return null;
        }

        var app = table.AppsByAud.Values.FirstOrDefault(a => a.App.Id == request.AppId);
        var policy = app?.AfterSignIn.FirstOrDefault(p => p.Id == request.PolicyId);
        return app is not null && policy is not null && policy.ApprovalGroups.Any(g => ApprovalDesk.Approvers(g, app.Scope, request.Email).Contains(state.Approver))
            ? new Found(request, app, policy, state.Approver)
            : null;
    }

    private static IResult Gone(AccessTable table) => Page.Message(
        StatusCodes.Status404NotFound, "Nothing to answer here", "The request was answered already, is over, or is not yours to answer.", brand: table.Organization.Name);

    [LoggerMessage(EventId = 3232, Level = LogLevel.Information, Message = "Approval request {Id} was {Answer} by {Approver}")]
    private partial void LogAnswered(Guid id, string approver, string answer);

    private sealed record Found(ApprovalRequest Request, AppEntry App, CompiledPolicy Policy, string Approver);
}
