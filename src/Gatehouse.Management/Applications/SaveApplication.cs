using Gatehouse.Management.Writes;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Providers.ProviderApplication>;

namespace Gatehouse.Management.Applications;

/// <summary>Adds an application of Identity, or changes one.</summary>
internal sealed class SaveApplication(GatehouseDb db, Writer writer)
{
    public Task<Result> CreateAsync(ApplicationFields fields, CancellationToken cancellationToken) => writer.RunAsync<ProviderApplication>(
        Topic.Identity, () => PrepareAsync(fields, cancellationToken), cancellationToken);

    /// <summary>Makes one, for a write that holds more.</summary>
    public Task<Result> PrepareAsync(ApplicationFields fields, CancellationToken cancellationToken)
    {
        var application = new ProviderApplication { Id = Guid.CreateVersion7(), Slug = "", Name = "" };
        db.ProviderApplications.Add(application);
        return ApplyAsync(application, fields, cancellationToken);
    }

    public Task<Result> UpdateAsync(string slug, ApplicationFields fields, CancellationToken cancellationToken) => writer.RunAsync<ProviderApplication>(
        Topic.Identity,
        async () => await db.ProviderApplications.SingleOrDefaultAsync(a => a.Slug == slug, cancellationToken) is { } application
            ? await ApplyAsync(application, fields, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(ProviderApplication application, ApplicationFields fields, CancellationToken cancellationToken)
    {
        fields.ApplyTo(application);
        var faults = fields.Check().ToList();
        if (application.ProviderId is { } provider && !await db.Providers.AnyAsync(p => p.Id == provider, cancellationToken))
        {
            faults.Add(new Fault("provider", $"Invalid pk \"{provider}\" - object does not exist."));
        }

        if (faults.Count > 0)
        {
            return new Result.Refused(faults);
        }

        return await db.ProviderApplications.AnyAsync(a => a.Slug == application.Slug && a.Id != application.Id, cancellationToken)
            ? new Result.Taken(new Fault("slug", "Application with this slug already exists."))
            : application.ProviderId is not null
                && await db.ProviderApplications.AnyAsync(a => a.ProviderId == application.ProviderId && a.Id != application.Id, cancellationToken)
            ? new Result.Taken(new Fault("provider", "Application with this provider already exists."))
            : new Result.Done(application);
    }
}
