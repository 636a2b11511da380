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
    public const int LongestName = 1000;

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

    /// <summary>Applies it and keeps how that ended. Gatehouse itself leaves alone what somebody has switched off.</summary>
    public async Task<Result> RunAsync(Guid id, ApiCaller caller, CancellationToken cancellationToken)
    {
        var isByItself = caller.UserId == 0;
        if (await FindAsync(id, cancellationToken) is not { } found || (isByItself && !found.IsEnabled))
        {
            return new Result.Missing();
        }

        // A text that is none has a hash, too: it is not news again a minute later.
        var text = TextOf(found);
        var hash = text is null ? "" : BlueprintText.HashOf(text);
        var isKnown = isByItself && found.Status == BlueprintStatus.Successful && found.LastAppliedHash == hash;
        var status = text is not null && await IsAppliedAsync(text, found.ContextJson, caller, isKnown, cancellationToken) ? BlueprintStatus.Successful : BlueprintStatus.Error;
        return isByItself && status == found.Status && hash == found.LastAppliedHash
            ? await KeepTimeAsync(found, cancellationToken)
            : await KeepAsync(found, status, hash, cancellationToken);
    }

    /// <summary>Keeps that applying it failed in a way that nobody foresaw.</summary>
    public async Task<Result> FailedAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is not { } found)
        {
            return new Result.Missing();
        }

        var hash = TextOf(found) is { } text ? BlueprintText.HashOf(text) : "";
        return found.Status == BlueprintStatus.Error && hash == found.LastAppliedHash
            ? await KeepTimeAsync(found, cancellationToken)
            : await KeepAsync(found, BlueprintStatus.Error, hash, cancellationToken);
    }

    /// <summary>Its text; null when its file is not there.</summary>
    public string? TextOf(BlueprintInstance blueprint) => blueprint.Content.Length > 0 ? blueprint.Content : files.Read(blueprint.Path);

    private Task<BlueprintInstance?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        db.Blueprints.AsNoTracking().SingleOrDefaultAsync(b => b.Id == id, cancellationToken);

    private async Task<bool> IsAppliedAsync(string text, string contextJson, ApiCaller caller, bool isKnown, CancellationToken cancellationToken)
    {
        try
        {
            var context = JsonNode.Parse(contextJson) as JsonObject ?? [];
            return (await apply.RunAsync(BlueprintText.Read(text), context, caller, isKnown, cancellationToken)).IsSuccess;
        }
        catch (BlueprintFaultException)
        {
            return false; // its status says so
        }
    }

    // That all is as it was an hour ago is no event, and makes no table old.
    private async Task<Result> KeepTimeAsync(BlueprintInstance found, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return await db.Blueprints.Where(b => b.Id == found.Id).ExecuteUpdateAsync(b => b.SetProperty(x => x.LastAppliedAt, now), cancellationToken) == 1
            ? new Result.Done(found)
            : new Result.Missing();
    }

    private Task<Result> KeepAsync(BlueprintInstance found, BlueprintStatus status, string hash, CancellationToken cancellationToken) => writer.RunAsync<BlueprintInstance>(
        Topic.Identity,
        async () =>
        {
            if (await db.Blueprints.SingleOrDefaultAsync(b => b.Id == found.Id, cancellationToken) is not { } blueprint)
            {
                return new Result.Missing();
            }

            blueprint.Status = status;
            blueprint.LastAppliedAt = clock.GetUtcNow();
            blueprint.LastAppliedHash = blueprint.ContextJson == found.ContextJson ? hash : ""; // else it was applied with values that are none any more
            return new Result.Done(blueprint);
        },
        cancellationToken);

    private async Task<Result> ApplyFieldsAsync(BlueprintInstance blueprint, BlueprintFields fields, CancellationToken cancellationToken)
    {
        blueprint.Name = fields.Name.Or(blueprint.Name);
        blueprint.Path = fields.Path.Or(blueprint.Path);
        blueprint.Content = fields.Content.Or(blueprint.Content);
        if (fields.ContextJson.Is(out var context) && context != blueprint.ContextJson)
        {
            (blueprint.ContextJson, blueprint.LastAppliedHash) = (context, ""); // other values make another blueprint
        }

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
