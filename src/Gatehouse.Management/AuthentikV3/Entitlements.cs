using System.Text.Json.Nodes;
using Gatehouse.Management.Applications;
using Gatehouse.Management.Http;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/core/application_entitlements/ (contract §2.6).</summary>
internal sealed class Entitlements(EntitlementDirectory directory, SaveEntitlement save, DeleteEntitlement delete)
{
    private const string Model = "ApplicationEntitlement";
    private const string Path = "/core/application_entitlements/";

    private static readonly Ordering<ApplicationEntitlement> Orders = new(("name", e => e.Name), ("pk", e => e.Id), ("pbm_uuid", e => e.Id), ("app", e => e.ApplicationId));

    public static void Map(ApiRoutes routes) => routes
        .Get<Entitlements>(Path, Need.Superuser, (e, r) => e.ListAsync(r))
        .Post<Entitlements>(Path, Need.Superuser, (e, r) => e.CreateAsync(r))
        .Get<Entitlements>(Path + "{id}/", Need.Superuser, (e, r) => e.RetrieveAsync(r))
        .Put<Entitlements>(Path + "{id}/", Need.Superuser, (e, r) => e.UpdateAsync(r, isPartial: false))
        .Patch<Entitlements>(Path + "{id}/", Need.Superuser, (e, r) => e.UpdateAsync(r, isPartial: true))
        .Delete<Entitlements>(Path + "{id}/", Need.Superuser, (e, r) => e.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var (application, id, name, search) = (query.Id("app"), query.Id("pbm_uuid"), query.Text("name"), query.Search);
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.ListAsync(application, id, name, search, order, paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        Answer.OneOf(request.RouteGuid("id") is { } id ? await directory.FindAsync(id, request.Aborted) : null, Model, Body);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("name", "app");
        var fields = Read(body, isPartial: true);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Aborted), Model, e => Task.FromResult<IResult>(new JsonAnswer(201, Body(e))));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("name", "app");
        }

        var fields = Read(body, isPartial);
        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Model, e => Task.FromResult(Answer.Ok(Body(e))));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await delete.RunAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    // PUT gives what is left out its default.
    private static EntitlementFields Read(BodyFields body, bool isPartial) => new()
    {
        Application = body.Id("app"),
        Name = body.Text("name", 255, mayBeBlank: false),
        AttributesJson = isPartial || body.TryGet("attributes", out _) ? body.ObjectText("attributes") : "{}",
    };

    private static JsonObject Body(ApplicationEntitlement entitlement) => new()
    {
        ["pbm_uuid"] = entitlement.Id.ToString(),
        ["name"] = entitlement.Name,
        ["app"] = entitlement.ApplicationId.ToString(),
        ["attributes"] = JsonNode.Parse(entitlement.AttributesJson),
    };
}
