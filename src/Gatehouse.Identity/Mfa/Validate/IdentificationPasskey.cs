using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Flows;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Mfa.Validate;

/// <summary>The ways past the name: a passkey picked on the same page, and the flow without passwords.</summary>
internal sealed class IdentificationPasskey(GatehouseDb db, PasskeyProof proof)
{
    /// <summary>What the browser may be asked; null when the stage offers no passkeys.</summary>
    public async Task<JsonObject?> AskAsync(FlowRun run, StageSettings settings, CancellationToken cancellationToken) =>
        await FindAsync(settings, cancellationToken) is { } stage ? proof.Ask(run, stage) : null;

    /// <summary>Judges a passkey.</summary>
    public async Task<StageStep> AnswerAsync(FlowRun run, StageSettings settings, Challenge asked, JsonElement posted, CancellationToken cancellationToken)
    {
        if (await FindAsync(settings, cancellationToken) is not { } stage)
        {
            return StageAnswers.Fault(asked, "passkey", "Passkeys can't be used here.", "invalid");
        }

        return await proof.CheckAsync(run, stage, posted, cancellationToken)
            ? StageAnswers.Pass
            : StageAnswers.Fault(asked, "passkey", PasskeyProof.Refusal, "invalid");
    }

    /// <summary>Where the flow without passwords is; null when the stage names none.</summary>
    public async Task<string?> PasswordlessUrlAsync(FlowRun run, StageSettings settings, CancellationToken cancellationToken) =>
        settings.Id("passwordless_flow") is { } id && await db.Flows.Where(f => f.Id == id).Select(f => f.Slug).SingleOrDefaultAsync(cancellationToken) is { } slug
            ? $"/if/flow/{slug}/{(run.Query.Raw.Length > 0 ? "?" + run.Query.Raw : "")}"
            : null;

    private async Task<Stage?> FindAsync(StageSettings settings, CancellationToken cancellationToken) =>
        settings.Id("webauthn_stage") is { } id
        && await db.Stages.AsNoTracking().SingleOrDefaultAsync(s => s.Id == id && s.Type == StageType.AuthenticatorValidate, cancellationToken) is { } stage
        && new ValidateSettings(stage).Classes.Contains(AuthenticatorClass.WebAuthn)
            ? stage
            : null;
}
