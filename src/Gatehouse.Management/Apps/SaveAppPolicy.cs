using Gatehouse.Management.Policies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Apps.AppPolicy>;

namespace Gatehouse.Management.Apps;

/// <summary>Adds, replaces or removes a policy that belongs to one app (Cloudflare's application-scoped policy).</summary>
internal sealed class SaveAppPolicy(GatehouseDb db, Writer writer, IGeoReader places, TimeProvider clock)
{
    private const string Reusable = "the policy is reusable; change it at /access/policies, or the link in the application";

    /// <summary>Adds one. Null precedence puts it last. Missing means that there is no such app.</summary>
    public Task<Result> CreateAsync(Guid appId, PolicyDraft draft, int? precedence, CancellationToken cancellationToken) => RunAsync(
        appId,
        async app =>
        {
            var place = precedence ?? app.Policies.Select(l => l.Precedence).DefaultIfEmpty().Max() + 1;
            var faults = await FaultsAsync(app, null, draft, place, cancellationToken);
            if (app.Policies.Exists(l => l.Policy is { IsReusable: true }))
            {
                faults.Add(new Fault("", "reusable policies and policies of the application itself can't be mixed"));
            }

            if (faults.Count > 0)
            {
                return new Result.Refused(faults);
            }

            var policy = draft.Make(isReusable: false, clock.GetUtcNow());
            var link = new AppPolicy { AppId = app.Id, PolicyId = policy.Id, Policy = policy, Precedence = place };
            db.Policies.Add(policy); // said aloud: its id is set, so the link alone would make it pass for a stored one
            app.Policies.Add(link);
            return new Result.Done(link);
        },
        cancellationToken);

    /// <summary>Replaces one. Null precedence keeps its place. Missing means that the app has no such policy.</summary>
    public Task<Result> ReplaceAsync(Guid appId, Guid policyId, PolicyDraft draft, int? precedence, CancellationToken cancellationToken) => RunAsync(
        appId,
        async app =>
        {
            if (app.Policies.Find(l => l.PolicyId == policyId) is not { Policy: { } policy } link)
            {
                return new Result.Missing();
            }

            var place = precedence ?? link.Precedence;
            var faults = await FaultsAsync(app, link, draft, place, cancellationToken);
            if (policy.IsReusable)
            {
                faults.Add(new Fault("", Reusable));
            }

            if (faults.Count > 0)
            {
                return new Result.Refused(faults);
            }

            draft.ApplyTo(policy, clock.GetUtcNow());
            link.Precedence = place;
            return new Result.Done(link);
        },
        cancellationToken);

    /// <summary>Removes one.</summary>
    public Task<Result> DeleteAsync(Guid appId, Guid policyId, CancellationToken cancellationToken) => RunAsync(
        appId,
        app =>
        {
            if (app.Policies.Find(l => l.PolicyId == policyId) is not { Policy: { } policy } link)
            {
                return Task.FromResult<Result>(new Result.Missing());
            }

            if (policy.IsReusable)
            {
                return Task.FromResult<Result>(new Result.Refused([new Fault("", Reusable)]));
            }

            app.Policies.Remove(link);
            db.Policies.Remove(policy);
            return Task.FromResult<Result>(new Result.Done(link));
        },
        cancellationToken);

    private Task<Result> RunAsync(Guid appId, Func<App, Task<Result>> change, CancellationToken cancellationToken) => writer.RunAsync<AppPolicy>(
        Topic.Access,
        async () =>
        {
            if (await db.Apps.Include(a => a.Policies).ThenInclude(l => l.Policy).SingleOrDefaultAsync(a => a.Id == appId, cancellationToken) is not { } app)
            {
                return new Result.Missing();
            }

            app.UpdatedAt = clock.GetUtcNow();
            return await change(app);
        },
        cancellationToken);

    private async Task<List<Fault>> FaultsAsync(App app, AppPolicy? own, PolicyDraft draft, int precedence, CancellationToken cancellationToken)
    {
        var faults = draft.Check(await RuleBook.ReadAsync(db, places, cancellationToken), "").ToList();
        if (precedence < 1)
        {
            faults.Add(new Fault("precedence", "policy precedences must be at least 1"));
        }

        if (app.Policies.Exists(l => l != own && l.Precedence == precedence))
        {
            faults.Add(new Fault("precedence", "policy precedences must be unique"));
        }

        return faults;
    }
}
