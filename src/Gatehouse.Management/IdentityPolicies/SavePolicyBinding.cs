using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Bindings.PolicyBinding>;

namespace Gatehouse.Management.IdentityPolicies;

/// <summary>Adds a binding, or changes one.</summary>
internal sealed class SavePolicyBinding(GatehouseDb db, Writer writer, IEnumerable<IBindingTarget> targets)
{
    private const int LongestTimeout = 86_400;

    public Task<Result> CreateAsync(BindingFields fields, CancellationToken cancellationToken) => writer.RunAsync<PolicyBinding>(
        Topic.Identity,
        async () =>
        {
            var binding = new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = fields.Target.Or(default), Order = 0 };
            db.PolicyBindings.Add(binding);
            return Ended(binding, [.. await ApplyAsync(binding, fields, cancellationToken), .. await TargetFaultsAsync(binding, cancellationToken)]);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, BindingFields fields, CancellationToken cancellationToken) => writer.RunAsync<PolicyBinding>(
        Topic.Identity,
        async () => await db.PolicyBindings.SingleOrDefaultAsync(b => b.Id == id, cancellationToken) is { } binding
            ? Ended(binding, [.. await ApplyAsync(binding, fields, cancellationToken), .. await TargetFaultsAsync(binding, cancellationToken)])
            : new Result.Missing(),
        cancellationToken);

    /// <summary>Puts the fields into <paramref name="binding"/>; what is wrong with them, but for the target.</summary>
    public async Task<IReadOnlyList<Fault>> ApplyAsync(PolicyBinding binding, BindingFields fields, CancellationToken cancellationToken)
    {
        binding.TargetId = fields.Target.Or(binding.TargetId);
        binding.PolicyId = fields.Policy.Or(binding.PolicyId);
        binding.GroupId = fields.Group.Or(binding.GroupId);
        binding.UserId = fields.User.Or(binding.UserId);
        binding.Order = fields.Order.Or(binding.Order);
        binding.IsEnabled = fields.IsEnabled.Or(binding.IsEnabled);
        binding.IsNegated = fields.IsNegated.Or(binding.IsNegated);
        binding.Timeout = fields.Timeout.Or(binding.Timeout);
        binding.FailureResult = fields.FailureResult.Or(binding.FailureResult);

        List<Fault> faults = [];
        var named = (binding.PolicyId is null ? 0 : 1) + (binding.GroupId is null ? 0 : 1) + (binding.UserId is null ? 0 : 1);
        if (named != 1)
        {
            faults.Add(new Fault("non_field_errors", named == 0 ? "One of 'policy', 'group' or 'user' must be set." : "Only one of 'policy', 'group' or 'user' can be set."));
        }

        if (binding.Timeout is < 0 or > LongestTimeout)
        {
            faults.Add(new Fault("timeout", $"Ensure this value is from 0 to {LongestTimeout}."));
        }

        await KnownAsync(binding, faults, cancellationToken);
        return faults;
    }

    private async Task KnownAsync(PolicyBinding binding, List<Fault> faults, CancellationToken cancellationToken)
    {
        if (binding.PolicyId is { } policy && !await db.IdentityPolicies.AnyAsync(p => p.Id == policy, cancellationToken))
        {
            faults.Add(Unknown("policy", policy));
        }

        if (binding.GroupId is { } group && !await db.Groups.AnyAsync(g => g.Id == group, cancellationToken))
        {
            faults.Add(Unknown("group", group));
        }

        if (binding.UserId is { } user && !await db.Users.AnyAsync(u => u.Id == user, cancellationToken))
        {
            faults.Add(Unknown("user", user));
        }
    }

    private async Task<IReadOnlyList<Fault>> TargetFaultsAsync(PolicyBinding binding, CancellationToken cancellationToken)
    {
        if (binding.PolicyId is not null && await db.ApplicationEntitlements.AnyAsync(e => e.Id == binding.TargetId, cancellationToken))
        {
            return [new Fault("policy", "Entitlements are held by groups and users; a policy bound to one would never be asked.")];
        }

        foreach (var target in targets)
        {
            if (await target.HoldsAsync(binding.TargetId, cancellationToken))
            {
                return binding.PolicyId is not null && await db.PolicyBindings.AnyAsync(
                    b => b.Id != binding.Id && b.TargetId == binding.TargetId && b.PolicyId == binding.PolicyId && b.Order == binding.Order, cancellationToken)
                    ? [new Fault("non_field_errors", "The fields policy, target, order must make a unique set.")]
                    : [];
            }
        }

        return [Unknown("target", binding.TargetId)];
    }

    private static Fault Unknown(string field, object id) => new(field, $"Invalid pk \"{id}\" - object does not exist.");

    private static Result Ended(PolicyBinding binding, IReadOnlyList<Fault> faults) => faults.Count > 0 ? new Result.Refused(faults) : new Result.Done(binding);
}
