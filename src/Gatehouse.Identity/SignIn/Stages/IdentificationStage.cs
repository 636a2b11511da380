using Gatehouse.Identity.Mfa;
using Gatehouse.Identity.Mfa.Validate;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Asks who somebody is. Says the same to a name that exists and to one that does not, and takes as long.</summary>
internal sealed partial class IdentificationStage(GatehouseDb db, UserLookup users, PasswordProof proof, IdentificationPasskey passkey, ILogger<IdentificationStage> logger) : IStage
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
        var settings = new StageSettings(stage);
        var embedded = settings.Id("password_stage");
        if (run.Query.LoginHint is { } hint && embedded is null && settings.Flag("pretend_user_exists", true))
        {
            await IdentifyAsync(run, settings, hint, cancellationToken);
            return StageAnswers.Pass;
        }

        return new StageStep.Ask(new IdentificationChallenge(
            settings.Texts("user_fields", ["email", "username"]),
            PasswordFields: embedded is not null,
            AllowShowPassword: embedded is { } id && await AllowsShowAsync(id, cancellationToken),
            run.Flow.Designation,
            PrimaryAction: run.Flow.Designation == "authentication" ? "Log in" : "Continue",
            settings.Flag("show_source_labels", false),
            run.Query.LoginHint ?? run.Browser?.User.Username,
            await ApplicationAsync(run, cancellationToken))
        {
            EnableRememberMe = settings.Flag("enable_remember_me", false),
            PasswordlessUrl = await passkey.PasswordlessUrlAsync(run, settings, cancellationToken),
            PasskeyChallenge = await passkey.AskAsync(run, settings, cancellationToken),
        });
    }

    /// <inheritdoc/>
    public async Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        var settings = new StageSettings(stage);
        if (answer.Object("passkey") is { } posted)
        {
            return await passkey.AnswerAsync(run, settings, asked, posted, cancellationToken);
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

        if (settings.Id("password_stage") is not null)
        {
            return await WithPasswordAsync(run, settings, asked, answer, typed, cancellationToken);
        }

        if (await IdentifyAsync(run, settings, typed, cancellationToken) is null && !settings.Flag("pretend_user_exists", true))
        {
            LogUnknown();
            return StageAnswers.Fault(asked, "non_field_errors", Failed, "invalid");
        }

        return StageAnswers.Pass;
    }

    private async Task<StageStep> WithPasswordAsync(
        FlowRun run, StageSettings settings, Challenge asked, FlowAnswer answer, string typed, CancellationToken cancellationToken)
    {
        if (StageAnswers.Missing(asked, answer, "password") is { } missing)
        {
            return missing;
        }

        var user = await IdentifyAsync(run, settings, typed, cancellationToken);
        switch (await proof.CheckAsync(run, answer.Text("password") ?? "", cancellationToken))
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

    private async Task<User?> IdentifyAsync(FlowRun run, StageSettings settings, string typed, CancellationToken cancellationToken)
    {
        var user = await users.FindAsync(
            typed, settings.Texts("user_fields", ["email", "username"]), settings.Flag("case_insensitive_matching", true), cancellationToken);
        run.State.Identifier = typed;
        run.State.UserId = user?.Id;
        run.State.Amr = []; // proof of one person is none of another
        run.State.PasswordMark = null;
        run.State.Mfa = new MfaState();
        return user;
    }

    private async Task<bool> AllowsShowAsync(Guid passwordStage, CancellationToken cancellationToken) =>
        await db.Stages.AsNoTracking().SingleOrDefaultAsync(s => s.Id == passwordStage, cancellationToken) is { } stage
        && new StageSettings(stage).Flag("allow_show_password", false);

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
