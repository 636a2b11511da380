using Gatehouse.Model.Policies;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Policies;

/// <summary>Finds what names a group or a login method in its rules.</summary>
internal sealed class RuleUses(GatehouseDb db)
{
    /// <summary>A policy or group with a rule that <paramref name="names"/> holds for, in words; null when there is none.</summary>
    public async Task<string?> FindAsync(Func<Rule, bool> names, CancellationToken cancellationToken)
    {
        var policy = (await db.Policies.AsNoTracking().ToListAsync(cancellationToken)).Find(p => RuleSet.Of(p).All.Any(r => names(r.Rule)));
        if (policy is not null)
        {
            return $"policy '{policy.Name}' ({policy.Id}) names it";
        }

        var group = (await db.RuleGroups.AsNoTracking().ToListAsync(cancellationToken)).Find(g => RuleSet.Of(g).All.Any(r => names(r.Rule)));
        return group is null ? null : $"group '{group.Name}' ({group.Id}) names it";
    }
}
