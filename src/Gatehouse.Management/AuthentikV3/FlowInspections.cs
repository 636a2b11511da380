using System.Text.Json.Nodes;
using Gatehouse.Management.Flows;
using Gatehouse.Management.Http;
using Gatehouse.Management.Stages;
using Gatehouse.Web.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/flows/inspector/&lt;slug&gt;/ (contract §4.11): where the run of the administrator's own browser stands.</summary>
internal sealed class FlowInspections(FlowDirectory flows, BindingDirectory bindings, StageDirectory stages)
{
    private const string Model = "Flow";

    public static void Map(ApiRoutes routes) => routes.Get<FlowInspections>("/flows/inspector/{slug}/", Need.User, (f, r) => f.LookAsync(r));

    // For others there is nothing to see, not even whether the flow exists.
    private async Task<IResult> LookAsync(ApiRequest request)
    {
        var slug = request.Route("slug");
        if (!request.Caller.IsSuperuser || request.Caller.Original is not null || await flows.FindAsync(slug, request.Aborted) is null)
        {
            return Answer.NotFound(Model);
        }

        // Two tabs with different queries are two runs, so the executor's parameter names the run here too.
        return request.Http.RequestServices.GetService<IFlowRuns>() is { } runs
            && await runs.FindAsync(request.Http, slug, request.Query["query"] is [{ } query] ? query : "", request.Aborted) is { } progress
            ? Answer.Ok(new JsonObject
            {
                ["plans"] = await HistoryAsync(progress, request.Aborted),
                ["current_plan"] = await PlanAsync(progress, request.Aborted),
                ["is_completed"] = false,
            })
            : Answer.Detail(400, "No flow plan in session.");
    }

    private async Task<JsonArray> HistoryAsync(FlowProgress progress, CancellationToken cancellationToken)
    {
        var plans = new JsonArray();
        foreach (var earlier in progress.History)
        {
            plans.Add(await PlanAsync(earlier, cancellationToken));
        }

        return plans;
    }

    private async Task<JsonObject> PlanAsync(FlowProgress progress, CancellationToken cancellationToken) => new()
    {
        ["current_stage"] = await StageAsync(progress.Remaining[0], cancellationToken),
        ["next_planned_stage"] = progress.Remaining.Count > 1 ? await StageAsync(progress.Remaining[1], cancellationToken) : null,
        ["plan_context"] = progress.Context,
        ["session_id"] = progress.SessionId,
    };

    private async Task<JsonObject?> StageAsync(Guid id, CancellationToken cancellationToken) =>
        await bindings.FindAsync(id, cancellationToken) is { Stage: { } stage } binding
            ? FlowBody.Of(binding, StageBody.Plain((await stages.DescribeAsync([stage], cancellationToken))[0]))
            : null;
}
