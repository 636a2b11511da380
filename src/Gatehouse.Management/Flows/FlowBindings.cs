using Gatehouse.Management.Http;
using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Flows.FlowStageBinding>;

namespace Gatehouse.Management.Flows;

/// <summary>What a caller says about a binding of a stage to a flow. Absent fields stay as they are.</summary>
internal sealed class BindingFields
{
    public Maybe<Guid> Flow { get; init; }

    public Maybe<Guid> Stage { get; init; }

    public Maybe<int> Order { get; init; }

    public Maybe<bool> EvaluateOnPlan { get; init; }

    public Maybe<bool> ReEvaluatePolicies { get; init; }

    public Maybe<string> PolicyEngineMode { get; init; }

    public Maybe<string> InvalidResponseAction { get; init; }
}

/// <summary>Which bindings a list holds; null means any.</summary>
internal sealed class BindingFilter
{
    public Guid? Id { get; init; }

    public Guid? Flow { get; init; }

    public Guid? Stage { get; init; }

    public int? Order { get; init; }

    public bool? EvaluateOnPlan { get; init; }

    public bool? ReEvaluatePolicies { get; init; }

    public string? PolicyEngineMode { get; init; }

    public string? InvalidResponseAction { get; init; }

    /// <summary>Only those that one of these policies is bound to.</summary>
    public IReadOnlyList<Guid> Policies { get; init; } = [];

    public string? Search { get; init; }
}

/// <summary>Reads bindings with their stages.</summary>
internal sealed class BindingDirectory(GatehouseDb db)
{
    public Task<FlowStageBinding?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        WithStage().SingleOrDefaultAsync(b => b.Id == id, cancellationToken);

    public Task<Slice<FlowStageBinding>> ListAsync(
        BindingFilter filter, Func<IQueryable<FlowStageBinding>, IQueryable<FlowStageBinding>> order, Paging paging, CancellationToken cancellationToken)
    {
        var bindings = WithStage();
        bindings = filter.Flow is { } flow ? bindings.Where(b => b.FlowId == flow) : bindings;
        bindings = filter.Stage is { } stage ? bindings.Where(b => b.StageId == stage) : bindings;
        bindings = filter.Order is { } place ? bindings.Where(b => b.Order == place) : bindings;
        bindings = filter.Id is { } id ? bindings.Where(b => b.Id == id) : bindings;
        bindings = filter.EvaluateOnPlan is { } onPlan ? bindings.Where(b => b.EvaluateOnPlan == onPlan) : bindings;
        bindings = filter.ReEvaluatePolicies is { } again ? bindings.Where(b => b.ReEvaluatePolicies == again) : bindings;
        bindings = filter.PolicyEngineMode is { } mode ? bindings.Where(b => b.PolicyEngineMode == mode) : bindings;
        bindings = filter.InvalidResponseAction is { } action ? bindings.Where(b => b.InvalidResponseAction == action) : bindings;
        bindings = filter.Policies.Count > 0
            ? bindings.Where(b => db.PolicyBindings.Any(p => p.TargetId == b.Id && p.PolicyId != null && filter.Policies.Contains(p.PolicyId.Value))) : bindings;
        bindings = filter.Search is { Length: > 0 } text ? bindings.Search(text, b => b.Stage!.Name) : bindings; // translated to SQL: a join
        return order(bindings).SliceAsync(paging, cancellationToken);
    }

    private IQueryable<FlowStageBinding> WithStage() => db.FlowStageBindings.AsNoTracking().Include(b => b.Stage);
}

/// <summary>Puts a stage into a flow, or moves it.</summary>
internal sealed class SaveBinding(GatehouseDb db, Writer writer)
{
    public Task<Result> CreateAsync(BindingFields fields, CancellationToken cancellationToken) => writer.RunAsync<FlowStageBinding>(
        Topic.Identity,
        async () =>
        {
            var binding = new FlowStageBinding { Id = Guid.CreateVersion7(), FlowId = fields.Flow.Or(Guid.Empty), StageId = fields.Stage.Or(Guid.Empty), Order = 0 };
            db.FlowStageBindings.Add(binding);
            return await ApplyAsync(binding, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, BindingFields fields, CancellationToken cancellationToken) => writer.RunAsync<FlowStageBinding>(
        Topic.Identity,
        async () => await db.FlowStageBindings.SingleOrDefaultAsync(b => b.Id == id, cancellationToken) is { } binding
            ? await ApplyAsync(binding, fields, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(FlowStageBinding binding, BindingFields fields, CancellationToken cancellationToken)
    {
        binding.FlowId = fields.Flow.Or(binding.FlowId);
        binding.StageId = fields.Stage.Or(binding.StageId);
        binding.Order = fields.Order.Or(binding.Order);
        binding.EvaluateOnPlan = fields.EvaluateOnPlan.Or(binding.EvaluateOnPlan);
        binding.ReEvaluatePolicies = fields.ReEvaluatePolicies.Or(binding.ReEvaluatePolicies);
        binding.PolicyEngineMode = fields.PolicyEngineMode.Or(binding.PolicyEngineMode);
        binding.InvalidResponseAction = fields.InvalidResponseAction.Or(binding.InvalidResponseAction);
        List<Fault> faults = [];
        if (!await db.Flows.AnyAsync(f => f.Id == binding.FlowId, cancellationToken))
        {
            faults.Add(new Fault("target", $"Invalid pk \"{binding.FlowId}\" - object does not exist."));
        }

        if (!await db.Stages.AnyAsync(s => s.Id == binding.StageId, cancellationToken))
        {
            faults.Add(new Fault("stage", $"Invalid pk \"{binding.StageId}\" - object does not exist."));
        }

        return faults.Count > 0 ? new Result.Refused(faults)
            : await db.FlowStageBindings.AnyAsync(b => b.FlowId == binding.FlowId && b.StageId == binding.StageId && b.Order == binding.Order && b.Id != binding.Id, cancellationToken)
            ? new Result.Taken(new Fault("non_field_errors", "The fields target, stage, order must make a unique set."))
            : new Result.Done(binding);
    }
}

/// <summary>Takes a stage out of a flow.</summary>
internal sealed class DeleteBinding(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<FlowStageBinding>(
        Topic.Identity,
        async () =>
        {
            if (await db.FlowStageBindings.SingleOrDefaultAsync(b => b.Id == id, cancellationToken) is not { } binding)
            {
                return new Result.Missing();
            }

            await db.UnbindAsync([binding.Id], cancellationToken);
            db.FlowStageBindings.Remove(binding);
            return new Result.Done(binding);
        },
        cancellationToken);
}
