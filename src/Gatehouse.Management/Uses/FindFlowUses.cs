using System.Globalization;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Flows;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Uses;

/// <summary>Finds what names the parts of flows: stages, prompts and policies. Null: there is no such object.</summary>
internal sealed class FindFlowUses(GatehouseDb db)
{
    // Enough to see what hangs on it.
    private const int Most = 100;

    private const string Flows = "authentik_flows";

    public async Task<IReadOnlyList<Use>?> OfStageAsync(Guid id, StageType? type, CancellationToken cancellationToken)
    {
        if (!await db.Stages.AnyAsync(s => s.Id == id && (type == null || s.Type == type), cancellationToken))
        {
            return null;
        }

        var bindings = await db.FlowStageBindings.Where(b => b.StageId == id).OrderBy(b => b.Order).Take(Most).Select(b => new { b.Id, b.Order }).ToListAsync(cancellationToken);
        return
        [
            .. bindings.Select(b => new Use(Flows, "flowstagebinding", b.Id.ToString(), string.Create(CultureInfo.InvariantCulture, $"Flow-stage binding #{b.Order}"), Use.Cascade)),
            .. await StagesNamingAsync(id, Use.LeftDangling, cancellationToken),
        ];
    }

    public async Task<IReadOnlyList<Use>?> OfFlowBindingAsync(Guid id, CancellationToken cancellationToken) => await db.FlowStageBindings.AnyAsync(b => b.Id == id, cancellationToken)
        ? [.. (await PolicyBindingsAsync(db.PolicyBindings.Where(b => b.TargetId == id), cancellationToken)).Select(b => b with { Action = Use.Cascade })]
        : null;

    public async Task<IReadOnlyList<Use>?> OfPromptAsync(Guid id, CancellationToken cancellationToken) =>
        await db.PromptFields.AnyAsync(p => p.Id == id, cancellationToken) ? [.. await StagesNamingAsync(id, Use.CascadeMany, cancellationToken)] : null;

    public async Task<IReadOnlyList<Use>?> OfPolicyAsync(Guid id, PolicyKind? kind, CancellationToken cancellationToken)
    {
        if (!await db.IdentityPolicies.AnyAsync(p => p.Id == id && (kind == null || p.Kind == kind), cancellationToken))
        {
            return null;
        }

        return
        [
            .. await PolicyBindingsAsync(db.PolicyBindings.Where(b => b.PolicyId == id), cancellationToken),
            .. await StagesNamingAsync(id, Use.LeftDangling, cancellationToken),
        ];
    }

    // One whose policy is gone stays, and says no.
    private static async Task<List<Use>> PolicyBindingsAsync(IQueryable<PolicyBinding> bindings, CancellationToken cancellationToken)
    {
        var found = await bindings.OrderBy(b => b.Order).Take(Most).Select(b => new { b.Id, b.Order }).ToListAsync(cancellationToken);
        return found.ConvertAll(b => new Use("authentik_policies", "policybinding", b.Id.ToString(), string.Create(CultureInfo.InvariantCulture, $"Policy Binding #{b.Order}"), Use.SetNull));
    }

    // Settings name other objects by their ids, which are no part of any other text.
    private async Task<List<Use>> StagesNamingAsync(Guid id, string action, CancellationToken cancellationToken)
    {
        var text = id.ToString();
        var stages = await db.Stages.Where(s => s.Id != id && s.SettingsJson.Contains(text)).OrderBy(s => s.Name).Take(Most).Select(s => new { s.Id, s.Name }).ToListAsync(cancellationToken); // translated to SQL
        return stages.ConvertAll(s => new Use(Flows, "stage", s.Id.ToString(), s.Name, action));
    }
}
