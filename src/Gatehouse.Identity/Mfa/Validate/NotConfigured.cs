using Gatehouse.Identity.Mfa.Setup;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Flows;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Mfa.Validate;

/// <summary>What happens to people without an authenticator: on, out, or to a stage that sets one up.</summary>
internal sealed class NotConfigured(GatehouseDb db, Devices devices, MfaEvents events, TotpSetupStage totp, StaticSetupStage codes, WebAuthnSetupStage keys)
{
    private const string NoneAllowed = "No allowed authenticator is set up for your account. Ask your administrator.";
    private const string NoStages = "The stage asks people to set up an authenticator, but names no stage to do so.";

    /// <summary>Enters.</summary>
    public async Task<StageStep> EnterAsync(FlowRun run, Stage stage, ValidateSettings settings, CancellationToken cancellationToken)
    {
        // Who set up a key counts on it: that the host was given another name must not leave the password alone, nor let whoever has it set up a key of their own.
        if (settings.Classes.Contains(AuthenticatorClass.WebAuthn) && run.PendingUserId is { } id && await devices.HasStrandedAsync(id, cancellationToken))
        {
            return new StageStep.Deny("Your security key belongs to a former address of this page. Ask your administrator.", "the user's keys are of another host, and nothing else is usable");
        }

        // The same where the session is all that is known: its owner's authenticators of other classes were not asked for, so none is put beside them.
        if (settings.NotConfiguredAction == "configure" && run is { IsProvenByBrowserAlone: true, PendingUserId: { } owner, Browser: { } browser }
            && !browser.Session.Amr.Contains("mfa") && await devices.HasAnyAsync(owner, cancellationToken))
        {
            return new StageStep.Deny(NoneAllowed, "the user has authenticators of other classes only, and has shown none of them");
        }

        return settings.NotConfiguredAction switch
        {
            "skip" => StageAnswers.Pass,
            "configure" => await ConfigureAsync(run, stage, settings, cancellationToken),
            _ => new StageStep.Deny(NoneAllowed, "the user has no authenticator that this stage takes"),
        };
    }

    /// <summary>Judges an answer: the choice of a set-up stage, or an answer to the one that runs.</summary>
    public async Task<StageStep> AnswerAsync(FlowRun run, ValidateSettings settings, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        var choices = await ChoicesAsync(settings, cancellationToken);
        if (asked is not ValidateChallenge)
        {
            var running = Chosen(run, choices);
            return running is null ? new StageStep.Ask(asked) : await KindOf(running).AnswerAsync(run, running, asked, answer, cancellationToken);
        }

        if (StageAnswers.Missing(asked, answer, "selected_stage") is { } missing)
        {
            return missing;
        }

        if (!Guid.TryParse(answer.Text("selected_stage"), out var wanted) || choices.Find(c => c.Id == wanted) is not { } chosen)
        {
            return StageAnswers.Fault(asked, "selected_stage", "Invalid stage selected", "invalid");
        }

        run.State.Mfa.SetupStage = chosen.Id;
        run.MustSave = true;
        return await BeginAsync(run, chosen, cancellationToken);
    }

    private async Task<StageStep> ConfigureAsync(FlowRun run, Stage stage, ValidateSettings settings, CancellationToken cancellationToken)
    {
        var choices = await ChoicesAsync(settings, cancellationToken);
        if (choices.Count == 0)
        {
            events.Misconfigured(run, stage, NoStages);
            return new StageStep.Deny(NoneAllowed, NoStages);
        }

        return Chosen(run, choices) is { } chosen
            ? await BeginAsync(run, chosen, cancellationToken)
            : new StageStep.Ask(new ValidateChallenge(run.PendingUser, StageAnswers.Avatar, [], [.. choices.Select(Describe)]));
    }

    // To pass would be to let somebody in who has an authenticator, if of another class, and was not asked for it.
    private async Task<StageStep> BeginAsync(FlowRun run, Stage chosen, CancellationToken cancellationToken) =>
        await KindOf(chosen).EnterAsync(run, chosen, cancellationToken) is var step and not StageStep.Pass
            ? step
            : new StageStep.Deny(NoneAllowed, "the user has authenticators of other classes only; bind a stage that asks for those before this one");

    private static Stage? Chosen(FlowRun run, List<Stage> choices) =>
        choices is [var only] ? only : choices.Find(c => c.Id == run.State.Mfa.SetupStage);

    private async Task<List<Stage>> ChoicesAsync(ValidateSettings settings, CancellationToken cancellationToken)
    {
        var ids = settings.SetupStages;
        var found = await db.Stages.AsNoTracking().Where(s => ids.Contains(s.Id)).ToListAsync(cancellationToken);
        return [.. ids.Select(id => found.Find(s => s.Id == id)).OfType<Stage>().Where(s => s.Type is StageType.AuthenticatorTotp or StageType.AuthenticatorStatic or StageType.AuthenticatorWebAuthn)];
    }

    private SetupStage KindOf(Stage stage) => stage.Type switch
    {
        StageType.AuthenticatorTotp => totp,
        StageType.AuthenticatorStatic => codes,
        _ => keys,
    };

    private static SelectableStage Describe(Stage stage)
    {
        var (label, word) = SetupWords.Of(stage.Type);
        return new SelectableStage(stage.Id, new StageSettings(stage).NameOr(label), $"{label} setup stage", $"authentik_stages_authenticator_{word}.authenticator{word}stage");
    }
}
