using System.Globalization;
using System.Security.Cryptography;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Web.Pages;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Mfa.Setup;

/// <summary>Enrols an authenticator app: shows a secret, and keeps it once a code proves that an app has it.</summary>
internal sealed partial class TotpSetupStage(
    GatehouseDb db, SetupGate gate, Enrolments enrolments, Issuer issuer, ISecretBox box, NewDevices made, TimeProvider clock, ILogger<TotpSetupStage> logger)
    : SetupStage(gate)
{
    /// <inheritdoc/>
    public override StageType Type => StageType.AuthenticatorTotp;

    /// <inheritdoc/>
    protected override string Component => "ak-stage-authenticator-totp";

    /// <inheritdoc/>
    protected override async Task<StageStep> AskAsync(FlowRun run, Stage stage, User user, CancellationToken cancellationToken)
    {
        if (await db.TotpDevices.CountAsync(d => d.UserId == user.Id, cancellationToken) >= Devices.Most)
        {
            return TooMany();
        }

        var digits = DigitsOf(stage);
        var url = Totp.ConfigUrl(await issuer.NameAsync(cancellationToken), user.Username, SecretOf(Begun(run, stage, user)), digits);
        return new StageStep.Ask(new TotpChallenge(run.PendingUser, StageAnswers.Avatar, url, QrPicture.Of(url), digits));
    }

    /// <inheritdoc/>
    protected override async Task<StageStep> EnrolAsync(FlowRun run, Stage stage, User user, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        if (StageAnswers.Missing(asked, answer, "code") is { } missing)
        {
            return missing;
        }

        var begun = Begun(run, stage, user);
        var (secret, digits, now) = (SecretOf(begun), DigitsOf(stage), clock.GetUtcNow());
        var code = string.Concat((answer.Text("code") ?? "").Where(c => !char.IsWhiteSpace(c)));
        if (Totp.StepOf(code, secret, digits, now, burnt: 0) is not { } step)
        {
            return StageAnswers.Fault(asked, "code", "Code does not match. Check that the clock of your device is right.", "invalid");
        }

        var device = new TotpDevice
        {
            UserId = user.Id,
            Name = new StageSettings(stage).NameOr("Authenticator app"),
            EnrolmentId = begun.Id,
            SealedSecret = box.Seal(secret, SecretPurposes.TotpDeviceSecret),
            Digits = digits,
            LastStep = step, // the code that enrols is burnt as any other
            CreatedAt = now,
            UpdatedAt = now,
        };
        if (await made.TryAddAsync(run, user, device, cancellationToken))
        {
            LogEnrolled(user.Id, device.Id);
        }

        return StageAnswers.Pass;
    }

    private Enrolment Begun(FlowRun run, Stage stage, User user) =>
        enrolments.FindOrBegin(run, stage, user.Id, () => [Convert.ToBase64String(RandomNumberGenerator.GetBytes(Totp.SecretSize))]);

    private static byte[] SecretOf(Enrolment begun) => Convert.FromBase64String(begun.Secrets[0]);

    private static int DigitsOf(Stage stage) => int.Parse(new StageSettings(stage).Text("digits", "6"), CultureInfo.InvariantCulture);

    [LoggerMessage(EventId = 2301, Level = LogLevel.Information, Message = "User {UserId} enrolled authenticator app {DeviceId}")]
    private partial void LogEnrolled(int userId, int deviceId);
}
