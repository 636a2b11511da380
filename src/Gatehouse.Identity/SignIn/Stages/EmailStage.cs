using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Mails;
using Gatehouse.Model.Flows;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>
/// Sends a link to the person's own address and waits: only the link advances. Says the same, and takes as long, whether or not the name
/// belongs to somebody: the message is put together and sent by <see cref="LinkPost"/>, later.
/// </summary>
internal sealed class EmailStage(LinkPost post) : IStage
{
    private const string Sent = "If this account exists, a message with a link is on its way to its address. Nothing there? Look among the junk, or ask for another one.";

    /// <inheritdoc/>
    public StageType Type => StageType.Email;

    /// <inheritdoc/>
    public bool ActsOnEntry => false;

    /// <inheritdoc/>
    public bool ActsOn(FlowRun run, Stage stage) => !run.State.IsLinked && !run.State.Sent.Contains(stage.Id);

    /// <inheritdoc/>
    public Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken) => Task.FromResult(Enter(run, stage));

    /// <inheritdoc/>
    public Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        Send(run, stage);
        return Task.FromResult<StageStep>(new StageStep.Ask(asked));
    }

    private StageStep Enter(FlowRun run, Stage stage)
    {
        if (run.State.IsLinked)
        {
            return StageAnswers.Pass;
        }

        if (run.State.Identifier is null && run.PendingUserId is null)
        {
            return new StageStep.Deny("Start again: it is not known who the message is for.", "an e-mail stage without anybody before it");
        }

        if (!run.State.Sent.Contains(stage.Id))
        {
            run.State.Sent.Add(stage.Id);
            run.MustSave = true;
            Send(run, stage);
        }

        return StageAnswers.Fault(new EmailChallenge(run.PendingUser, StageAnswers.Avatar), "non_field_errors", Sent, "email-sent");
    }

    private void Send(FlowRun run, Stage stage)
    {
        if (run.PendingUserId is { } user)
        {
            post.Order(new LinkOrder(stage.Id, run.Flow.Id, user, run.State, run.Query.Next));
        }
    }
}
