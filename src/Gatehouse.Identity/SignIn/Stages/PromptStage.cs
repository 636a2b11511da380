using System.Text.Json;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Prompts;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Prompts;
using Gatehouse.Model.Stages;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Web.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Asks for whatever its fields say, and keeps the answers for the stages after it. A password is kept as its hash only.</summary>
internal sealed class PromptStage(GatehouseDb db, PromptJudge judge, Passwords passwords) : IStage
{
    /// <inheritdoc/>
    public StageType Type => StageType.Prompt;

    /// <inheritdoc/>
    public bool ActsOnEntry => false;

    /// <inheritdoc/>
    public async Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken)
    {
        var fields = await FieldsAsync(run, stage, await UserAsync(run, cancellationToken), cancellationToken);
        return new StageStep.Ask(new PromptChallenge([.. fields.Select(Show)]));
    }

    /// <inheritdoc/>
    public async Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        if (StageAnswers.Unnamed(asked, answer) is { } unnamed)
        {
            return unnamed;
        }

        var user = await UserAsync(run, cancellationToken);
        var judged = await judge.JudgeAsync(run, stage, await FieldsAsync(run, stage, user, cancellationToken), user, answer, cancellationToken);
        if (judged.Faults.Count > 0)
        {
            return new StageStep.Ask(asked with { ResponseErrors = judged.Faults });
        }

        if (judged.Password is { } password)
        {
            if (await passwords.HashAsync(password, ClientAddress.Of(run.Http), cancellationToken) is not { } hash)
            {
                return new StageStep.Busy();
            }

            run.State.NewPasswordHash = hash;
        }

        foreach (var (key, value) in judged.Values)
        {
            run.State.Data[key] = value;
        }

        return StageAnswers.Pass;
    }

    private async Task<User?> UserAsync(FlowRun run, CancellationToken cancellationToken) =>
        run.IsProven && run.PendingUserId is { } id ? await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == id, cancellationToken) : null;

    private async Task<List<AskedField>> FieldsAsync(FlowRun run, Stage stage, User? user, CancellationToken cancellationToken)
    {
        var ids = stage.Setting(PromptSettings.Fields).ToList();
        var found = await db.PromptFields.AsNoTracking().Where(f => ids.Contains(f.Id)).ToListAsync(cancellationToken);
        return [.. found.OrderBy(f => f.Order).ThenBy(f => ids.IndexOf(f.Id)).Select(f => Ask(f, run, user))];
    }

    private static AskedField Ask(PromptField field, FlowRun run, User? user)
    {
        var shown = ShownPrompt.Of(field, user);
        return new AskedField(field, shown.Placeholder, Given(run, field.FieldKey) ?? shown.Initial, shown.Choices);
    }

    // What an invitation fixed, or was answered before, is what the field shows at first.
    private static string? Given(FlowRun run, string key) =>
        run.State.Fixed.TryGetValue(key, out var settled) || run.State.Data.TryGetValue(key, out settled)
            ? settled.ValueKind == JsonValueKind.String ? settled.GetString() : settled.GetRawText()
            : null;

    private static PromptQuestion Show(AskedField asked) => new(
        asked.Field.FieldKey,
        asked.Field.Label,
        asked.Field.Type,
        asked.Field.IsRequired && !PromptTypes.IsDisplay(asked.Field.Type),
        asked.Placeholder,
        asked.Field.Type == PromptTypes.Password ? "" : asked.Initial,
        asked.Field.Order,
        asked.Field.SubText,
        PromptTypes.IsChoice(asked.Field.Type) ? [.. asked.Choices.Select(c => new ChoiceOption(c.Value, c.Label))] : null);
}
