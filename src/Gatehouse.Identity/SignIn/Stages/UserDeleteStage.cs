using System.Text.Json.Nodes;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Prompts;
using Gatehouse.Store;
using Gatehouse.Web.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Deletes the person's own account, once they said so: a link that somebody else made them open must not be enough.</summary>
internal sealed partial class UserDeleteStage(GatehouseDb db, Superusers superusers, BrowserSessions sessions, IEventRows rows, ILogger<UserDeleteStage> logger) : IStage
{
    /// <inheritdoc/>
    public StageType Type => StageType.UserDelete;

    /// <inheritdoc/>
    public bool ActsOnEntry => false;

    /// <inheritdoc/>
    public async Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken)
    {
        if (run.PendingUserId is not { } id || !run.IsProven)
        {
            return new StageStep.Deny("Sign in first.", "a delete stage, but nobody has proved who they are");
        }

        return await superusers.HoldAsync(id, cancellationToken)
            ? new StageStep.Deny("This account may do everything. Only another administrator can delete it.", "superusers don't delete themselves")
            : new StageStep.Ask(new PromptChallenge(
                [new PromptQuestion("warning", $"The account “{run.PendingUser}” will be deleted, with its sessions and tokens. This can't be undone.", PromptTypes.Danger, false, "", "", 0, "", null)]));
    }

    /// <inheritdoc/>
    public async Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        if (StageAnswers.Unnamed(asked, answer) is { } unnamed)
        {
            return unnamed;
        }

        var id = run.PendingUserId;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == id, cancellationToken);
        if (user is null || await db.Users.Where(u => u.Id == id).ExecuteDeleteAsync(cancellationToken) != 1)
        {
            return new StageStep.Deny("This account is gone already.", "deleted in between");
        }

        if (run.Browser is { } browser && browser.User.Id == id)
        {
            await sessions.EndAsync(run.Http, browser.Session, cancellationToken);
            run.Browser = null;
        }

        db.Events.Add(rows.RowOf(new NewEvent(
            EventActions.ModelDeleted, new EventActor(user.Id, user.Username, user.Email), ClientAddress.Of(run.Http).ToString(),
            new JsonObject { ["model"] = new JsonObject { ["app"] = "authentik_core", ["model_name"] = "user", ["pk"] = user.Id, ["name"] = user.Username } })));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        rows.Written();
        LogDeleted(user.Id);
        run.State.UserId = null;
        return StageAnswers.Pass;
    }

    [LoggerMessage(EventId = 2243, Level = LogLevel.Warning, Message = "User {UserId} deleted their own account")]
    private partial void LogDeleted(int userId);
}
