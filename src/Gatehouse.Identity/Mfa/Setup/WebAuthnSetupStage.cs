using Gatehouse.Identity.Mfa.WebAuthn;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Authenticators.WebAuthn;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Mfa.Setup;

/// <summary>Enrols a security key or passkey.</summary>
internal sealed partial class WebAuthnSetupStage(
    GatehouseDb db, SetupGate gate, Ceremonies ceremonies, WebAuthnChallenges challenges, RelyingParty party, Issuer issuer, InstallId install,
    NewDevices devices, TimeProvider clock, ILogger<WebAuthnSetupStage> logger)
    : SetupStage(gate)
{
    /// <inheritdoc/>
    public override StageType Type => StageType.AuthenticatorWebAuthn;

    /// <inheritdoc/>
    protected override string Component => "ak-stage-authenticator-webauthn";

    /// <inheritdoc/>
    protected override async Task<StageStep> AskAsync(FlowRun run, Stage stage, User user, CancellationToken cancellationToken)
    {
        var known = await db.WebAuthnDevices.AsNoTracking().Where(d => d.UserId == user.Id && d.RpId == party.Id).OrderBy(d => d.Id).ToListAsync(cancellationToken);
        if (known.Count >= Devices.Most)
        {
            return TooMany();
        }

        var options = WebAuthnOptions.Create(
            party,
            await issuer.NameAsync(cancellationToken),
            UserUid.Of(user.Id, await install.GetAsync(cancellationToken)),
            user.Username,
            user.Name,
            challenges.Make(run, stage, ClientData.Create),
            WishesOf(new StageSettings(stage)),
            known);
        return new StageStep.Ask(new WebAuthnChallenge(run.PendingUser, StageAnswers.Avatar, options));
    }

    /// <inheritdoc/>
    protected override async Task<StageStep> EnrolAsync(FlowRun run, Stage stage, User user, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Object("response") is not { } posted)
        {
            return StageAnswers.Fault(asked, "response", "This field is required.", "required");
        }

        var settings = new StageSettings(stage);
        var result = await ceremonies.RegisterAsync(run, stage, posted, settings.Text("user_verification", "preferred") == "required", cancellationToken);
        if (result is RegistrationResult.Made { Credential: var made })
        {
            var isOfModel = settings.Texts("device_type_restrictions", []) is not { Count: > 0 } models || models.Contains(made.Aaguid.ToString());
            result = !isOfModel ? new RegistrationResult.Refused("authenticators of this model are not allowed here")
                : await TryKeepAsync(run, settings, user, made, cancellationToken) ? result
                : new RegistrationResult.Refused("the credential is known already");
        }

        return result is RegistrationResult.Refused refused ? Refuse(run, settings, asked, user, refused) : StageAnswers.Pass;
    }

    private static CredentialWishes WishesOf(StageSettings settings) => new(
        settings.Text("resident_key_requirement", "preferred"), settings.Text("user_verification", "preferred"), settings.Text("authenticator_attachment", ""), settings.Texts("hints", []));

    private async Task<bool> TryKeepAsync(FlowRun run, StageSettings settings, User user, NewCredential made, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var device = new WebAuthnDevice
        {
            UserId = user.Id,
            Name = settings.NameOr(made.IsBackupEligible ? "Passkey" : "Security key"),
            CredentialId = made.Id,
            PublicKey = made.PublicKey,
            SignCount = made.SignCount,
            Transports = made.Transports,
            Aaguid = made.Aaguid,
            IsBackupEligible = made.IsBackupEligible,
            IsBackedUp = made.IsBackedUp,
            RpId = party.Id,
            CreatedAt = now,
            UpdatedAt = now,
        };
        if (!await devices.TryAddAsync(run, user, device, cancellationToken))
        {
            return false;
        }

        LogEnrolled(user.Id, device.Id, device.Aaguid);
        return true;
    }

    private StageStep Refuse(FlowRun run, StageSettings settings, Challenge asked, User user, RegistrationResult.Refused refused)
    {
        LogRefused(user.Id, refused.Reason);
        run.State.Mfa.Attempts++;
        run.MustSave = true;
        return settings.Number("max_attempts", 0) is > 0 and var most && run.State.Mfa.Attempts >= most
            ? new StageStep.Deny("Too many tries. Start again.", "too many refused registrations in one run")
            : StageAnswers.Fault(asked, "response", "This authenticator was not accepted. " + (refused.Advice ?? "Try again, or use another one."), "invalid");
    }

    [LoggerMessage(EventId = 2303, Level = LogLevel.Information, Message = "User {UserId} enrolled security key {DeviceId} of model {Model}")]
    private partial void LogEnrolled(int userId, int deviceId, Guid model);

    [LoggerMessage(EventId = 2304, Level = LogLevel.Warning, Message = "A security key of user {UserId} was not enrolled: {Reason}")]
    private partial void LogRefused(int userId, string reason);
}
