using Gatehouse.Management.Http;
using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Providers.ApplicationEntitlement>;

namespace Gatehouse.Management.Applications;

/// <summary>What a caller says about a right within an application. Absent fields stay as they are.</summary>
internal sealed class EntitlementFields
{
    public Maybe<Guid> Application { get; init; }

    public Maybe<string> Name { get; init; }

    public Maybe<string> AttributesJson { get; init; }
}

/// <summary>Reads rights within applications.</summary>
internal sealed class EntitlementDirectory(GatehouseDb db)
{
    public Task<ApplicationEntitlement?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        db.ApplicationEntitlements.AsNoTracking().SingleOrDefaultAsync(e => e.Id == id, cancellationToken);

    public Task<Slice<ApplicationEntitlement>> ListAsync(
        Guid? application, Guid? id, string? name, string? search, Func<IQueryable<ApplicationEntitlement>, IQueryable<ApplicationEntitlement>> order, Paging paging,
        CancellationToken cancellationToken)
    {
        var entitlements = db.ApplicationEntitlements.AsNoTracking();
        entitlements = application is { } app ? entitlements.Where(e => e.ApplicationId == app) : entitlements;
        entitlements = id is { } wanted ? entitlements.Where(e => e.Id == wanted) : entitlements;
        entitlements = name is not null ? entitlements.Where(e => e.Name == name) : entitlements;
        entitlements = search is { Length: > 0 } text ? entitlements.Search(text, e => e.Name) : entitlements;
        return order(entitlements).SliceAsync(paging, cancellationToken);
    }
}

/// <summary>Adds a right within an application, or changes one.</summary>
internal sealed class SaveEntitlement(GatehouseDb db, Writer writer)
{
    public Task<Result> CreateAsync(EntitlementFields fields, CancellationToken cancellationToken) => writer.RunAsync<ApplicationEntitlement>(
        Topic.Identity,
        async () =>
        {
            var entitlement = new ApplicationEntitlement { Id = Guid.CreateVersion7(), ApplicationId = default, Name = "" };
            db.ApplicationEntitlements.Add(entitlement);
            return await ApplyAsync(entitlement, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, EntitlementFields fields, CancellationToken cancellationToken) => writer.RunAsync<ApplicationEntitlement>(
        Topic.Identity,
        async () => await db.ApplicationEntitlements.SingleOrDefaultAsync(e => e.Id == id, cancellationToken) is { } entitlement
            ? await ApplyAsync(entitlement, fields, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(ApplicationEntitlement entitlement, EntitlementFields fields, CancellationToken cancellationToken)
    {
        entitlement.ApplicationId = fields.Application.Or(entitlement.ApplicationId);
        entitlement.Name = fields.Name.Or(entitlement.Name);
        entitlement.AttributesJson = fields.AttributesJson.Or(entitlement.AttributesJson);
        var (id, app, name) = (entitlement.Id, entitlement.ApplicationId, entitlement.Name);
        return !await db.ProviderApplications.AnyAsync(a => a.Id == app, cancellationToken)
            ? new Result.Refused([new Fault("app", $"Invalid pk \"{app}\" - object does not exist.")])
            : await db.ApplicationEntitlements.AnyAsync(e => e.ApplicationId == app && e.Name == name && e.Id != id, cancellationToken)
            ? new Result.Taken(new Fault("non_field_errors", "The fields app, name must make a unique set."))
            : new Result.Done(entitlement);
    }
}

/// <summary>Removes a right within an application, and what is bound to it.</summary>
internal sealed class DeleteEntitlement(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<ApplicationEntitlement>(
        Topic.Identity,
        async () =>
        {
            if (await db.ApplicationEntitlements.SingleOrDefaultAsync(e => e.Id == id, cancellationToken) is not { } entitlement)
            {
                return new Result.Missing();
            }

            await db.UnbindAsync([id], cancellationToken);
            db.ApplicationEntitlements.Remove(entitlement);
            return new Result.Done(entitlement);
        },
        cancellationToken);
}
