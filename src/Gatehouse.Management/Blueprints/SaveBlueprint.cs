using System.Text.Json.Nodes;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Blueprints;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Blueprints.BlueprintInstance>;

namespace Gatehouse.Management.Blueprints;

/// <summary>What a caller says about a blueprint. Absent fields stay as they are.</summary>
internal sealed class BlueprintFields
{
    public Maybe<string> Name { get; init; }

    public Maybe<string> Path { get; init; }

    public Maybe<string> Content { get; init; }

    public Maybe<string> ContextJson { get; init; }

    public Maybe<bool> IsEnabled { get; init; }
}

/// <summary>Keeps blueprints, and applies them.</summary>
internal sealed class SaveBlueprint(GatehouseDb db, Writer writer, ApplyBlueprint apply, BlueprintFiles files, TimeProvider clock)
{
    public Task<Result> CreateAsync(BlueprintFields fields, CancellationToken cancellationToken) => writer.RunAsync<BlueprintInstance>(
        Topic.Identity,
        async () =>
        {
            var blueprint = new BlueprintInstance { Id = Guid.CreateVersion7(), Name = "" };
            db.Blueprints.Add(blueprint);
            return await ApplyFieldsAsync(blueprint, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, BlueprintFields fields, CancellationToken cancellationToken) => writer.RunAsync<BlueprintInstance>(
        Topic.Identity,
        async () => await db.Blueprints.SingleOrDefaultAsync(b => b.Id == id, cancellationToken) is { } blueprint
            ? await ApplyFieldsAsync(blueprint, fields, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    public Task<Result> DeleteAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<BlueprintInstance>(
        Topic.Identity,
        async () =>
        {
            if (await db.Blueprints.SingleOrDefaultAsync(b => b.Id == id, cancellationToken) is not { } blueprint)
            {
                return new Result.Missing();
            }

            db.Blueprints.Remove(blueprint);
            return new Result.Done(blueprint);
        },
        cancellationToken);

    /// <summary>Applies it and keeps how that ended.</summary>
    public async Task<Result> RunAsync(Guid id, ApiCaller caller, CancellationToken cancellationToken)
    {
        if (await db.Blueprints.AsNoTracking().SingleOrDefaultAsync(b => b.Id == id, cancellationToken) is not { } found)
        {
            return new Result.Missing();
        }

        var (isDone, hash) = (false, "");
        if (TextOf(found) is { } text)
        {
            try
            {
                var blueprint = BlueprintText.Read(text);
                hash = blueprint.Hash;
                isDone = (await apply.RunAsync(blueprint, JsonNode.Parse(found.ContextJson) as JsonObject ?? [], caller, cancellationToken)).IsSuccess;
            }
            catch (BlueprintFaultException)
            {
                isDone = false; // its status says so
            }
        }

        var status = isDone ? BlueprintStatus.Successful : BlueprintStatus.Error;
        var now = clock.GetUtcNow();
        var isNews = caller.UserId != 0 || status != found.Status || hash != found.LastAppliedHash;
        return await writer.RunAsync<BlueprintInstance>(
            Topic.Identity,
            async () =>
            {
                if (await db.Blueprints.SingleOrDefaultAsync(b => b.Id == id, cancellationToken) is not { } blueprint)
                {
                    return new Result.Missing();
                }

                // That all is as it was an hour ago is no event.
                if (!isNews)
                {
                    writer.Also(() => db.Blueprints.Where(b => b.Id == id).ExecuteUpdateAsync(b => b.SetProperty(x => x.LastAppliedAt, now), cancellationToken));
                    return new Result.Done(blueprint);
                }

                blueprint.Status = status;
                blueprint.LastAppliedAt = now;
                blueprint.LastAppliedHash = hash;
                return new Result.Done(blueprint);
            },
            cancellationToken);
    }

    /// <summary>Its text; null when its file is not there.</summary>
    public string? TextOf(BlueprintInstance blueprint) => blueprint.Content.Length > 0 ? blueprint.Content : files.Read(blueprint.Path);

    private async Task<Result> ApplyFieldsAsync(BlueprintInstance blueprint, BlueprintFields fields, CancellationToken cancellationToken)
    {
        blueprint.Name = fields.Name.Or(blueprint.Name);
        blueprint.Path = fields.Path.Or(blueprint.Path);
        blueprint.Content = fields.Content.Or(blueprint.Content);
        blueprint.ContextJson = fields.ContextJson.Or(blueprint.ContextJson);
        blueprint.IsEnabled = fields.IsEnabled.Or(blueprint.IsEnabled);
        if (TextOf(blueprint) is not { } text)
        {
            return new Result.Refused([new Fault("path", "There is no such file in the blueprints folder; oci:// is not supported.")]);
        }

        try
        {
            BlueprintText.Read(text);
        }
        catch (BlueprintFaultException fault)
        {
            return new Result.Refused([new Fault(blueprint.Content.Length > 0 ? "content" : "path", fault.Message)]);
        }

        return await db.Blueprints.AnyAsync(b => b.Name == blueprint.Name && b.Id != blueprint.Id, cancellationToken)
            ? new Result.Taken(new Fault("name", "Blueprint Instance with this name already exists."))
            : new Result.Done(blueprint);
    }
}
