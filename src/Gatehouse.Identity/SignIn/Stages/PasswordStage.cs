using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Stages;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Asks for the password, and gives up after a few wrong ones.</summary>
internal sealed partial class PasswordStage(PasswordProof proof, FlowPlaces places, ILogger<PasswordStage> logger) : IStage
{
    private const string Invalid = "Invalid password";

    /// <inheritdoc/>
    public StageType Type => StageType.Password;

    /// <inheritdoc/>
    public bool ActsOnEntry => false;

    /// <inheritdoc/>
    public async Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken) => run.State switch
    {
        { Identifier: null } => new StageStep.Deny("Start again: it is not known who signs in.", "a password stage without identification before it"),
        { Amr: var proved } when proved.Contains("pwd") || proved.Contains("user") => StageAnswers.Pass, // user: by a passkey
        _ => new StageStep.Ask(new PasswordChallenge(run.PendingUser, StageAnswers.Avatar, stage.Setting(PasswordSettings.AllowShow))
        {
            RecoveryUrl = await places.RecoveryAsync(run, cancellationToken),
        }),
    };

    /// <inheritdoc/>
    public async Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        if (StageAnswers.Missing(asked, answer, "password") is { } missing)
        {
            return missing;
        }

        switch (await proof.CheckAsync(run, stage, answer.Text("password") ?? "", cancellationToken))
        {
            case PasswordVerdict.Right:
                return StageAnswers.Pass;
            case PasswordVerdict.Busy:
                return new StageStep.Busy();
            case PasswordVerdict.TooSoon tooSoon:
                LogTooSoon();
                return StageAnswers.Fault(asked, "password", $"{Invalid}. {tooSoon.Advice}", "invalid");
            default:
                return Wrong(run, stage, asked);
        }
    }

    private StageStep Wrong(FlowRun run, Stage stage, Challenge asked)
    {
        run.State.WrongPasswords++;
        LogWrong(run.State.UserId, run.State.WrongPasswords);
        return run.State.WrongPasswords >= stage.Setting(PasswordSettings.FailedAttempts)
            ? new StageStep.Deny("Too many wrong passwords. Start again.", "too many wrong passwords in one run")
            : StageAnswers.Fault(asked, "password", Invalid, "invalid");
    }

    [LoggerMessage(EventId = 2203, Level = LogLevel.Information, Message = "Wrong password for user {UserId} (none: nobody has this name), attempt {Attempt}")]
    private partial void LogWrong(int? userId, int attempt);

    [LoggerMessage(EventId = 2216, Level = LogLevel.Warning, Message = "Password not checked: too many wrong ones for one name from one network")]
    private partial void LogTooSoon();
}
