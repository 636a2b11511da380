using Gatehouse.Identity.Mfa;
using Gatehouse.Identity.Mfa.Validate;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Stages;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Asks who somebody is. Says the same to a name that exists and to one that does not, and takes as long.</summary>
internal sealed partial class IdentificationStage(
    GatehouseDb db, UserLookup users, PasswordProof proof, IdentificationPasskey passkey, FlowPlaces places, ILogger<IdentificationStage> logger) : IStage
{
    private const int LongestName = 254;
    private const string Failed = "Failed to authenticate.";

    /// <inheritdoc/>
    public StageType Type => StageType.Identification;

    /// <inheritdoc/>
    public bool ActsOnEntry => false;

    /// <inheritdoc/>
    public async Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken)
    {
        if (run.State.IsLinked)
        {
            return StageAnswers.Pass; // the link has said who it is
        }

        var embedded = stage.Setting(IdentificationSettings.PasswordStage);

        // Only a stage that asks for nothing but the name is skipped: whoever has a passkey is offered to use it here.
        if (run.Query.LoginHint is { } hint && embedded is null && stage.Setting(IdentificationSettings.WebauthnStage) is null && stage.Setting(IdentificationSettings.PretendUserExists))
        {
            await IdentifyAsync(run, stage, hint, cancellationToken);
            return StageAnswers.Pass;
        }

        return new StageStep.Ask(new IdentificationChallenge(
            stage.Setting(IdentificationSettings.UserFields),
            PasswordFields: embedded is not null,
            AllowShowPassword: embedded is { } id && await PasswordStageAsync(id, cancellationToken) is { } shown && shown.Setting(PasswordSettings.AllowShow),
            run.Flow.Designation,
            PrimaryAction: run.Flow.Designation == "authentication" ? "Log in" : "Continue",
            stage.Setting(IdentificationSettings.ShowSourceLabels),
            run.Query.LoginHint ?? run.Browser?.User.Username,
            await ApplicationAsync(run, cancellationToken))
        {
            EnableRememberMe = stage.Setting(IdentificationSettings.RememberMe),
            EnrollUrl = await places.UrlAsync(run, stage.Setting(IdentificationSettings.EnrollmentFlow), cancellationToken),
            RecoveryUrl = await places.RecoveryAsync(run, stage, cancellationToken),
            PasswordlessUrl = await places.UrlAsync(run, stage.Setting(IdentificationSettings.PasswordlessFlow), cancellationToken),
            PasskeyChallenge = await passkey.AskAsync(run, stage, cancellationToken),
        });
    }

    /// <inheritdoc/>
    public async Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Object("passkey") is { } posted)
        {
            return await passkey.AnswerAsync(run, stage, asked, posted, cancellationToken);
        }

        var typed = answer.Text("uid_field")?.Trim();
        if (StageAnswers.Missing(asked, answer, "uid_field") is { } missing)
        {
            return missing;
        }

        if (typed is not { Length: > 0 and <= LongestName })
        {
            return StageAnswers.Fault(asked, "uid_field", $"A name has 1 to {LongestName} characters.", "invalid");
        }

        if (stage.Setting(IdentificationSettings.PasswordStage) is { } embedded)
        {
            return await PasswordStageAsync(embedded, cancellationToken) is { } password
                ? await WithPasswordAsync(run, stage, password, asked, answer, typed, cancellationToken)
                : new StageStep.Deny("Sign-in is not set up right. Ask your administrator.", "the password stage of an identification stage is gone");
        }

        if (await IdentifyAsync(run, stage, typed, cancellationToken) is null && !stage.Setting(IdentificationSettings.PretendUserExists))
        {
            LogUnknown();
            proof.Unknown(run);
            return StageAnswers.Fault(asked, "non_field_errors", Failed, "invalid");
        }

        return StageAnswers.Pass;
    }

    private async Task<StageStep> WithPasswordAsync(
        FlowRun run, Stage stage, Stage passwordStage, Challenge asked, FlowAnswer answer, string typed, CancellationToken cancellationToken)
    {
        if (StageAnswers.Missing(asked, answer, "password") is { } missing)
        {
            return missing;
        }

        var user = await IdentifyAsync(run, stage, typed, cancellationToken);
        switch (await proof.CheckAsync(run, passwordStage, answer.Text("password") ?? "", cancellationToken))
        {
            case PasswordVerdict.Right:
                return StageAnswers.Pass;
            case PasswordVerdict.Busy:
                return new StageStep.Busy();
            case PasswordVerdict.TooSoon tooSoon:
                LogTooSoon();
                return StageAnswers.Fault(asked, "non_field_errors", $"{Failed} {tooSoon.Advice}", "invalid");
            default:
                LogWrongPassword(user?.Id);
                return StageAnswers.Fault(asked, "non_field_errors", Failed, "invalid");
        }
    }

    private async Task<User?> IdentifyAsync(FlowRun run, Stage stage, string typed, CancellationToken cancellationToken)
    {
        var user = await users.FindAsync(
            typed, stage.Setting(IdentificationSettings.UserFields), stage.Setting(IdentificationSettings.CaseInsensitive), cancellationToken);
        run.State.Identifier = typed;
        run.State.UserId = user?.Id;
        run.State.Amr = []; // proof of one person is none of another
        run.State.PasswordMark = null;
        run.State.Mfa = new MfaState();
        return user;
    }

    private Task<Stage?> PasswordStageAsync(Guid id, CancellationToken cancellationToken) =>
        db.Stages.AsNoTracking().SingleOrDefaultAsync(s => s.Id == id && s.Type == StageType.Password, cancellationToken);

    private async Task<string?> ApplicationAsync(FlowRun run, CancellationToken cancellationToken) => run.Query.ClientId is not { } client
        ? null
        : await (
            from provider in db.Providers
            join application in db.ProviderApplications on provider.Id equals application.ProviderId
            where provider.ClientId == client
            select application.Name).SingleOrDefaultAsync(cancellationToken);

    [LoggerMessage(EventId = 2201, Level = LogLevel.Information, Message = "Sign-in refused: nobody has this name")]
    private partial void LogUnknown();

    [LoggerMessage(EventId = 2202, Level = LogLevel.Information, Message = "Sign-in refused: wrong password for user {UserId} (none: nobody has this name)")]
    private partial void LogWrongPassword(int? userId);

    [LoggerMessage(EventId = 2217, Level = LogLevel.Warning, Message = "Password not checked: too many wrong ones for one name from one network")]
    private partial void LogTooSoon();
}
