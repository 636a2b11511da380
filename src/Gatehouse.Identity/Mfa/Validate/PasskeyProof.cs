using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Mfa.WebAuthn;
using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Authenticators.WebAuthn;
using Gatehouse.Model.Flows;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Mfa.Validate;

/// <summary>Signs people in by a passkey alone: the authenticator says who they are. What is asked tells nothing about who exists.</summary>
internal sealed partial class PasskeyProof(
    Ceremonies ceremonies, WebAuthnChallenges challenges, RelyingParty party, MfaEvents events, ILogger<PasskeyProof> logger)
{
    /// <summary>What the person is told, whatever was wrong.</summary>
    public const string Refusal = "This passkey was not accepted. Try again, or sign in another way.";

    /// <summary>What the browser is asked, for a proof at <paramref name="stage"/>.</summary>
    public JsonObject Ask(FlowRun run, Stage stage)
    {
        var settings = new ValidateSettings(stage);
        return WebAuthnOptions.Get(party, challenges.Make(run, stage, ClientData.Get), settings.Proofs(null).Verification, settings.Hints, []);
    }

    /// <summary>Whether <paramref name="posted"/> proves somebody; the run then knows whom.</summary>
    public async Task<bool> CheckAsync(FlowRun run, Stage stage, JsonElement posted, CancellationToken cancellationToken)
    {
        var state = run.State;
        var result = await ceremonies.ProveAsync(run, stage, posted, new ValidateSettings(stage).Proofs(null), cancellationToken);
        var reason = result switch
        {
            ProofResult.Refused refused => refused.Reason,
            ProofResult.Right right when !BrowserSessions.MaySignIn(right.User) => "the user may not sign in",

            // A name was typed before: the passkey has to be that person's.
            ProofResult.Right right when state.Identifier is not null && state.UserId != right.User.Id => "the passkey is of another user than was named",
            _ => null,
        };
        if (reason is not null || result is not ProofResult.Right proved)
        {
            LogRefused(reason ?? "");
            await TellAsync(run, stage, result, cancellationToken);
            return false;
        }

        state.Identifier ??= proved.User.Username;
        state.UserId = proved.User.Id;
        state.Amr.Add("user");
        state.Mfa.IsPasskeyVerified = proved.IsUserVerified;
        state.Mfa.Devices.Add(UsedDevice.Of(proved.Device));
        return true;
    }

    private async Task TellAsync(FlowRun run, Stage stage, ProofResult result, CancellationToken cancellationToken)
    {
        if (result is ProofResult.Refused { Cloned: { } device })
        {
            await events.ClonedAsync(run, device, cancellationToken);
        }

        await events.FailedAsync(run, stage, AuthenticatorClass.WebAuthn, cancellationToken);
    }

    [LoggerMessage(EventId = 2311, Level = LogLevel.Warning, Message = "A passkey was refused: {Reason}")]
    private partial void LogRefused(string reason);
}
