using System.Diagnostics;
using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Management.Providers;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Providers.ProviderApplication>;

namespace Gatehouse.Management.Applications;

/// <summary>Makes an application with its provider and its bindings: all of it, or nothing.</summary>
internal sealed class LayApplication(GatehouseDb db, Writer writer, SaveApplication applications, SaveProvider providers, SavePolicyBinding bindings)
{
    // What the wizard preselects: without them a token says nothing about the person.
    private static readonly string?[] UsualMappings = [ScopeNames.ManagedOpenId, ScopeNames.ManagedEmail, ScopeNames.ManagedProfile];

    public Task<Result> RunAsync(ApplicationFields application, ProviderFields provider, IReadOnlyList<BindingFields> bound, CancellationToken cancellationToken) =>
        writer.RunAsync<ProviderApplication>(Topic.Identity, () => PrepareAsync(application, provider, bound, cancellationToken), cancellationToken);

    private async Task<Result> PrepareAsync(
        ApplicationFields applicationFields, ProviderFields providerFields, IReadOnlyList<BindingFields> bound, CancellationToken cancellationToken)
    {
        List<Fault> faults = [];
        var provider = Keep(await providers.PrepareAsync(providerFields, cancellationToken), "provider.", faults);
        var application = Keep(await applications.PrepareAsync(applicationFields, cancellationToken), "app.", faults);
        foreach (var (index, fields) in bound.Index())
        {
            var binding = new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = application?.Id ?? default, Order = 0 };
            db.PolicyBindings.Add(binding);
            faults.AddRange((await bindings.ApplyAsync(binding, fields, cancellationToken)).Select(f => f with { Field = $"policy_bindings.{index}.{f.Field}" }));
        }

        if (provider is null || application is null || faults.Count > 0)
        {
            return new Result.Refused(faults);
        }

        if (!providerFields.ScopeMappings.IsGiven)
        {
            provider.ScopeMappingIds = await db.ScopeMappings.Where(m => UsualMappings.Contains(m.Managed)).OrderBy(m => m.ScopeName).Select(m => m.Id).ToListAsync(cancellationToken);
        }

        // The provider's key is made by the database when both are saved; until then both hold the same stand-in.
        var reference = db.Entry(application).Property(a => a.ProviderId);
        reference.CurrentValue = db.Entry(provider).Property(p => p.Id).CurrentValue;
        reference.IsTemporary = true;
        return new Result.Done(application);
    }

    private static T? Keep<T>(WriteResult<T> prepared, string part, List<Fault> faults)
        where T : class
    {
        switch (prepared)
        {
            case WriteResult<T>.Done done:
                return done.Value;
            case WriteResult<T>.Refused refused:
                faults.AddRange(refused.Faults.Select(f => f with { Field = part + f.Field }));
                return null;
            case WriteResult<T>.Taken taken:
                faults.Add(taken.Fault with { Field = part + taken.Fault.Field });
                return null;
            default:
                throw new UnreachableException();
        }
    }
}
