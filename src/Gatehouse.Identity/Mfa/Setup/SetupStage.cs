using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Users;

namespace Gatehouse.Identity.Mfa.Setup;

/// <summary>What the three stages that enrol authenticators share: who may, at entry and at the answer.</summary>
internal abstract class SetupStage(SetupGate gate) : IStage
{
    /// <inheritdoc/>
    public abstract StageType Type { get; }

    /// <summary>The component of its challenge.</summary>
    protected abstract string Component { get; }

    /// <inheritdoc/>
    public bool ActsOnEntry => false;

    /// <inheritdoc/>
    public async Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken) =>
        await gate.JudgeAsync(run, cancellationToken) switch
        {
            SetupAdmission.Admitted admitted => await AskAsync(run, stage, admitted.User, cancellationToken),
            SetupAdmission.Turned turned => turned.Step,
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    /// <inheritdoc/>
    public async Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        // Sent elsewhere first, so there is nothing to answer.
        if (asked.Component != Component)
        {
            return new StageStep.Ask(asked);
        }

        if (answer.Component is null)
        {
            return StageAnswers.Fault(asked, "component", "This field is required.", "required");
        }

        var step = await gate.JudgeAsync(run, cancellationToken) switch
        {
            SetupAdmission.Admitted admitted => await EnrolAsync(run, stage, admitted.User, asked, answer, cancellationToken),
            SetupAdmission.Turned turned => turned.Step,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        if (step is StageStep.Pass)
        {
            run.State.Mfa.Enrolment = null;
            run.State.Mfa.Attempts = 0;
        }

        return step;
    }

    /// <summary>Says what to show.</summary>
    protected abstract Task<StageStep> AskAsync(FlowRun run, Stage stage, User user, CancellationToken cancellationToken);

    /// <summary>Judges the answer and makes the device.</summary>
    protected abstract Task<StageStep> EnrolAsync(FlowRun run, Stage stage, User user, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken);

    /// <summary>Refuses one more than anybody needs.</summary>
    protected static StageStep TooMany() =>
        new StageStep.Deny("You have too many of these already. Remove one first.", $"the user has {Devices.Most} devices of this class");
}
