using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.IdentityPolicies;

/// <summary>Applications, flows, stages in flows, brands (where rules for passwords are bound), rules for notifications and for registrations, rights within applications.</summary>
internal sealed class StoredTargets(GatehouseDb db) : IBindingTarget
{
    /// <inheritdoc/>
    public async Task<bool> HoldsAsync(Guid id, CancellationToken cancellationToken) =>
        await db.ProviderApplications.AnyAsync(a => a.Id == id, cancellationToken)
        || await db.Flows.AnyAsync(f => f.Id == id, cancellationToken)
        || await db.FlowStageBindings.AnyAsync(b => b.Id == id, cancellationToken)
        || await db.Brands.AnyAsync(b => b.Id == id, cancellationToken)
        || await db.NotificationRules.AnyAsync(r => r.Id == id, cancellationToken)
        || await db.ApplicationEntitlements.AnyAsync(e => e.Id == id, cancellationToken)
        || await db.RegistrationRules.AnyAsync(r => r.Id == id, cancellationToken);
}
