using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Stages;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Stages;

/// <summary>A stage with the flows it is in.</summary>
internal sealed record StageFacts(Stage Stage, IReadOnlyList<Flow> Flows);

/// <summary>Which stages a list holds; null means any.</summary>
internal sealed class StageFilter
{
    public StageType? Type { get; init; }

    public Guid? Id { get; init; }

    public string? Name { get; init; }

    /// <summary>Only those in no flow, or only those in one.</summary>
    public bool? IsUnused { get; init; }

    public string? Search { get; init; }

    /// <summary>What their settings have to be; each setting is there.</summary>
    public Func<JsonObject, bool>? Settings { get; init; }
}

/// <summary>Reads stages.</summary>
internal sealed class StageDirectory(GatehouseDb db)
{
    public async Task<StageFacts?> FindAsync(Guid id, StageType? type, CancellationToken cancellationToken)
    {
        var stage = await db.Stages.AsNoTracking().SingleOrDefaultAsync(s => s.Id == id && (type == null || s.Type == type), cancellationToken);
        return stage is null ? null : (await DescribeAsync([stage], cancellationToken))[0];
    }

    public async Task<Slice<StageFacts>> ListAsync(
        StageFilter filter, Func<IQueryable<Stage>, IQueryable<Stage>> order, Paging paging, CancellationToken cancellationToken)
    {
        var stages = db.Stages.AsNoTracking();
        stages = filter.Type is { } kind ? stages.Where(s => s.Type == kind) : stages;
        stages = filter.Id is { } id ? stages.Where(s => s.Id == id) : stages;
        stages = filter.Name is { } name ? stages.Where(s => s.Name == name) : stages;
        stages = filter.IsUnused is { } isUnused ? stages.Where(s => db.FlowStageBindings.Any(b => b.StageId == s.Id) != isUnused) : stages;
        stages = filter.Search is { Length: > 0 } text ? stages.Search(text, s => s.Name) : stages;
        if (filter.Settings is { } fits)
        {
            // Settings are JSON, and stages few: those that fit are named to the database.
            var fitting = (await stages.ToListAsync(cancellationToken)).Where(s => fits(SettingsOf(s))).Select(s => s.Id).ToList();
            stages = stages.Where(s => fitting.Contains(s.Id));
        }

        var slice = await order(stages).SliceAsync(paging, cancellationToken);
        return new Slice<StageFacts>(await DescribeAsync(slice.Items, cancellationToken), slice.Total);
    }

    private static JsonObject SettingsOf(Stage stage) => (JsonObject)JsonNode.Parse(StageKinds.Write(stage.Type, JsonNode.Parse(stage.SettingsJson) as JsonObject ?? []))!; // written here

    /// <summary>Stages with the flows they are in.</summary>
    public async Task<IReadOnlyList<StageFacts>> DescribeAsync(IReadOnlyList<Stage> stages, CancellationToken cancellationToken)
    {
        var ids = stages.Select(s => s.Id).ToList();
        var bindings = await db.FlowStageBindings.AsNoTracking().Where(b => ids.Contains(b.StageId)).Select(b => new { b.StageId, b.FlowId }).ToListAsync(cancellationToken);
        var flows = bindings.Select(b => b.FlowId).Distinct().ToList();
        var byId = await db.Flows.AsNoTracking().Where(f => flows.Contains(f.Id)).ToDictionaryAsync(f => f.Id, cancellationToken);
        return
        [
            .. stages.Select(s => new StageFacts(
                s, [.. bindings.Where(b => b.StageId == s.Id).Select(b => byId.GetValueOrDefault(b.FlowId)).OfType<Flow>().Distinct().OrderBy(f => f.Slug, StringComparer.Ordinal)])),
        ];
    }
}
