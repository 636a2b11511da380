using System.Text.Json.Nodes;
using Gatehouse.Management.Blueprints;
using Gatehouse.Management.Flows;
using Gatehouse.Management.Http;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Hosts;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/flows/instances/ (contract §4.11).</summary>
internal sealed class Flows(FlowDirectory directory, SaveFlow save, DeleteFlow delete, ExportFlow export, PublicUrls urls)
{
    private const string Root = "/flows/instances/";

    private static readonly Ordering<Flow> Orders = new(
        ("slug", f => f.Slug), ("name", f => f.Name), ("title", f => f.Title), ("designation", f => f.Designation), ("pk", f => f.Id));

    public static void Map(ApiRoutes routes) => routes
        .Get<Flows>(Root, Need.Superuser, (f, r) => f.ListAsync(r))
        .Post<Flows>(Root, Need.Superuser, (f, r) => f.CreateAsync(r))
        .Get<Flows>(Root + "{slug}/", Need.Superuser, (f, r) => f.RetrieveAsync(r, FlowBody.Of))
        .Put<Flows>(Root + "{slug}/", Need.Superuser, (f, r) => f.UpdateAsync(r, isPartial: false))
        .Patch<Flows>(Root + "{slug}/", Need.Superuser, (f, r) => f.UpdateAsync(r, isPartial: true))
        .Delete<Flows>(Root + "{slug}/", Need.Superuser, (f, r) => f.DeleteAsync(r))
        .Get<Flows>(Root + "{slug}/diagram/", Need.Superuser, (f, r) => f.RetrieveAsync(r, flow => new JsonObject { ["diagram"] = FlowDiagram.Of(flow) }))
        .Get<Flows>(Root + "{slug}/export/", Need.Superuser, (f, r) => f.ExportAsync(r))
        .Get<Flows>(Root + "{slug}/execute/", Need.Superuser, (f, r) => f.ExecuteAsync(r))
        .Post<Flows>(Root + "cache_clear/", Need.Superuser, (_, _) => Task.FromResult(Answer.NoContent())) // plans are read fresh each time
        .Get<Flows>(Root + "cache_info/", Need.Superuser, (_, _) => Task.FromResult(Answer.Ok(new JsonObject { ["count"] = 0 })));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var filter = new FlowFilter
        {
            Slug = query.Text("slug"),
            Name = query.Text("name"),
            Designation = query.Text("designation"),
            DeniedAction = query.Text("denied_action"),
            Id = query.Id("flow_uuid"),
            Search = query.Search,
        };
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.ListAsync(filter, order, paging, request.Aborted), FlowBody.Of);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request, Func<Flow, JsonObject> body) =>
        Answer.OneOf(await directory.FindAsync(request.Route("slug"), request.Aborted), "Flow", body);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("name", "slug", "title", "designation");
        var fields = FlowBody.Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Aborted), "Flow", flow => SavedAsync(201, flow.Slug, request));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("name", "slug", "title", "designation");
        }

        var fields = FlowBody.Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(request.Route("slug"), fields, request.Aborted), "Flow", flow => SavedAsync(200, flow.Slug, request));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) =>
        await Answer.OfAsync(await delete.RunAsync(request.Route("slug"), request.Aborted), "Flow", _ => Task.FromResult(Answer.NoContent()));

    private async Task<IResult> ExportAsync(ApiRequest request)
    {
        var slug = request.Route("slug");
        try
        {
            return await export.RunAsync(slug, request.Aborted) is { } text ? new FileDownload(text, "application/yaml", slug + ".yaml") : Answer.NotFound("Flow");
        }
        catch (BlueprintFaultException fault)
        {
            return new JsonAnswer(400, new JsonObject { ["non_field_errors"] = new JsonArray(fault.Message) });
        }
    }

    // A browser has to open it: what it asks of who opens it is judged there.
    private async Task<IResult> ExecuteAsync(ApiRequest request) => await directory.FindAsync(request.Route("slug"), request.Aborted) switch
    {
        null => Answer.NotFound("Flow"),
        { Authentication: "require_redirect" or "require_outpost" or "require_token" } => new JsonAnswer(400, new JsonObject { ["non_field_errors"] = "Flow not applicable to current user." }),
        { } flow => Answer.Ok(new JsonObject { ["link"] = $"{urls.Identity}/if/flow/{flow.Slug}/" }),
    };

    private async Task<IResult> SavedAsync(int status, string slug, ApiRequest request) =>
        await directory.FindAsync(slug, request.Aborted) is { } flow ? new JsonAnswer(status, FlowBody.Of(flow)) : Answer.NotFound("Flow");
}
