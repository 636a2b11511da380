using Gatehouse.Management.Policies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Policies;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Apps;

/// <summary>Gives an app exactly the policies of a list.</summary>
internal sealed class AttachPolicies(GatehouseDb db, IGeoReader places, TimeProvider clock)
{
    /// <summary>Prepares the change on the tracked <paramref name="app"/>, whose links and policies are loaded; says what is wrong.</summary>
    public async Task<List<Fault>> PrepareAsync(App app, List<PolicyLink> links, CancellationToken cancellationToken)
    {
        var faults = new List<Fault>();
        var book = await RuleBook.ReadAsync(db, places, cancellationToken);
        var ids = links.OfType<PolicyLink.Existing>().Select(l => l.Id).ToList();
        var known = await db.Policies.Where(p => ids.Contains(p.Id)).ToDictionaryAsync(p => p.Id, cancellationToken);
        var own = app.Policies.Select(l => l.Policy).OfType<Policy>().Where(p => !p.IsReusable).ToList();

        var wanted = new List<AppPolicy>(links.Count);
        foreach (var (index, link) in links.Index())
        {
            var policy = PolicyOf(link, known, own, book, $"policies.{index}.", faults);
            if (policy is not null)
            {
                wanted.Add(new AppPolicy { AppId = app.Id, PolicyId = policy.Id, Policy = policy, Precedence = link.Precedence ?? index + 1 });
            }
        }

        faults.AddRange(CheckList(wanted, links.Count));
        if (faults.Count == 0)
        {
            Replace(app, wanted, own);
        }

        return faults;
    }

    private Policy? PolicyOf(PolicyLink link, Dictionary<Guid, Policy> known, List<Policy> own, RuleBook book, string path, List<Fault> faults)
    {
        switch (link)
        {
            case PolicyLink.Inline { Draft: var draft }:
                faults.AddRange(draft.Check(book, path));
                return draft.Make(isReusable: false, clock.GetUtcNow());
            case PolicyLink.Existing { Id: var id } existing when known.TryGetValue(id, out var policy) && (policy.IsReusable || own.Exists(p => p.Id == id)):
                if (existing.Spelled is { } spelled && !spelled.Describes(policy))
                {
                    faults.Add(new Fault(path + "id", "the policy is spelled otherwise than stored; change it at its own address"));
                }

                return policy;
            default:
                faults.Add(new Fault(path + "id", "there is no such policy, or it belongs to another application"));
                return null;
        }
    }

    private static IEnumerable<Fault> CheckList(List<AppPolicy> wanted, int asked)
    {
        if (wanted.Exists(l => l.Precedence < 1))
        {
            yield return new Fault("policies", "policy precedences must be at least 1");
        }

        if (wanted.DistinctBy(l => l.Precedence).Count() != wanted.Count)
        {
            yield return new Fault("policies", "policy precedences must be unique");
        }

        if (wanted.DistinctBy(l => l.PolicyId).Count() != wanted.Count)
        {
            yield return new Fault("policies", "a policy can be linked once only");
        }

        if (wanted.Count == asked && wanted.Exists(l => l.Policy!.IsReusable) && wanted.Exists(l => !l.Policy!.IsReusable)) // set by the caller
        {
            yield return new Fault("policies", "reusable policies and policies of the application itself can't be mixed");
        }
    }

    // Said aloud: found through a link alone, a policy whose id is set would pass for one that is stored.
    private void AddIfNew(AppPolicy link)
    {
        if (link.Policy is { } policy && db.Entry(policy).State == EntityState.Detached)
        {
            db.Policies.Add(policy);
        }
    }

    private void Replace(App app, List<AppPolicy> wanted, List<Policy> own)
    {
        foreach (var link in app.Policies.Where(l => wanted.TrueForAll(w => w.PolicyId != l.PolicyId)).ToList())
        {
            app.Policies.Remove(link);
        }

        db.Policies.RemoveRange(own.Where(p => wanted.TrueForAll(w => w.PolicyId != p.Id)));
        foreach (var link in wanted)
        {
            if (app.Policies.Find(l => l.PolicyId == link.PolicyId) is { } kept)
            {
                kept.Precedence = link.Precedence;
            }
            else
            {
                AddIfNew(link);
                app.Policies.Add(link);
            }
        }
    }
}
