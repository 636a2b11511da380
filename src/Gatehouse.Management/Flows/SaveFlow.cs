using Gatehouse.Management.Http;
using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Flows.Flow>;

namespace Gatehouse.Management.Flows;

/// <summary>What a caller says about a flow. Absent fields stay as they are.</summary>
internal sealed class FlowFields
{
    public Maybe<string> Slug { get; init; }

    public Maybe<string> Name { get; init; }

    public Maybe<string> Title { get; init; }

    public Maybe<string> Designation { get; init; }

    public Maybe<string> Authentication { get; init; }

    public Maybe<string> DeniedAction { get; init; }

    public Maybe<string> Layout { get; init; }

    public Maybe<string> Background { get; init; }

    public Maybe<string> PolicyEngineMode { get; init; }

    public Maybe<bool> CompatibilityMode { get; init; }

    /// <summary>Puts the fields into <paramref name="flow"/>.</summary>
    public void ApplyTo(Flow flow)
    {
        flow.Slug = Slug.Or(flow.Slug);
        flow.Name = Name.Or(flow.Name);
        flow.Title = Title.Or(flow.Title);
        flow.Designation = Designation.Or(flow.Designation);
        flow.Authentication = Authentication.Or(flow.Authentication);
        flow.DeniedAction = DeniedAction.Or(flow.DeniedAction);
        flow.Layout = Layout.Or(flow.Layout);
        flow.Background = Background.Or(flow.Background);
        flow.PolicyEngineMode = PolicyEngineMode.Or(flow.PolicyEngineMode);
        flow.CompatibilityMode = CompatibilityMode.Or(flow.CompatibilityMode);
    }
}

/// <summary>Adds a flow, or changes one.</summary>
internal sealed class SaveFlow(GatehouseDb db, Writer writer)
{
    public Task<Result> CreateAsync(FlowFields fields, CancellationToken cancellationToken) => writer.RunAsync<Flow>(
        Topic.Identity,
        async () =>
        {
            var flow = new Flow { Id = Guid.CreateVersion7(), Slug = "", Name = "", Title = "", Designation = "" };
            db.Flows.Add(flow);
            return await ApplyAsync(flow, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(string slug, FlowFields fields, CancellationToken cancellationToken) => writer.RunAsync<Flow>(
        Topic.Identity,
        async () => await db.Flows.SingleOrDefaultAsync(f => f.Slug == slug, cancellationToken) is { } flow
            ? await ApplyAsync(flow, fields, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(Flow flow, FlowFields fields, CancellationToken cancellationToken)
    {
        fields.ApplyTo(flow);
        return flow.Slug.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')) || flow.Slug.Length == 0
            ? new Result.Refused([new Fault("slug", "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.")])
            : fields.Background.Is(out var picture) && picture.Length > 0 && !PictureUrl.IsSafeOrInline(picture)
            ? new Result.Refused([new Fault("background", "Enter an http or https URL, or a path.")])
            : await db.Flows.AnyAsync(f => f.Slug == flow.Slug && f.Id != flow.Id, cancellationToken)
            ? new Result.Taken(new Fault("slug", "flow with this slug already exists."))
            : new Result.Done(flow);
    }
}

/// <summary>Removes a flow and its bindings; the stages stay.</summary>
internal sealed class DeleteFlow(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(string slug, CancellationToken cancellationToken) => writer.RunAsync<Flow>(
        Topic.Identity,
        async () =>
        {
            if (await db.Flows.SingleOrDefaultAsync(f => f.Slug == slug, cancellationToken) is not { } flow)
            {
                return new Result.Missing();
            }

            // Without it these providers could sign nobody in or out.
            var user = await db.Providers.Where(p => p.AuthorizationFlowId == flow.Id || p.InvalidationFlowId == flow.Id).Select(p => p.Name).FirstOrDefaultAsync(cancellationToken);
            if (user is not null)
            {
                return new Result.InUse($"The provider \"{user}\" uses this flow. Give it another one first.");
            }

            await LeaveBrandsAsync(flow.Id, cancellationToken);
            await db.UnbindAsync([flow.Id], cancellationToken);
            await db.UnbindPlacesAsync(flow.Id, cancellationToken);
            db.Flows.Remove(flow);
            return new Result.Done(flow);
        },
        cancellationToken);

    private async Task LeaveBrandsAsync(Guid flow, CancellationToken cancellationToken)
    {
        foreach (var brand in await db.Brands.ToListAsync(cancellationToken))
        {
            brand.AuthenticationFlowId = Without(brand.AuthenticationFlowId);
            brand.InvalidationFlowId = Without(brand.InvalidationFlowId);
            brand.RecoveryFlowId = Without(brand.RecoveryFlowId);
            brand.UnenrollmentFlowId = Without(brand.UnenrollmentFlowId);
            brand.UserSettingsFlowId = Without(brand.UserSettingsFlowId);
            brand.DeviceCodeFlowId = Without(brand.DeviceCodeFlowId);
        }

        Guid? Without(Guid? id) => id == flow ? null : id;
    }
}
