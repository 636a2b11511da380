using System.Text.Json.Nodes;
using Gatehouse.Management.Flows;
using Gatehouse.Management.Http;
using Gatehouse.Model.Flows;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/flows/instances/ (contract §4.11), to read.</summary>
internal sealed class Flows(FlowDirectory directory)
{
    private static readonly Ordering<Flow> Orders = new(
        ("slug", f => f.Slug), ("name", f => f.Name), ("title", f => f.Title), ("designation", f => f.Designation), ("pk", f => f.Id));

    public static void Map(ApiRoutes routes) => routes
        .Get<Flows>("/flows/instances/", Need.Superuser, (f, r) => f.ListAsync(r))
        .Get<Flows>("/flows/instances/{slug}/", Need.Superuser, (f, r) => f.RetrieveAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        query.NotSupported("denied_action");
        var filter = new FlowFilter
        {
            Slug = query.Text("slug"),
            Name = query.Text("name"),
            Designation = query.Text("designation"),
            Id = query.Id("flow_uuid"),
            Search = query.Search,
        };
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.ListAsync(filter, order, paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        Answer.OneOf(await directory.FindAsync(request.Route("slug"), request.Aborted), "Flow", Body);

    private static JsonObject Body(Flow flow) => new()
    {
        ["pk"] = flow.Id.ToString(),
        ["policybindingmodel_ptr_id"] = flow.Id.ToString(),
        ["name"] = flow.Name,
        ["slug"] = flow.Slug,
        ["title"] = flow.Title,
        ["designation"] = flow.Designation,
        ["background"] = "",
        ["background_url"] = "",
        ["background_themed_urls"] = null,
        ["stages"] = JsonList.Of(flow.Bindings.OrderBy(b => b.Order).Select(b => b.StageId)),
        ["policies"] = new JsonArray(),
        ["cache_count"] = 0,
        ["policy_engine_mode"] = "any",
        ["compatibility_mode"] = false,
        ["export_url"] = $"/api/v3/flows/instances/{flow.Slug}/export/",
        ["layout"] = "stacked",
        ["denied_action"] = "message_continue",
        ["authentication"] = flow.Authentication,
    };
}
