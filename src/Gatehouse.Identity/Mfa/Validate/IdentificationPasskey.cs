using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Stages;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Mfa.Validate;

/// <summary>The way past the name: a passkey picked on the same page.</summary>
internal sealed class IdentificationPasskey(GatehouseDb db, PasskeyProof proof)
{
    /// <summary>What the browser may be asked; null when the stage offers no passkeys.</summary>
    public async Task<JsonObject?> AskAsync(FlowRun run, Stage stage, CancellationToken cancellationToken) =>
        await FindAsync(stage, cancellationToken) is { } validation ? proof.Ask(run, validation) : null;

    /// <summary>Judges a passkey.</summary>
    public async Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, JsonElement posted, CancellationToken cancellationToken)
    {
        if (await FindAsync(stage, cancellationToken) is not { } validation)
        {
            return StageAnswers.Fault(asked, "passkey", "Passkeys can't be used here.", "invalid");
        }

        return await proof.CheckAsync(run, validation, posted, cancellationToken)
            ? StageAnswers.Pass
            : StageAnswers.Fault(asked, "passkey", PasskeyProof.Refusal, "invalid");
    }

    private async Task<Stage?> FindAsync(Stage stage, CancellationToken cancellationToken) =>
        stage.Setting(IdentificationSettings.WebauthnStage) is { } id
        && await db.Stages.AsNoTracking().SingleOrDefaultAsync(s => s.Id == id && s.Type == StageType.AuthenticatorValidate, cancellationToken) is { } found
        && new ValidateSettings(found).Classes.Contains(AuthenticatorClass.WebAuthn)
            ? found
            : null;
}
