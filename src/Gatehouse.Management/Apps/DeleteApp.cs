using Gatehouse.Management.Policies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Apps.App>;

namespace Gatehouse.Management.Apps;

/// <summary>Removes an app and the policies that belong to it alone. One whose tokens a policy names stays: a policy that excludes them would let in others without it.</summary>
internal sealed class DeleteApp(GatehouseDb db, Writer writer, RuleUses uses)
{
    public Task<Result> RunAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<App>(
        Topic.Access,
        async () =>
        {
            if (await db.Apps.Include(a => a.Policies).ThenInclude(l => l.Policy).SingleOrDefaultAsync(a => a.Id == id, cancellationToken) is not { } app)
            {
                return new Result.Missing();
            }

            if (app.Saas is not null && await uses.FindAsync(r => r is Rule.LinkedAppToken named && named.AppId == id, cancellationToken) is { } use)
            {
                return new Result.InUse(use);
            }

            db.Policies.RemoveRange(app.Policies.Select(l => l.Policy).OfType<Policy>().Where(p => !p.IsReusable));
            db.Apps.Remove(app);
            return new Result.Done(app);
        },
        cancellationToken);
}
