using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.IdentityPolicies;

/// <summary>Bindings have no reference to what they are bound to, so whoever removes a target takes them along.</summary>
internal static class BoundTargets
{
    /// <summary>Removes what is bound to <paramref name="targets"/>; saved with the removal of those.</summary>
    public static async Task UnbindAsync(this GatehouseDb db, IReadOnlyCollection<Guid> targets, CancellationToken cancellationToken) =>
        db.PolicyBindings.RemoveRange(await db.PolicyBindings.Where(b => targets.Contains(b.TargetId)).ToListAsync(cancellationToken));

    /// <summary>Removes what is bound to the places of stages in flows that go with a flow or a stage.</summary>
    public static async Task UnbindPlacesAsync(this GatehouseDb db, Guid flowOrStage, CancellationToken cancellationToken) => await db.UnbindAsync(
        await db.FlowStageBindings.Where(b => b.FlowId == flowOrStage || b.StageId == flowOrStage).Select(b => b.Id).ToListAsync(cancellationToken), cancellationToken);
}
