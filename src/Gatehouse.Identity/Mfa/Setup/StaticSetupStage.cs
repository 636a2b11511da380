using Gatehouse.Identity.Mfa.Codes;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Users;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Mfa.Setup;

/// <summary>Makes recovery codes. They are shown until the person goes on, and only then replace the older ones.</summary>
internal sealed partial class StaticSetupStage(
    SetupGate gate, Enrolments enrolments, RecoveryCodes recovery, NewDevices made, TimeProvider clock, ILogger<StaticSetupStage> logger)
    : SetupStage(gate)
{
    /// <inheritdoc/>
    public override StageType Type => StageType.AuthenticatorStatic;

    /// <inheritdoc/>
    protected override string Component => "ak-stage-authenticator-static";

    /// <inheritdoc/>
    protected override Task<StageStep> AskAsync(FlowRun run, Stage stage, User user, CancellationToken cancellationToken) =>
        Task.FromResult<StageStep>(new StageStep.Ask(new StaticChallenge(run.PendingUser, StageAnswers.Avatar, Begun(run, stage, user).Secrets)));

    /// <inheritdoc/>
    protected override async Task<StageStep> EnrolAsync(FlowRun run, Stage stage, User user, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        var (begun, now) = (Begun(run, stage, user), clock.GetUtcNow());
        var device = new StaticDevice
        {
            UserId = user.Id,
            Name = new StageSettings(stage).NameOr("Recovery codes"),
            EnrolmentId = begun.Id,
            CreatedAt = now,
            UpdatedAt = now,
            Codes = [.. begun.Secrets.Select(c => new StaticCode { DeviceId = 0, Hash = recovery.HashOf(user.Id, c) })], // the key is filled in when it is made
        };
        if (await made.TryAddAsync(run, user, device, cancellationToken))
        {
            LogMade(user.Id, device.Codes.Count);
        }

        return StageAnswers.Pass;
    }

    private Enrolment Begun(FlowRun run, Stage stage, User user) => enrolments.FindOrBegin(run, stage, user.Id, () =>
    {
        var settings = new StageSettings(stage);
        var length = settings.Number("token_length", 12);
        return [.. Enumerable.Range(0, settings.Number("token_count", 6)).Select(_ => RecoveryCodes.Make(length))];
    });

    [LoggerMessage(EventId = 2302, Level = LogLevel.Information, Message = "User {UserId} made {Count} recovery codes")]
    private partial void LogMade(int userId, int count);
}
