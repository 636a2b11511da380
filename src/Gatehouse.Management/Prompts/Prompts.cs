using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Prompts;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Stages;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Prompts.PromptField>;

namespace Gatehouse.Management.Prompts;

/// <summary>What a caller says about a field of a prompt. Absent fields stay as they are.</summary>
internal sealed class PromptFields
{
    public Maybe<string> Name { get; init; }

    public Maybe<string> FieldKey { get; init; }

    public Maybe<string> Label { get; init; }

    public Maybe<string> Type { get; init; }

    public Maybe<bool> IsRequired { get; init; }

    public Maybe<string> Placeholder { get; init; }

    public Maybe<bool> PlaceholderIsExpression { get; init; }

    public Maybe<string> InitialValue { get; init; }

    public Maybe<bool> InitialValueIsExpression { get; init; }

    public Maybe<int> Order { get; init; }

    public Maybe<string> SubText { get; init; }

    /// <summary>The stages that ask it, all of them.</summary>
    public Maybe<List<Guid>> Stages { get; init; }

    /// <summary>Puts the fields into <paramref name="field"/>; says what breaks a rule.</summary>
    public IEnumerable<Fault> ApplyTo(PromptField field)
    {
        field.Name = Name.Or(field.Name);
        field.FieldKey = FieldKey.Or(field.FieldKey);
        field.Label = Label.Or(field.Label);
        field.Type = Type.Or(field.Type);
        field.IsRequired = IsRequired.Or(field.IsRequired);
        field.Placeholder = Placeholder.Or(field.Placeholder);
        field.PlaceholderIsExpression = PlaceholderIsExpression.Or(field.PlaceholderIsExpression);
        field.InitialValue = InitialValue.Or(field.InitialValue);
        field.InitialValueIsExpression = InitialValueIsExpression.Or(field.InitialValueIsExpression);
        field.Order = Order.Or(field.Order);
        field.SubText = SubText.Or(field.SubText);
        if (!PromptTypes.All.Contains(field.Type))
        {
            yield return new Fault("type", $"\"{field.Type}\" is not a valid choice. Known: {string.Join(", ", PromptTypes.All)}.");
        }

        const string Unknown = "This expression is not understood. Known: return user.email (also username, name, uuid, path), return user.attributes.get(\"key\", \"otherwise\"), return \"text\", return [\"a\", \"b\"].";
        if (field.PlaceholderIsExpression && PromptExpression.Read(field.Placeholder) is null)
        {
            yield return new Fault("placeholder", Unknown);
        }

        if (field.InitialValueIsExpression && PromptExpression.Read(field.InitialValue) is null)
        {
            yield return new Fault("initial_value", Unknown);
        }
    }
}

/// <summary>A field with the stages that ask it.</summary>
internal sealed record PromptFacts(PromptField Field, IReadOnlyList<Stage> Stages);

/// <summary>Reads fields of prompts.</summary>
internal sealed class PromptDirectory(GatehouseDb db)
{
    public async Task<PromptFacts?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        var field = await db.PromptFields.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, cancellationToken);
        return field is null ? null : Describe(field, await StagesAsync(cancellationToken));
    }

    public async Task<Slice<PromptFacts>> ListAsync(
        Func<IQueryable<PromptField>, IQueryable<PromptField>> filter, Func<IQueryable<PromptField>, IQueryable<PromptField>> order, Paging paging, CancellationToken cancellationToken)
    {
        var slice = await order(filter(db.PromptFields.AsNoTracking())).SliceAsync(paging, cancellationToken);
        var stages = await StagesAsync(cancellationToken);
        return new Slice<PromptFacts>([.. slice.Items.Select(f => Describe(f, stages))], slice.Total);
    }

    private Task<List<Stage>> StagesAsync(CancellationToken cancellationToken) =>
        db.Stages.AsNoTracking().Where(s => s.Type == StageType.Prompt).OrderBy(s => s.Name).ToListAsync(cancellationToken);

    private static PromptFacts Describe(PromptField field, List<Stage> stages) => new(field, stages.FindAll(s => s.Setting(PromptSettings.Fields).Contains(field.Id)));
}

/// <summary>Adds a field of prompts, or changes one.</summary>
internal sealed class SavePrompt(GatehouseDb db, Writer writer)
{
    public Task<Result> CreateAsync(PromptFields fields, CancellationToken cancellationToken) => writer.RunAsync<PromptField>(
        Topic.Identity,
        async () =>
        {
            var field = new PromptField { Id = Guid.CreateVersion7(), Name = "", FieldKey = "", Label = "", Type = "" };
            db.PromptFields.Add(field);
            return await ApplyAsync(field, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, PromptFields fields, CancellationToken cancellationToken) => writer.RunAsync<PromptField>(
        Topic.Identity,
        async () => await db.PromptFields.SingleOrDefaultAsync(p => p.Id == id, cancellationToken) is { } field
            ? await ApplyAsync(field, fields, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(PromptField field, PromptFields fields, CancellationToken cancellationToken)
    {
        var faults = fields.ApplyTo(field).ToList();
        if (fields.Stages.Is(out var stages))
        {
            faults.AddRange(await PromptUses.MoveAsync(db, field.Id, stages, cancellationToken));
        }

        return faults.Count > 0 ? new Result.Refused(faults)
            : await db.PromptFields.AnyAsync(p => p.Name == field.Name && p.Id != field.Id, cancellationToken) ? new Result.Taken(new Fault("name", "prompt with this name already exists."))
            : new Result.Done(field);
    }
}

/// <summary>Removes a field; stages ask without it.</summary>
internal sealed class DeletePrompt(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<PromptField>(
        Topic.Identity,
        async () =>
        {
            if (await db.PromptFields.SingleOrDefaultAsync(p => p.Id == id, cancellationToken) is not { } field)
            {
                return new Result.Missing();
            }

            db.PromptFields.Remove(field);
            await PromptUses.MoveAsync(db, id, [], cancellationToken);
            return new Result.Done(field);
        },
        cancellationToken);
}
