using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Policies.RuleGroup>;

namespace Gatehouse.Management.Policies;

/// <summary>A rule group as it shall be, whole.</summary>
internal sealed record RuleGroupDraft(string Name, RuleSet Rules);

/// <summary>Adds a rule group, or replaces one.</summary>
internal sealed class SaveRuleGroup(GatehouseDb db, Writer writer, IGeoReader places, TimeProvider clock)
{
    public Task<Result> CreateAsync(RuleGroupDraft draft, CancellationToken cancellationToken) => writer.RunAsync<RuleGroup>(
        Topic.Access,
        () =>
        {
            var now = clock.GetUtcNow();
            var group = new RuleGroup { Id = Guid.CreateVersion7(now), Name = "", Include = [], CreatedAt = now };
            db.RuleGroups.Add(group);
            return ApplyAsync(group, draft, cancellationToken);
        },
        cancellationToken);

    public Task<Result> ReplaceAsync(Guid id, RuleGroupDraft draft, CancellationToken cancellationToken) => writer.RunAsync<RuleGroup>(
        Topic.Access,
        async () => await db.RuleGroups.SingleOrDefaultAsync(g => g.Id == id, cancellationToken) is { } group
            ? await ApplyAsync(group, draft, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(RuleGroup group, RuleGroupDraft draft, CancellationToken cancellationToken)
    {
        var book = await RuleBook.ReadAsync(db, places, cancellationToken);
        var faults = book.Check(draft.Rules, "").ToList();
        if (draft.Rules.Repeated is var (block, twice))
        {
            faults.Add(new Fault(block, $"invalid '{block}' configuration: a rule stands there twice: {RuleJson.Write(twice)}"));
        }

        var policies = await db.Policies.AsNoTracking().ToListAsync(cancellationToken);
        book.Suppose(group.Id, draft.Rules);
        if (book.IsCircular(group.Id))
        {
            faults.Add(new Fault("include", "a group can't contain itself, nor a group that contains it"));
        }
        else if (book.SizeFault(group.Id, policies) is { } fault)
        {
            faults.Add(new Fault("include", fault));
        }

        // A bypass or service-auth policy that names this group must stay one that can be judged before sign-in.
        var early = policies.Find(p => p.Action is PolicyAction.Bypass or PolicyAction.NonIdentity
            && book.Names(RuleSet.Of(p), group.Id) && RuleSet.Of(p).All.Any(r => book.NeedsSignIn(r.Rule, [])));
        if (early is not null)
        {
            faults.Add(new Fault("include", $"{(early.Action == PolicyAction.Bypass ? "bypass" : "non_identity")} policy '{early.Name}' uses this group, so it takes ip, ip_list, geo, everyone and groups of those only"));
        }

        if (faults.Count > 0)
        {
            return new Result.Refused(faults);
        }

        group.Name = draft.Name;
        group.Include = draft.Rules.Include;
        group.Exclude = draft.Rules.Exclude;
        group.Require = draft.Rules.Require;
        group.UpdatedAt = clock.GetUtcNow();
        return await db.RuleGroups.AnyAsync(g => g.Name == draft.Name && g.Id != group.Id, cancellationToken)
            ? new Result.Taken(new Fault("name", $"a group named '{draft.Name}' exists already"))
            : new Result.Done(group);
    }
}
