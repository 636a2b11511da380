using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Providers.RegistrationRule>;

namespace Gatehouse.Management.Providers;

/// <summary>What a caller says about a registration rule. Absent fields stay as they are.</summary>
internal sealed class RegistrationFields
{
    public Maybe<int> Provider { get; init; }

    public Maybe<string> ApplicationGroup { get; init; }

    public Maybe<Guid?> AuthorizationFlow { get; init; }

    public Maybe<Guid?> InvalidationFlow { get; init; }

    public Maybe<List<Guid>> ScopeMappings { get; init; }

    public Maybe<string> AccessTokenValidity { get; init; }

    public Maybe<string> RefreshTokenValidity { get; init; }

    public Maybe<List<string>> AllowedGrantTypes { get; init; }

    public Maybe<string> PolicyEngineMode { get; init; }

    /// <summary>Puts the fields into <paramref name="rule"/>.</summary>
    public void ApplyTo(RegistrationRule rule)
    {
        rule.ProviderId = Provider.Or(rule.ProviderId);
        rule.ApplicationGroup = ApplicationGroup.Or(rule.ApplicationGroup);
        rule.AuthorizationFlowId = AuthorizationFlow.Or(rule.AuthorizationFlowId);
        rule.InvalidationFlowId = InvalidationFlow.Or(rule.InvalidationFlowId);
        rule.ScopeMappingIds = ScopeMappings.Or(rule.ScopeMappingIds);
        rule.AccessTokenValidity = AccessTokenValidity.Or(rule.AccessTokenValidity);
        rule.RefreshTokenValidity = RefreshTokenValidity.Or(rule.RefreshTokenValidity);
        rule.AllowedGrantTypes = AllowedGrantTypes.Or(rule.AllowedGrantTypes);
        rule.PolicyEngineMode = PolicyEngineMode.Or(rule.PolicyEngineMode);
    }
}

/// <summary>Reads, adds, changes and removes the rules by which clients register themselves (RFC 7591).</summary>
internal sealed class RegistrationRules(GatehouseDb db, Writer writer)
{
    public Task<RegistrationRule?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        db.RegistrationRules.AsNoTracking().SingleOrDefaultAsync(r => r.Id == id, cancellationToken);

    public Task<Slice<RegistrationRule>> ListAsync(int? providerId, Func<IQueryable<RegistrationRule>, IQueryable<RegistrationRule>> order, Paging paging, CancellationToken cancellationToken) =>
        order(db.RegistrationRules.AsNoTracking().Where(r => providerId == null || r.ProviderId == providerId)).SliceAsync(paging, cancellationToken);

    public Task<Result> CreateAsync(RegistrationFields fields, CancellationToken cancellationToken) => writer.RunAsync<RegistrationRule>(
        Topic.Identity,
        async () =>
        {
            var rule = new RegistrationRule { Id = Guid.CreateVersion7(), ProviderId = 0 };
            db.RegistrationRules.Add(rule);
            return await ApplyAsync(rule, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, RegistrationFields fields, CancellationToken cancellationToken) => writer.RunAsync<RegistrationRule>(
        Topic.Identity,
        async () => await db.RegistrationRules.SingleOrDefaultAsync(r => r.Id == id, cancellationToken) is { } rule
            ? await ApplyAsync(rule, fields, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    public Task<Result> DeleteAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<RegistrationRule>(
        Topic.Identity,
        async () =>
        {
            if (await db.RegistrationRules.SingleOrDefaultAsync(r => r.Id == id, cancellationToken) is not { } rule)
            {
                return new Result.Missing();
            }

            db.PolicyBindings.RemoveRange(await db.PolicyBindings.Where(b => b.TargetId == rule.Id).ToListAsync(cancellationToken));
            db.RegistrationRules.Remove(rule);
            return new Result.Done(rule);
        },
        cancellationToken);

    private async Task<Result> ApplyAsync(RegistrationRule rule, RegistrationFields fields, CancellationToken cancellationToken)
    {
        fields.ApplyTo(rule);
        var faults = await FaultsAsync(rule, cancellationToken);
        return faults.Count > 0 ? new Result.Refused(faults)
            : await db.RegistrationRules.AnyAsync(r => r.ProviderId == rule.ProviderId && r.Id != rule.Id, cancellationToken)
            ? new Result.Taken(new Fault("provider", "This provider has a registration rule already."))
            : new Result.Done(rule);
    }

    private async Task<List<Fault>> FaultsAsync(RegistrationRule rule, CancellationToken cancellationToken)
    {
        List<Fault> faults = [];
        if (!await db.Providers.AnyAsync(p => p.Id == rule.ProviderId, cancellationToken))
        {
            faults.Add(Missing("provider", rule.ProviderId));
        }

        var flows = await db.Flows.Where(f => f.Id == rule.AuthorizationFlowId || f.Id == rule.InvalidationFlowId).Select(f => f.Id).ToListAsync(cancellationToken);
        foreach (var (name, id) in (ReadOnlySpan<(string, Guid?)>)[("override_authorization_flow", rule.AuthorizationFlowId), ("override_invalidation_flow", rule.InvalidationFlowId)])
        {
            if (id is { } wanted && !flows.Contains(wanted))
            {
                faults.Add(Missing(name, wanted));
            }
        }

        var mappings = await db.ScopeMappings.Where(m => rule.ScopeMappingIds.Contains(m.Id)).Select(m => m.Id).ToListAsync(cancellationToken);
        faults.AddRange(rule.ScopeMappingIds.Except(mappings).Select(m => Missing("override_property_mappings", m)));
        faults.AddRange(rule.AllowedGrantTypes.Where(g => !ProviderFields.KnownGrantTypes.Contains(g)).Select(g => new Fault("allowed_grant_types", $"\"{g}\" is not a valid choice.")));
        foreach (var (name, text) in (ReadOnlySpan<(string, string)>)[("access_token_validity", rule.AccessTokenValidity), ("refresh_token_validity", rule.RefreshTokenValidity)])
        {
            if (!ValidityPeriod.TryParse(text, out _))
            {
                faults.Add(new Fault(name, $"{text} is not in the correct format of 'hours=3;minutes=1'."));
            }
        }

        return faults;

        static Fault Missing(string name, object id) => new(name, $"Invalid pk \"{id}\" - object does not exist.");
    }
}
