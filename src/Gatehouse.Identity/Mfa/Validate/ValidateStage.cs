using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Mfa.Codes;
using Gatehouse.Identity.Mfa.WebAuthn;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Authenticators.WebAuthn;
using Gatehouse.Model.Flows;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Mfa.Validate;

/// <summary>Asks for a proof by an authenticator: as a second factor, or, where nobody has proved anything yet, by a passkey alone.</summary>
internal sealed partial class ValidateStage(
    Devices devices, CodeProof codes, Ceremonies ceremonies, PasskeyProof passkeys, NotConfigured notConfigured, MfaCookie cookie,
    WebAuthnChallenges challenges, RelyingParty party, MfaEvents events, RecoveryNotices notices, ILogger<ValidateStage> logger) : IStage
{
    private const string PasskeyUid = "-1";

    /// <inheritdoc/>
    public StageType Type => StageType.AuthenticatorValidate;

    /// <inheritdoc/>
    public bool ActsOnEntry => false;

    /// <inheritdoc/>
    public async Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken)
    {
        var settings = new ValidateSettings(stage);
        switch (run.State)
        {
            // A passkey that has verified the person is two factors at once.
            case { Mfa.IsPasskeyVerified: true }:
                return StageAnswers.Pass;

            case var _ when SubjectOf(run) is { } id:
                var usable = await UsableAsync(id, settings, cancellationToken);
                return usable.Count == 0 ? await notConfigured.EnterAsync(run, stage, settings, cancellationToken)
                    : await IsRememberedAsync(run, stage, settings, id, usable, cancellationToken) ? StageAnswers.Pass
                    : Ask(run, ChallengesOf(run, stage, settings, usable));

            // Nothing is proved yet. Everybody is asked alike, so nobody learns who exists or what they have.
            case { Amr: [] } when FindsOut(run) && settings.Classes.Contains(AuthenticatorClass.WebAuthn):
                return Ask(run, [new DeviceChallenge("webauthn", PasskeyUid, passkeys.Ask(run, stage))]);

            default:
                return new StageStep.Deny("Start again: it is not known who signs in.", "an authenticator stage that takes no passkeys, before anything was proved");
        }
    }

    /// <inheritdoc/>
    public async Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        var settings = new ValidateSettings(stage);
        if (asked is not ValidateChallenge { DeviceChallenges: [_, ..] })
        {
            return await notConfigured.AnswerAsync(run, settings, asked, answer, cancellationToken);
        }

        if (SubjectOf(run) is not { } id)
        {
            return answer.Object("webauthn") is not { } passkey ? Fault(asked, "webauthn", "This field is required.", "required")
                : await passkeys.CheckAsync(run, stage, passkey, cancellationToken) ? StageAnswers.Pass
                : Fault(asked, "webauthn", PasskeyProof.Refusal, "invalid");
        }

        return answer.Object("webauthn") is { } posted ? await KeyAsync(run, stage, settings, id, asked, posted, cancellationToken)
            : answer.Text("code") is not null ? await CodeAsync(run, stage, settings, id, asked, answer, cancellationToken)
            : answer.Object("selected_challenge") is not null ? new StageStep.Ask(asked) // nothing has to be sent for the classes there are
            : Fault(asked, "non_field_errors", "Empty response", "invalid");
    }

    // Of whom an authenticator is asked for: whoever has proved something in this run, else, on the way to an application, whoever is signed in, and nobody else.
    private static int? SubjectOf(FlowRun run) =>
        run.State is { Amr: [_, ..], UserId: { } id } ? id
        : !FindsOut(run) && run.IsProvenByBrowserAlone ? run.PendingUserId
        : null;

    // Whether the flow is there to find out who somebody is.
    private static bool FindsOut(FlowRun run) => run.Flow.Designation is "authentication" or "enrollment" or "recovery";

    private async Task<StageStep> CodeAsync(
        FlowRun run, Stage stage, ValidateSettings settings, int userId, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        if (StageAnswers.Missing(asked, answer, "code") is { } missing)
        {
            return missing;
        }

        switch (await codes.CheckAsync(userId, answer.Text("code") ?? "", settings.Codes, cancellationToken))
        {
            case CodeVerdict.Right right:
                if (right.Device is StaticDevice)
                {
                    notices.Used(run, userId);
                }

                return await ProvedAsync(run, stage, settings, right.Device, cancellationToken);
            case CodeVerdict.TooSoon soon:
                LogTooSoon(soon.Class, userId);
                return Fault(asked, "code", $"Too many tries. Wait {Math.Ceiling(soon.Wait.TotalSeconds):0} seconds before the next one.", "throttled");
            case CodeVerdict.Wrong wrong:
                LogWrong(wrong.Class, userId);
                await events.FailedAsync(run, stage, wrong.Class, cancellationToken);
                return Fault(asked, "code", "Invalid token. Each code works once; check that the clock of your device is right.", "invalid");
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task<StageStep> KeyAsync(
        FlowRun run, Stage stage, ValidateSettings settings, int userId, Challenge asked, JsonElement posted, CancellationToken cancellationToken)
    {
        if (!settings.Classes.Contains(AuthenticatorClass.WebAuthn))
        {
            return Fault(asked, "webauthn", "Security keys can't be used here.", "invalid");
        }

        switch (await ceremonies.ProveAsync(run, stage, posted, settings.Proofs(userId), cancellationToken))
        {
            // Touched once it stood for the password; touched twice it is still one factor.
            case ProofResult.Right { IsUserVerified: false } same when !run.State.IsProved && run.State.Mfa.Devices.Contains(UsedDevice.Of(same.Device)):
                LogRefused(userId, "the key that stands for the password, and again it was only touched");
                return Fault(asked, "webauthn", "This security key was used already. Use its PIN, or another way.", "invalid");
            case ProofResult.Right right:
                return await ProvedAsync(run, stage, settings, right.Device, cancellationToken);
            case ProofResult.Refused refused:
                LogRefused(userId, refused.Reason);
                if (refused.Cloned is { } device)
                {
                    await events.ClonedAsync(run, device, cancellationToken);
                }

                await events.FailedAsync(run, stage, AuthenticatorClass.WebAuthn, cancellationToken);
                return Fault(asked, "webauthn", "This security key was not accepted. Try again, or use another way.", "invalid");
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task<StageStep> ProvedAsync(FlowRun run, Stage stage, ValidateSettings settings, Authenticator device, CancellationToken cancellationToken)
    {
        if (!run.State.Amr.Contains("mfa"))
        {
            run.State.Amr.Add("mfa");
        }

        run.State.Mfa.Devices.Add(UsedDevice.Of(device));
        if (settings.Threshold is var life && life > TimeSpan.Zero)
        {
            cookie.Write(run, stage, device, await devices.RememberMarkAsync(device.UserId, cancellationToken), life);
        }

        return StageAnswers.Pass;
    }

    // Whoever has to sign in again is asked again: that is what they are sent here for.
    private async Task<bool> IsRememberedAsync(
        FlowRun run, Stage stage, ValidateSettings settings, int userId, IReadOnlyList<Authenticator> usable, CancellationToken cancellationToken) =>
        settings.Threshold is var threshold && threshold > TimeSpan.Zero && !run.Query.AsksToSignInAgain
        && cookie.Find(run, stage, userId, await devices.RememberMarkAsync(userId, cancellationToken), usable, threshold) is not null;

    private async Task<IReadOnlyList<Authenticator>> UsableAsync(int userId, ValidateSettings settings, CancellationToken cancellationToken)
    {
        var rules = settings.Proofs(userId);
        var found = await devices.UsableAsync(userId, settings.Classes, cancellationToken);
        return [.. found.Where(d => d is not WebAuthnDevice key || rules.Allow(key.Aaguid))];
    }

    // One for each class, as clients expect: a browser is asked for all keys at once, and a code may be any device's.
    private List<DeviceChallenge> ChallengesOf(FlowRun run, Stage stage, ValidateSettings settings, IReadOnlyList<Authenticator> usable) =>
    [
        .. usable.GroupBy(d => d.Class).Select(same => new DeviceChallenge(
            same.Key.Word(),
            same.First().Id.ToString(CultureInfo.InvariantCulture),
            same.Key == AuthenticatorClass.WebAuthn ? AskKeys(run, stage, settings, same.OfType<WebAuthnDevice>()) : [])
        {
            LastUsed = same.First().LastUsedAt,
        }),
    ];

    private JsonObject AskKeys(FlowRun run, Stage stage, ValidateSettings settings, IEnumerable<WebAuthnDevice> keys) =>
        WebAuthnOptions.Get(party, challenges.Make(run, stage, ClientData.Get), settings.Proofs(null).Verification, settings.Hints, keys);

    private static StageStep.Ask Ask(FlowRun run, IReadOnlyList<DeviceChallenge> ways) =>
        new(new ValidateChallenge(run.PendingUser, StageAnswers.Avatar, ways, []));

    private static StageStep Fault(Challenge asked, string field, string text, string code) => StageAnswers.Fault(asked, field, text, code);

    [LoggerMessage(EventId = 2312, Level = LogLevel.Information, Message = "Wrong {Class} code for user {UserId}")]
    private partial void LogWrong(AuthenticatorClass @class, int userId);

    [LoggerMessage(EventId = 2313, Level = LogLevel.Warning, Message = "A {Class} code for user {UserId} was not looked at: too many wrong ones before it")]
    private partial void LogTooSoon(AuthenticatorClass @class, int userId);

    [LoggerMessage(EventId = 2314, Level = LogLevel.Warning, Message = "A security key was refused for user {UserId}: {Reason}")]
    private partial void LogRefused(int userId, string reason);
}
