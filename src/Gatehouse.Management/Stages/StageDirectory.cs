using Gatehouse.Management.Http;
using Gatehouse.Model.Flows;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Stages;

/// <summary>A stage with the flows it is in.</summary>
internal sealed record StageFacts(Stage Stage, IReadOnlyList<Flow> Flows);

/// <summary>Reads stages.</summary>
internal sealed class StageDirectory(GatehouseDb db)
{
    public async Task<StageFacts?> FindAsync(Guid id, StageType? type, CancellationToken cancellationToken)
    {
        var stage = await db.Stages.AsNoTracking().SingleOrDefaultAsync(s => s.Id == id && (type == null || s.Type == type), cancellationToken);
        return stage is null ? null : (await DescribeAsync([stage], cancellationToken))[0];
    }

    public async Task<Slice<StageFacts>> ListAsync(
        StageType? type, string? name, string? search, Func<IQueryable<Stage>, IQueryable<Stage>> order, Paging paging, CancellationToken cancellationToken)
    {
        var stages = db.Stages.AsNoTracking();
        stages = type is { } kind ? stages.Where(s => s.Type == kind) : stages;
        stages = name is not null ? stages.Where(s => s.Name == name) : stages;
        stages = search is { Length: > 0 } text ? stages.Search(text, s => s.Name) : stages;
        var slice = await order(stages).SliceAsync(paging, cancellationToken);
        return new Slice<StageFacts>(await DescribeAsync(slice.Items, cancellationToken), slice.Total);
    }

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
