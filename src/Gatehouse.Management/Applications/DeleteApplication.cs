using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Providers.ProviderApplication>;

namespace Gatehouse.Management.Applications;

/// <summary>Removes an application of Identity; its provider stays, without an issuer.</summary>
internal sealed class DeleteApplication(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(string slug, CancellationToken cancellationToken) => writer.RunAsync<ProviderApplication>(
        Topic.Identity,
        async () =>
        {
            if (await db.ProviderApplications.SingleOrDefaultAsync(a => a.Slug == slug, cancellationToken) is not { } application)
            {
                return new Result.Missing();
            }

            var rights = await db.ApplicationEntitlements.Where(e => e.ApplicationId == application.Id).ToListAsync(cancellationToken);
            await db.UnbindAsync([application.Id, .. rights.Select(r => r.Id)], cancellationToken);
            db.ApplicationEntitlements.RemoveRange(rights);
            db.ProviderApplications.Remove(application);
            return new Result.Done(application);
        },
        cancellationToken);
}
