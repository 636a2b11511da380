using System.Text.Json.Nodes;
using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Management.Users;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Stages;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Flows.Stage>;

namespace Gatehouse.Management.Stages;

/// <summary>Adds a stage, or changes one.</summary>
internal sealed class SaveStage(GatehouseDb db, Writer writer, StageDraft draft, SuperuserGroups superusers, IGeoReader places)
{
    public Task<Result> CreateAsync(StageKind kind, StageFields fields, CancellationToken cancellationToken) => writer.RunAsync<Stage>(
        Topic.Identity,
        async () =>
        {
            var stage = new Stage { Id = Guid.CreateVersion7(), Name = "", Type = kind.Type };
            db.Stages.Add(stage);
            return await ApplyAsync(kind, stage, fields, [], mustBeWhole: true, cancellationToken);
        },
        cancellationToken);

    /// <param name="isPartial">Whether what is not said stays; else it returns to its default.</param>
    public Task<Result> UpdateAsync(StageKind kind, Guid id, StageFields fields, bool isPartial, CancellationToken cancellationToken) => writer.RunAsync<Stage>(
        Topic.Identity,
        async () => await db.Stages.SingleOrDefaultAsync(s => s.Id == id && s.Type == kind.Type, cancellationToken) is { } stage
            ? await ApplyAsync(kind, stage, fields, Kept(kind, stage, isPartial), mustBeWhole: !isPartial, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    // A secret can't be read back, so whoever sends everything they know does not mean to forget it.
    private static JsonObject Kept(StageKind kind, Stage stage, bool isPartial)
    {
        var kept = JsonNode.Parse(stage.SettingsJson) as JsonObject ?? [];
        if (!isPartial)
        {
            foreach (var field in kind.Fields.Where(f => !f.IsSecret))
            {
                kept.Remove(field.Name);
            }
        }

        return kept;
    }

    // Refused rather than forgotten: nobody could sign in with a binding that nothing can be said of.
    private IEnumerable<Fault> PlaceFaults(Stage stage)
    {
        if (stage.Setting(UserLoginSettings.NetworkBinding) == UserLoginSettings.Provider && !places.KnowsNetworks)
        {
            yield return new Fault("network_binding", "Sessions can't be bound to a provider: there is no database of networks (start Gatehouse with --asn FILE).");
        }

        if (stage.Setting(UserLoginSettings.GeoipBinding) != UserLoginSettings.Unbound && !places.IsAvailable)
        {
            yield return new Fault("geoip_binding", "Sessions can't be bound to places: there is no database of places (start Gatehouse with --geoip FILE).");
        }
    }

    private async Task<Result> ApplyAsync(StageKind kind, Stage stage, StageFields fields, JsonObject kept, bool mustBeWhole, CancellationToken cancellationToken)
    {
        var (settings, faults) = await draft.CheckAsync(kind, fields.Body, kept, mustBeWhole, cancellationToken);
        stage.Name = fields.Name.Or(stage.Name);
        stage.SettingsJson = settings;
        if (faults.Count == 0 && kind.Type == StageType.UserLogin)
        {
            faults = [.. PlaceFaults(stage)];
        }

        if (faults.Count == 0 && kind.Type == StageType.UserWrite && stage.Setting(UserWriteSettings.Group) is { } group && (await superusers.ReadAsync(cancellationToken)).Contains(group))
        {
            faults = [new Fault("create_users_group", "Members of this group may do everything. People who enrol can't be put into it.")];
        }

        return faults.Count > 0 ? new Result.Refused(faults)
            : await db.Stages.AnyAsync(s => s.Name == stage.Name && s.Id != stage.Id, cancellationToken) ? new Result.Taken(new Fault("name", "stage with this name already exists."))
            : new Result.Done(stage);
    }
}

/// <summary>Removes a stage; flows go on without it.</summary>
internal sealed class DeleteStage(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(Guid id, StageType? type, CancellationToken cancellationToken) => writer.RunAsync<Stage>(
        Topic.Identity,
        async () =>
        {
            if (await db.Stages.SingleOrDefaultAsync(s => s.Id == id && (type == null || s.Type == type), cancellationToken) is not { } stage)
            {
                return new Result.Missing();
            }

            await db.UnbindPlacesAsync(stage.Id, cancellationToken);
            db.Stages.Remove(stage);
            return new Result.Done(stage);
        },
        cancellationToken);
}
